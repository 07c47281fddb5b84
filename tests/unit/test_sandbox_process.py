"""The command line of the sandbox."""

import json
import socket
from pathlib import Path

import pytest

from sandbox.__main__ import SECRET_VARIABLE, main


def fails(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(arguments) == 2
    return capsys.readouterr().err


def test_help_teaches(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    text = capsys.readouterr().out
    for taught in (
        "/load/orders",
        "/books/refunds",
        "lost_response",
        "payments.refund",
        SECRET_VARIABLE,
        "kill -9",
    ):
        assert taught in text


def test_what_is_wrong_is_said_before_anything_starts(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(SECRET_VARIABLE, raising=False)
    orders = tmp_path / "orders.jsonl"
    orders.write_text('{"order_id": "O-1"}\n')
    faults = tmp_path / "faults.json"
    faults.write_text(json.dumps([{"target": "payments.refund", "kind": "duplicate"}]))
    assert f"{orders}:1: customer_id: " in fails(capsys, "--port", "0", "--orders", str(orders))
    assert "no.jsonl" in fails(capsys, "--port", "0", "--catalog", str(tmp_path / "no.jsonl"))
    assert "coupons.issue only" in fails(capsys, "--port", "0", "--faults", str(faults))
    assert "secret" in fails(capsys, "--port", "0", "--webhook-url", "http://127.0.0.1:1/x")
    assert "now: " in fails(capsys, "--port", "0", "--now", "2026-11-20T08:00:00")
    assert "delivered_ago: " in fails(capsys, "--port", "0", "--delivered-ago", "soon")


def test_a_taken_port_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        error = fails(capsys, "--port", str(port))
    assert str(port) in error
