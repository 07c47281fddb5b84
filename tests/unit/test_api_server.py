"""The server as a process: says when it listens, and ends requests before it ends itself."""

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest

ROOT = str(Path(__file__).parents[2])
PROGRAM = """
import asyncio
from fastapi import FastAPI
from starters.process import run_process
from starters.api.server import ApiServer, listen

app = FastAPI()

@app.get("/slow")
async def slow() -> str:
    await asyncio.sleep(1)
    return "done"

listener, url = listen("127.0.0.1", 0)
run_process(lambda: asyncio.run(ApiServer(app, lambda: print(url, flush=True)).serve(sockets=[listener])))
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_server_after_its_requests(number: signal.Signals) -> None:
    with subprocess.Popen([sys.executable, "-c", PROGRAM], cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        url = process.stdout.readline().strip()
        answers: list[httpx.Response] = []
        request = threading.Thread(target=lambda: answers.append(httpx.get(f"{url}/slow", timeout=20)))
        request.start()
        time.sleep(0.3)
        process.send_signal(number)
        request.join(20)
        assert process.wait(20) == 0
    assert [answer.json() for answer in answers] == ["done"]


@pytest.mark.parametrize(
    ("ending", "code", "told"),
    [
        ("pass", 0, ""),
        ("raise SystemExit", 0, ""),
        ("raise SystemExit(2)", 2, ""),
        ("raise SystemExit('why')", 1, "why"),
        ("raise KeyboardInterrupt", 130, ""),
        ("raise KeyError('what')", 1, "KeyError: 'what'"),
    ],
)
def test_a_process_ends_with_its_code_and_all_that_it_wrote(ending: str, code: int, told: str) -> None:
    program = (
        "from starters.process import run_process\n"
        f"def work() -> None:\n    print('out')\n    {ending}\n"
        "run_process(work)"
    )
    process = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert (process.returncode, process.stdout) == (code, "out\n")
    assert told in process.stderr
