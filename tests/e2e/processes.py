"""Our own processes of a test: found by a mark in their environment, which every child inherits."""

import os
import time
from pathlib import Path
from uuid import uuid4

from starters.ports import free_ports

MARK = "RETURNFLOW_TEST_MARK"


def free_port() -> int:
    """A port that nothing listens on."""
    return free_ports(1)[0]


class Marked:
    """An environment with a mark of its own, and the processes that carry it."""

    def __init__(self) -> None:
        self._value = uuid4().hex
        own = {
            name: value for name, value in os.environ.items() if not name.startswith(("RETURNFLOW_", "TEMPORAL_"))
        }
        self.environment = own | {MARK: self._value}

    def alive(self) -> list[str]:
        """The command lines of the processes that carry the mark."""
        wanted = f"{MARK}={self._value}".encode()
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if wanted in (folder / "environ").read_bytes().split(b"\0"):
                    found.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode())
            except OSError:
                continue
        return [command for command in found if command.strip()]

    def gone_within(self, seconds: float) -> bool:
        """Wait for the last of them to end."""
        deadline = time.monotonic() + seconds
        while self.alive():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.1)
        return True
