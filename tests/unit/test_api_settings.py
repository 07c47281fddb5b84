"""The settings of the API: what it refuses to start with, and what it says then."""

import os

import pytest

from ledger.schema import migrate
from starters.api.settings import load_settings
from tests.unit.refused_starts import Ended, ends_of

GOOD = {
    "RETURNFLOW_LEDGER_URL": "sqlite:///ledger.db",
    "RETURNFLOW_CARRIER_WEBHOOK_SECRET": "a-secret-of-the-carriers",
}


def environment(monkeypatch: pytest.MonkeyPatch, values: dict[str, str]) -> None:
    for name in list(os.environ):
        if name.startswith("RETURNFLOW_"):
            monkeypatch.delenv(name)
    for name, value in values.items():
        monkeypatch.setenv(name, value)


def refusal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], values: dict[str, str]) -> str:
    environment(monkeypatch, values)
    with pytest.raises(SystemExit) as end:
        load_settings()
    assert end.value.code == 2
    return capsys.readouterr().err


def test_little_is_required(monkeypatch: pytest.MonkeyPatch) -> None:
    environment(monkeypatch, GOOD)
    settings = load_settings()
    assert (settings.api_host, settings.api_port, settings.task_queue) == ("127.0.0.1", 8000, "returnflow")
    assert settings.api_token is None


def test_blank_is_unset(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    blank = dict.fromkeys(["RETURNFLOW_API_TOKEN", "RETURNFLOW_API_PORT", "RETURNFLOW_TASK_QUEUE"], " ")
    environment(monkeypatch, {**GOOD, **blank, "RETURNFLOW_API_HOST": ""})
    assert (load_settings().api_token, load_settings().api_port) == (None, 8000)
    assert "RETURNFLOW_LEDGER_URL: is not set" in refusal(
        monkeypatch, capsys, {**GOOD, "RETURNFLOW_LEDGER_URL": "  "}
    )


def test_everything_that_is_wrong_is_named_at_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told = refusal(
        monkeypatch,
        capsys,
        {
            "RETURNFLOW_CARRIER_WEBHOOK_SECRET": "too-short",
            "RETURNFLOW_API_HOST": "0.0.0.0",
            "RETURNFLOW_API_PORT": "http",
        },
    )
    assert [line.split(":")[0].strip() for line in told.splitlines()[1:]] == [
        "RETURNFLOW_LEDGER_URL",
        "RETURNFLOW_CARRIER_WEBHOOK_SECRET",
        "RETURNFLOW_API_HOST",
        "RETURNFLOW_API_PORT",
    ]
    assert "too-short" not in told


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "returns.example.org"])
def test_only_this_machine_may_do_without_a_token(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], host: str
) -> None:
    told = refusal(monkeypatch, capsys, {**GOOD, "RETURNFLOW_API_HOST": host})
    assert "RETURNFLOW_API_TOKEN" in told
    environment(monkeypatch, {**GOOD, "RETURNFLOW_API_HOST": host, "RETURNFLOW_API_TOKEN": "a-token"})
    assert load_settings().api_host == host


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_loopback_needs_no_token(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    environment(monkeypatch, {**GOOD, "RETURNFLOW_API_HOST": host})
    assert load_settings().api_host == host


def test_a_token_must_be_sendable(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    told = refusal(monkeypatch, capsys, {**GOOD, "RETURNFLOW_API_TOKEN": "two words"})
    assert "RETURNFLOW_API_TOKEN" in told
    assert "two words" not in told


def test_secrets_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    environment(monkeypatch, {**GOOD, "RETURNFLOW_API_TOKEN": "a-token-of-the-shop"})
    shown = repr(load_settings())
    assert "a-token-of-the-shop" not in shown
    assert "a-secret-of-the-carriers" not in shown


WRONG = [
    ({"RETURNFLOW_LEDGER_URL": ""}, "RETURNFLOW_LEDGER_URL: is not set"),
    ({"RETURNFLOW_LEDGER_URL": "ledger.db"}, "RETURNFLOW_LEDGER_URL: is no database URL"),
    ({"RETURNFLOW_LEDGER_URL": "mysql://x"}, "RETURNFLOW_LEDGER_URL: the ledger runs on"),
    ({"RETURNFLOW_LEDGER_URL": "sqlite:////proc"}, "RETURNFLOW_LEDGER_URL: the database cannot"),
    ({"RETURNFLOW_LEDGER_URL": "sqlite:///empty.db"}, "RETURNFLOW_LEDGER_URL: the ledger's schema is missing"),
    ({"RETURNFLOW_API_HOST": "192.0.2.1", "RETURNFLOW_API_TOKEN": "t"}, "RETURNFLOW_API_HOST"),
    ({"RETURNFLOW_API_METRICS_ADDRESS": "127.0.0.1"}, "RETURNFLOW_API_METRICS_ADDRESS: must be an IP address"),
    (
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
        "OTEL_EXPORTER_OTLP_PROTOCOL: only http/protobuf is spoken",
    ),
    ({"TEMPORAL_ADDRESS": "127.0.0.1:1"}, "TEMPORAL_ADDRESS: No Temporal server answers at 127.0.0.1:1"),
]


@pytest.fixture(scope="module")
def ends(tmp_path_factory: pytest.TempPathFactory) -> list[Ended]:
    folder = tmp_path_factory.mktemp("api")
    migrate(f"sqlite:///{folder / 'ledger.db'}")
    variables = {**GOOD, "RETURNFLOW_API_PORT": "0"}
    return ends_of("starters.api.main", folder, [variables | change for change, _ in WRONG])


@pytest.mark.parametrize("case", range(len(WRONG)))
def test_the_process_says_what_to_mend_and_ends_with_2(case: int, ends: list[Ended]) -> None:
    ended = ends[case]
    assert ended.code == 2, ended.stderr
    assert WRONG[case][1] in ended.stderr
    assert "Traceback" not in ended.stderr
    assert ended.stdout == ""
