"""The ports on which the parts of a stack listen."""

import random
import socket
from dataclasses import dataclass

_CANDIDATES = range(20_000, 32_000)
"""Below what systems hand out to connections, any of which could take a port between our look and its use."""


@dataclass(frozen=True)
class Ports:
    """Where the parts listen on the loopback address; the server has two more that nothing of ours calls."""

    temporal: int
    ui: int
    sandbox: int
    api: int
    temporal_http: int
    temporal_metrics: int

    @classmethod
    def free(cls) -> "Ports":
        """Ports that nothing listens on."""
        return cls(*free_ports(6))

    @classmethod
    def preferred(cls) -> "Ports":
        """The usual ports, each replaced by a free one where something listens on it."""
        *spare, http, metrics = free_ports(6)
        temporal, ui, sandbox, api = (
            port if _is_free(port) else other for port, other in zip((7233, 8233, 8010, 8000), spare, strict=True)
        )
        return cls(temporal, ui, sandbox, api, http, metrics)


def free_ports(count: int) -> list[int]:
    """Different ports that nothing listens on.

    Raises:
        RuntimeError: If there are not so many.
    """
    found: list[int] = []
    for port in random.sample(_CANDIDATES, len(_CANDIDATES)):
        if len(found) == count:
            return found
        if _is_free(port):
            found.append(port)
    raise RuntimeError(f"fewer than {count} ports from {_CANDIDATES.start} to {_CANDIDATES.stop} are free")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
