"""`returns replay` over folders: what it says, in words and as JSON, and how it ends."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from starters.cli.main import app
from tests.replay.record import HISTORIES

ROOT = Path(__file__).parents[2]
PLAIN = HISTORIES / "ReturnWorkflow" / "plain_refund@0.2.0.json"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    below = tmp_path / "ReturnWorkflow"
    below.mkdir()
    shutil.copy(PLAIN, below / "good.json")
    return tmp_path


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in ("replay", *arguments)])


def break_it(folder: Path) -> None:
    text = PLAIN.read_text("utf-8").replace("carrier.book_pickup", "carrier.create_label")
    (folder / "ReturnWorkflow" / "bad.json").write_text(text)
    (folder / "notes.json").write_text('{"a": 3}')


def test_histories_that_replay(folder: Path) -> None:
    result = invoke(folder, "--jobs", 1)
    assert result.exit_code == 0, result.output
    first, last = result.output.splitlines()
    assert first == "ok          ReturnWorkflow/good.json"
    assert last.startswith("1 history in ")
    assert last.endswith(" per second): 1 ok")


def test_what_does_not_replay_is_told_and_ends_with_1(folder: Path) -> None:
    break_it(folder)
    result = invoke(folder, "--jobs", 1)
    assert result.exit_code == 1
    assert result.output.splitlines()[:5] == [
        "diverged    ReturnWorkflow/bad.json",
        "            event 13: history holds activity carrier.create_label, "
        "the code asked for activity carrier.book_pickup",
        "ok          ReturnWorkflow/good.json",
        "unreadable  notes.json",
        "            it is no history of a workflow",
    ]
    assert result.output.splitlines()[5].endswith(": 1 ok, 1 diverged, 1 unreadable")


def test_for_programs_over_processes(folder: Path) -> None:
    """In a process of its own: this one has Temporal's threads, which would not survive a fork."""
    break_it(folder)
    done = subprocess.run(
        [sys.executable, "-m", "starters.cli.main", "replay", str(folder), "--jobs", "2", "--json"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert (done.returncode, done.stderr) == (1, "")
    report: dict[str, Any] = json.loads(done.stdout)
    counts = {name: report[name] for name in ("histories", "ok", "diverged", "unreadable")}
    assert counts == {"histories": 3, "ok": 1, "diverged": 1, "unreadable": 1}
    assert report["seconds"] > 0
    assert report["per_second"] > 0
    assert report["results"][0] == {
        "name": "ReturnWorkflow/bad.json",
        "outcome": "diverged",
        "event": 13,
        "told": "history holds activity carrier.create_label, the code asked for activity carrier.book_pickup",
        "history_events": 76,
    }


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["{}/nowhere"], "is no folder"),
        (["{}/empty"], "holds no history"),
        ([], "name a folder with histories, or a --query"),
        (["{}", "--query", "x"], "and not both"),
    ],
    ids=["no folder", "an empty one", "neither", "both"],
)
def test_wrong_usage_ends_with_2(folder: Path, arguments: list[str], told: str) -> None:
    (folder / "empty").mkdir()
    result = invoke(*(argument.format(folder) for argument in arguments))
    assert result.exit_code == 2
    assert told in " ".join(result.output.replace("│", " ").split())
