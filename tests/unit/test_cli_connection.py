"""Where the command line connects to, how it starts other processes, and how its errors are told."""

import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from starters.cli.app import app
from starters.cli.running import run
from starters.cli.session import Session
from starters.client import ReturnsClient

ROOT = str(Path(__file__).parents[2])
STACK = {
    "temporal": "127.0.0.1:17233",
    "namespace": "shop",
    "task_queue": "shop-returns",
    "api_url": "http://127.0.0.1:8000",
    "sandbox_url": "http://127.0.0.1:8010",
    "ui_url": "http://127.0.0.1:8233",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith(("RETURNFLOW_", "TEMPORAL_")):
            monkeypatch.delenv(name)
    return tmp_path


@pytest.fixture
def connected(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str | None, str | None, str]]:
    calls: list[tuple[str | None, str | None, str]] = []

    async def connect(address: str | None, namespace: str | None, task_queue: str) -> Any:
        calls.append((address, namespace, task_queue))

    monkeypatch.setattr(ReturnsClient, "connect", connect)
    return calls


def write_stack(folder: Path, content: Any = STACK) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "stack.json").write_text(content if isinstance(content, str) else json.dumps(content))


async def test_without_anything_temporals_own_settings_decide(folder: Path, connected: list[Any]) -> None:
    await Session().connect()
    assert connected == [(None, None, "returnflow")]
    assert Session().sandbox_url() == ""


async def test_the_stack_of_this_folder_is_used(folder: Path, connected: list[Any]) -> None:
    write_stack(folder / ".returnflow")
    await Session().connect()
    assert connected == [("127.0.0.1:17233", "shop", "shop-returns")]
    assert Session().sandbox_url() == "http://127.0.0.1:8010"


async def test_the_stack_of_the_home_comes_first(
    folder: Path, connected: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_stack(folder / ".returnflow", {"temporal": "127.0.0.1:1"})
    write_stack(folder / "home")
    monkeypatch.setenv("RETURNFLOW_HOME", str(folder / "home"))
    await Session().connect()
    assert connected == [("127.0.0.1:17233", "shop", "shop-returns")]


async def test_what_is_said_comes_before_the_stack(
    folder: Path, connected: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_stack(folder / ".returnflow")
    await Session("temporal:7233").connect()
    await Session(None, "other", "queue").connect()
    monkeypatch.setenv("TEMPORAL_PROFILE", "production")
    await Session().connect()
    assert connected == [
        ("temporal:7233", None, "returnflow"),
        ("127.0.0.1:17233", "other", "queue"),
        (None, None, "returnflow"),
    ]


@pytest.mark.parametrize("content", ["{", "{}", "[]", '{"temporal": 1}'])
def test_a_stack_that_cannot_be_read_is_told(
    folder: Path, capsys: pytest.CaptureFixture[str], content: str
) -> None:
    write_stack(folder / ".returnflow", content)
    with pytest.raises(SystemExit) as end:
        run(app, ["status", "RMA-1"])
    assert end.value.code == 2
    assert "stack.json cannot be read" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["bogus"], ["returns: No such command 'bogus'.", "Try: returns --help"]),
        (["status"], ["returns: Missing argument 'RMA'.", "Try: returns status --help"]),
        (
            ["inspect", "RMA-1"],
            ["returns: name --accept-all, or units with --accept and --reject", "Try: returns inspect --help"],
        ),
    ],
)
def test_wrong_usage_is_told_in_two_lines(
    capsys: pytest.CaptureFixture[str], arguments: list[str], told: list[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        run(app, arguments)
    written = capsys.readouterr()
    assert (end.value.code, written.out, written.err.splitlines()) == (2, "", told)


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run(app, ["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"returnflow {version('returnflow')}\n"


def test_every_command_teaches(capsys: pytest.CaptureFixture[str]) -> None:
    commands = [command.name or "" for command in app.registered_commands]
    with pytest.raises(SystemExit) as end:
        run(app, [])
    assert end.value.code == 0
    overview = capsys.readouterr().out
    for command in commands:
        assert command in overview
    for command in ("apply", "status", "list", "review", "cancel", "act", "receive", "inspect", "scan"):
        with pytest.raises(SystemExit):
            run(app, [command, "--help"])
        assert f"returns {command} " in capsys.readouterr().out


def started(arguments: list[str], folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    program = (
        "import sys; from starters.process import run_process; from starters.cli.app import app; "
        "from starters.cli.running import run; run_process(lambda: run(app, sys.argv[1:]))"
    )
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": ROOT, **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_processes_are_started_with_their_own_arguments(tmp_path: Path) -> None:
    sandbox = started(["sandbox", "--port", "http"], tmp_path)
    assert (sandbox.returncode, sandbox.stdout) == (2, "")
    assert "argument --port: invalid int value" in sandbox.stderr
    api = started(["api"], tmp_path)
    assert (api.returncode, api.stdout) == (2, "")
    assert "RETURNFLOW_LEDGER_URL: is not set" in api.stderr
    worker = started(["worker"], tmp_path)
    assert (worker.returncode, worker.stdout) == (2, "")
    assert "RETURNFLOW_LEDGER_URL" in worker.stderr


def test_a_server_that_does_not_answer_ends_with_1_every_time(tmp_path: Path) -> None:
    for _ in range(2):
        outcome = started(["--address", "127.0.0.1:1", "status", "RMA-1"], tmp_path)
        assert (outcome.returncode, outcome.stdout) == (1, "")
        assert outcome.stderr.startswith("returns: No Temporal server answers at 127.0.0.1:1.")
        assert "Traceback" not in outcome.stderr


def test_the_help_imports_none_of_the_processes() -> None:
    program = (
        "import sys; import starters.cli.app; "
        "heavy = {'fastapi', 'uvicorn', 'sqlalchemy', 'alembic', 'temporalio.testing', 'ledger', 'workers'}; "
        "print(sorted(heavy & sys.modules.keys()))"
    )
    process = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert process.stdout == "[]\n"
