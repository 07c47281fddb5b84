"""Running the sandbox: in this process, or in a thread of it for tests and stories."""

import logging
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import uvicorn
from fastapi import FastAPI

from sandbox.app import create_app
from sandbox.settings import SandboxSettings

# Longer than any client keeps an idle connection, so that no request meets one that is being closed.
_KEEP_ALIVE_SECONDS = 60
_SHUTDOWN_SECONDS = 2
_START_SECONDS = 20


class _Server(uvicorn.Server):
    def __init__(self, app: FastAPI, on_ready: Callable[[], None]) -> None:
        config = uvicorn.Config(
            app,
            log_config=None,
            log_level="warning",
            access_log=False,
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
        )
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._on_ready()


class _BrokenOnPurpose(logging.Filter):
    """Drops uvicorn's complaint about an answer that a fault broke off."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.msg != "ASGI callable returned without completing response."


def listen(host: str, port: int) -> tuple[socket.socket, str]:
    """Bind a socket; port 0 picks a free one.

    Returns:
        The socket and the base URL of a server on it.

    Raises:
        OSError: If the port is taken or the host is not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio turns Nagle's delay off only for sockets that name the protocol.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise OSError(error.errno, error.strerror, f"{host}:{port}") from error
    name = f"[{host}]" if ":" in host else host
    return listener, f"http://{name}:{listener.getsockname()[1]}"


def serve(app: FastAPI, listener: socket.socket, on_ready: Callable[[], None]) -> None:
    """Serve until SIGINT or SIGTERM; `on_ready` is called when requests are answered."""
    _quieten()
    # uvicorn raises the signal again once it has shut down.
    with suppress(KeyboardInterrupt):
        _Server(app, on_ready).run(sockets=[listener])


@contextmanager
def running_sandbox(
    settings: SandboxSettings | None = None, host: str = "127.0.0.1", port: int = 0
) -> Iterator[str]:
    """Run a sandbox on real sockets in a thread of this process.

    Yields:
        Its base URL, once it answers.

    Raises:
        LoadError, JournalError, OSError: If it cannot start.
    """
    _quieten()
    listener, url = listen(host, port)
    try:
        app = create_app(settings or SandboxSettings())
    except BaseException:
        listener.close()
        raise
    ready = threading.Event()
    server = _Server(app, ready.set)
    thread = threading.Thread(target=server.run, args=([listener],), name="sandbox", daemon=True)
    thread.start()
    try:
        if not ready.wait(_START_SECONDS):
            raise RuntimeError("the sandbox did not start in time")
        yield url
    finally:
        server.should_exit = True
        thread.join(_START_SECONDS)
        listener.close()


def _quieten() -> None:
    logger = logging.getLogger("uvicorn.error")
    if not any(isinstance(each, _BrokenOnPurpose) for each in logger.filters):
        logger.addFilter(_BrokenOnPurpose())
