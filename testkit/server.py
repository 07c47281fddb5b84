"""The Temporal server of a test run."""

import asyncio
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from starters.connection import connect_temporal
from starters.errors import ServiceUnavailable
from starters.ports import free_ports
from starters.stack import temporal_binary

_START_SECONDS = 30.0
_TRIES = 3


class TemporalServer:
    """A development server on free ports, in memory, with time skipping."""

    def __init__(self, folder: Path, *dynamic_config: str) -> None:
        """Keep its log in a folder; `dynamic_config` are more of its own settings, each `key=value`."""
        self._folder = folder
        self._dynamic_config = dynamic_config
        self._process: subprocess.Popen[bytes] | None = None
        self.address = ""

    def start(self) -> None:
        """Start it and wait until it answers. Of the ports it needs another program may be faster to take one.

        Raises:
            RuntimeError: If it does not, with its log.
        """
        for _ in range(_TRIES):
            self._spawn()
            # The caller may run in an event loop of its own.
            with ThreadPoolExecutor(1) as thread:
                if thread.submit(asyncio.run, self._answers()).result():
                    return
            self.stop()
        raise RuntimeError(f"no Temporal server: {(self._folder / 'temporal.log').read_text()}")

    def _spawn(self) -> None:
        port, http_port, metrics_port = free_ports(3)
        self.address = f"127.0.0.1:{port}"
        with (self._folder / "temporal.log").open("wb") as log:
            self._process = subprocess.Popen(
                [
                    temporal_binary(),
                    *("server", "start-dev", "--headless", "--ip", "127.0.0.1", "--port", str(port)),
                    *("--http-port", str(http_port), "--metrics-port", str(metrics_port)),
                    *("--log-level", "error"),
                    *("--dynamic-config-value", "frontend.WorkflowTimeSkippingEnabled=true"),
                    # A skipped timer fires at once and not on the queue's next second.
                    *("--dynamic-config-value", 'history.timerProcessorMaxTimeShift="10ms"'),
                    *(word for each in self._dynamic_config for word in ("--dynamic-config-value", each)),
                ],
                stdout=log,
                stderr=log,
            )

    async def _answers(self) -> bool:
        """Wait until it answers; False if it ended or takes too long."""
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            if self._process is None or self._process.poll() is not None:
                return False
            try:
                await connect_temporal(self.address)
            except ServiceUnavailable:
                await asyncio.sleep(0.05)
            else:
                return self._process.poll() is None
        return False

    def stop(self) -> None:
        """Stop it."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
