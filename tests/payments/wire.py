"""HTTP on bare sockets, one request per connection, so that a test decides about every byte and every reset."""

import asyncio
import json
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Request:
    """A request as it came."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        """Without what is asked for."""
        return urlsplit(self.target).path

    @property
    def asked(self) -> dict[str, str]:
        """What stands behind the path."""
        return dict(parse_qsl(urlsplit(self.target).query))

    @property
    def form(self) -> dict[str, str]:
        """The fields of the form that it carries."""
        return dict(parse_qsl(self.body.decode()))

    def raw(self) -> bytes:
        """The bytes to send it on with, over a connection of its own."""
        kept = {name: value for name, value in self.headers.items() if name != "connection"}
        lines = [f"{self.method} {self.target} HTTP/1.1", *(f"{name}: {value}" for name, value in kept.items())]
        return "\r\n".join([*lines, "connection: close"]).encode() + b"\r\n\r\n" + self.body


def reply(status: int, body: bytes | dict[str, Any], **headers: str) -> bytes:
    """The bytes of an answer."""
    kind = "text/html" if isinstance(body, bytes) else "application/json"
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = {"Content-Type": kind, "Content-Length": str(len(content)), "Connection": "close"}
    head |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"HTTP/1.1 {status} -", *(f"{name}: {value}" for name, value in head.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


Answer = Callable[[Request], Awaitable[bytes | None]]
"""Gives the bytes of an answer; None to hang up without one."""


@asynccontextmanager
async def serving(answer: Answer) -> AsyncIterator[str]:
    """Serve on a free port; the URL. What `answer` cuts short is followed by a reset, not by a clean end."""
    open_calls: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            said = await answer(await _read(reader))
            if said is not None:
                writer.write(said)
                await writer.drain()
                await asyncio.sleep(0)
            if said is None or _is_cut(said):
                _reset(writer)
        writer.close()

    async def tracked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(serve(reader, writer))
        open_calls.add(task)
        task.add_done_callback(open_calls.discard)

    server = await asyncio.start_server(tracked, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.close()
        for call in open_calls:
            call.cancel()
        await asyncio.gather(*open_calls, return_exceptions=True)


async def sent_on(request: Request, host: str, port: int) -> bytes:
    """What another server answers to a request."""
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(request.raw())
        await writer.drain()
        return await reader.read()
    finally:
        writer.close()


async def _read(reader: asyncio.StreamReader) -> Request:
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    method, target, _ = first.split(" ")
    return Request(method, target, headers, body)


def _is_cut(said: bytes) -> bool:
    head, _, body = said.partition(b"\r\n\r\n")
    lengths = [
        int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
    ]
    return bool(lengths) and len(body) < lengths[0]


def _reset(writer: asyncio.StreamWriter) -> None:
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
