"""The parts of a production set-up as processes on this machine, each started by the command of its container."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from starters.stack import temporal_binary

RETURNS = str(Path(sys.executable).with_name("returns"))
_START_SECONDS = 60.0
_STOP_SECONDS = 10.0


class Parts:
    """Starts parts by name, waits until they are ready, kills them, and stops what is left."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self._folder = folder
        self._environment = environment
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._commands: dict[str, tuple[list[str], dict[str, str], Callable[[], bool]]] = {}

    def start_temporal(self, port: int) -> None:
        """Start Temporal's development server over a file."""
        command = [temporal_binary(), "server", "start-dev", "--headless", "--log-level", "error"]
        command += ["--ip", "127.0.0.1", "--port", str(port), "--db-filename", str(self._folder / "temporal.db")]
        self.start("temporal", command, ready=lambda: _accepts(port))

    def start_worker(self, name: str, roles: str) -> None:
        """Start a worker that does what its roles say."""
        more = {"RETURNFLOW_WORKER_ROLES": roles}
        self.start(name, [RETURNS, "worker"], more, ready=lambda: "worker_ready" in self.log(name))

    def start_server(self, name: str, *arguments: str, probe: str) -> None:
        """Start a command of ours that answers HTTP requests."""
        self.start(name, [RETURNS, *arguments], ready=lambda: _answers(probe))

    def start(
        self, name: str, command: list[str], more: dict[str, str] | None = None, *, ready: Callable[[], bool]
    ) -> None:
        """Start a part; it is ready when `await_all` says so."""
        self._commands[name] = (command, more or {}, ready)
        (self._folder / f"{name}.log").unlink(missing_ok=True)
        with (self._folder / f"{name}.log").open("wb") as log:
            self._running[name] = subprocess.Popen(
                command, cwd=self._folder, env=self._environment | (more or {}), stdout=log, stderr=log
            )

    def await_all(self) -> None:
        """Wait until everything that was started is ready."""
        deadline = time.monotonic() + _START_SECONDS
        for name, process in self._running.items():
            *_, ready = self._commands[name]
            while not ready():
                assert process.poll() is None, f"{name} ended: {self.log(name)}"
                assert time.monotonic() < deadline, f"{name} is not ready: {self.log(name)}"
                time.sleep(0.05)

    def run(self, *arguments: str) -> str:
        """Run a command of ours to its end; what it says."""
        done = subprocess.run(
            [RETURNS, *arguments], cwd=self._folder, env=self._environment, capture_output=True, timeout=60
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()

    def kill(self, name: str) -> None:
        """End a part as a crash would."""
        process = self._running.pop(name)
        os.kill(process.pid, signal.SIGKILL)
        process.wait(_STOP_SECONDS)

    def start_again(self, *names: str) -> None:
        """Start parts that were killed, as their supervisor would, and wait until they are ready."""
        for name in names:
            command, more, ready = self._commands[name]
            self.start(name, command, more, ready=ready)
        self.await_all()

    def stop(self) -> None:
        """Stop what still runs."""
        for process in self._running.values():
            process.terminate()
        for process in self._running.values():
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()

    def log(self, name: str) -> str:
        """What a part wrote."""
        return (self._folder / f"{name}.log").read_text("utf-8", errors="replace")


def _accepts(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2).is_success
    except httpx.HTTPError:
        return False
