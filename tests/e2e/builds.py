"""Builds of the code for tests: copies of this tree with a small change, each run as a worker of its own."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from starters.stack import Stack

ROOT = Path(__file__).parents[2]
_STOP_SECONDS = 10
_REPLAY = """
import asyncio, sys
from pathlib import Path
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer
from workers.registry import REPLAY_RUNNER, WORKFLOWS

async def replay():
    replayer = Replayer(
        workflows=WORKFLOWS, workflow_runner=REPLAY_RUNNER, data_converter=pydantic_data_converter
    )
    for file in sorted(Path(sys.argv[1]).glob("*.json")):
        await replayer.replay_workflow(WorkflowHistory.from_json(file.stem, file.read_text("utf-8")))

asyncio.run(replay())
"""


class Build:
    """A copy of the code in which one text of one file is another."""

    def __init__(self, folder: Path, build_id: str, file: str, text: str, instead: str) -> None:
        self.build_id = build_id
        self._folder = folder / build_id
        for package in ROOT.glob("*/__init__.py"):
            if package.parent.name != "tests":
                shutil.copytree(package.parent, self._folder / package.parent.name)
        source = (self._folder / file).read_text("utf-8")
        assert source.count(text) == 1, f"{file} does not have it once: {text}"
        (self._folder / file).write_text(source.replace(text, instead), encoding="utf-8")
        self._log = folder / f"worker-{build_id}.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, stack: Stack, marked: dict[str, str]) -> None:
        """Start a worker of this build on the stack, with versioning."""
        settings = {
            "TEMPORAL_ADDRESS": stack.address,
            "TEMPORAL_NAMESPACE": "default",
            "RETURNFLOW_TASK_QUEUE": stack.task_queue,
            "RETURNFLOW_LEDGER_URL": stack.ledger_url,
            "RETURNFLOW_PROVIDERS_URL": stack.sandbox_url,
            "RETURNFLOW_WORKER_VERSIONING": "true",
            "RETURNFLOW_BUILD_ID": self.build_id,
        }
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "workers.main"],
                cwd=self._folder,
                env=os.environ | marked | settings | {"PYTHONPATH": str(self._folder)},
                stdout=log,
                stderr=log,
            )

    def stop(self) -> None:
        """Stop its worker."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()

    def log(self) -> str:
        """What its worker wrote."""
        return self._log.read_text("utf-8", errors="replace")

    def has_logged(self, text: str, seconds: float = 30) -> bool:
        """Wait until its worker has written a text."""
        deadline = time.monotonic() + seconds
        while text not in self.log():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.1)
        return True

    def replay(self, histories: Path) -> str:
        """Replay every history of a folder on this build's code; what went wrong, or nothing."""
        done = subprocess.run(
            [sys.executable, "-c", _REPLAY, str(histories)],
            cwd=self._folder,
            env=os.environ | {"PYTHONPATH": str(self._folder)},
            capture_output=True,
            text=True,
            timeout=60,
        )
        return done.stderr if done.returncode else ""
