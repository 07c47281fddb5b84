"""`returns up`: what was accepted outlives a kill of the whole stack, and goes on where it was."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.processes import Marked, free_port

RETURNS = str(Path(sys.executable).with_name("returns"))
_START_SECONDS = 60.0


@contextmanager
def up(marked: Marked, folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """The stack in a folder, once it has written down where it is."""
    process = subprocess.Popen(
        [RETURNS, "up"], cwd=folder, env=marked.environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    addresses = folder / ".returnflow" / "stack.json"
    deadline = time.monotonic() + _START_SECONDS
    while not addresses.exists():
        assert process.poll() is None, process.stderr and process.stderr.read()
        assert time.monotonic() < deadline, "the stack did not start"
        time.sleep(0.1)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)


def returns(marked: Marked, folder: Path, *arguments: str) -> Any:
    """Run a command as a user would, in the folder of the stack."""
    answer = subprocess.run(
        [RETURNS, *arguments, "--json"], cwd=folder, env=marked.environment, capture_output=True, timeout=60
    )
    assert answer.returncode == 0, answer.stderr.decode()
    return json.loads(answer.stdout)


def wait_for(folder: Path, rma_id: str, **wanted: str) -> dict[str, Any]:
    """Wait until the API says so."""
    api = json.loads((folder / ".returnflow" / "stack.json").read_text())["api_url"]
    deadline = time.monotonic() + 30
    while True:
        status: dict[str, Any] = httpx.get(f"{api}/v1/returns/{rma_id}").raise_for_status().json()
        if all(status[name] == value for name, value in wanted.items()):
            return status
        assert time.monotonic() < deadline, status
        time.sleep(0.2)


@pytest.mark.deep  # A short run of chaos kills every part before each landing.
def test_a_return_outlives_a_kill_of_everything(tmp_path: Path) -> None:
    marked = Marked()
    metrics = f"127.0.0.1:{free_port()}"
    marked.environment["RETURNFLOW_METRICS_ADDRESS"] = metrics
    with up(marked, tmp_path) as process:
        asked = ("--order", "CN-1007", "--customer", "C-105", "--line", "EARBUDS-BLACK", "--condition", "unopened")
        decision = returns(marked, tmp_path, "apply", *asked, "--request-id", "R-1")
        rma_id = decision["rma_id"]
        wait_for(tmp_path, rma_id, logistics="PICKUP_BOOKED")
        os.kill(process.pid, signal.SIGKILL)
        process.wait(10)
    assert marked.gone_within(15), marked.alive()
    (tmp_path / ".returnflow" / "stack.json").unlink()

    with up(marked, tmp_path):
        assert returns(marked, tmp_path, "apply", *asked, "--request-id", "R-1")["rma_id"] == rma_id
        for kind in ("picked_up", "delivered"):
            returns(marked, tmp_path, "scan", rma_id, kind)
        wait_for(tmp_path, rma_id, logistics="DELIVERED")
        returns(marked, tmp_path, "receive", rma_id)
        returns(marked, tmp_path, "inspect", rma_id, "--accept-all")
        wait_for(tmp_path, rma_id, header="COMPLETED")
        status = returns(marked, tmp_path, "status", rma_id)
        assert [(paid["amount_minor"], paid["method_id"]) for paid in status["payments"]] == [(39900, "CARD-105")]
        assert 'returnflow_returns_closed_total{header="COMPLETED"' in httpx.get(f"http://{metrics}/metrics").text
    assert marked.gone_within(15), marked.alive()
    for line in (tmp_path / ".returnflow" / "logs" / "worker.log").read_text("utf-8").splitlines():
        assert {"event", "level", "timestamp"} <= set(json.loads(line))
