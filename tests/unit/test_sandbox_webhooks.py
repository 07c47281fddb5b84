"""Scans pushed to a real receiver."""

import asyncio
import hashlib
import hmac
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx
import pytest
from pydantic import SecretStr, ValidationError

from domain.shipping import CarrierEvent
from sandbox.books import Book
from sandbox.faults import FaultKind, FaultSpec, Target
from sandbox.server import running_sandbox
from sandbox.settings import SandboxSettings
from tests.unit.sandbox_remote import SandboxRemote

AT = datetime(2026, 11, 20, 9, tzinfo=UTC)
SECRET = "a secret of the test"


@dataclass
class Receiver:
    """Takes pushes, but answers the first `failures` of them with a 500."""

    failures: int = 0
    url: str = ""
    taken: list[tuple[str, bytes]] = field(default_factory=list)
    refused: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        headers = dict(each.split(": ", 1) for each in head.split("\r\n")[1:] if each)
        named = {name.lower(): value for name, value in headers.items()}
        body = await reader.readexactly(int(named["content-length"]))
        if self.refused < self.failures:
            self.refused += 1
            status = "500 Internal Server Error"
        else:
            self.taken.append((named["x-returnflow-signature"], body))
            status = "204 No Content"
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()


@asynccontextmanager
async def sandbox_and_receiver(failures: int = 0) -> AsyncIterator[tuple[SandboxRemote, str, Receiver]]:
    receiver = Receiver(failures)
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    receiver.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/webhooks/carrier"
    settings = SandboxSettings(webhook_url=receiver.url, webhook_secret=SecretStr(SECRET))
    with running_sandbox(settings) as url:
        async with SandboxRemote(url) as remote:
            yield remote, url, receiver
    server.close()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.02)


async def test_a_scan_is_pushed_with_a_signature() -> None:
    async with sandbox_and_receiver() as (remote, _, receiver):
        event = await remote.scan("sf", "SF-1", "delivered", AT)
        await until(lambda: len(receiver.taken) == 1)
    signature, body = receiver.taken[0]
    assert CarrierEvent.model_validate_json(body) == event
    stamp, digest = signature.removeprefix("t=").split(",v1=")
    assert abs(time.time() - int(stamp)) < 60
    assert digest == hmac.new(SECRET.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()


async def test_a_push_is_tried_again_until_it_is_taken() -> None:
    async with sandbox_and_receiver(failures=2) as (remote, _, receiver):
        await remote.scan("sf", "SF-1", "delivered", AT)
        await until(lambda: len(receiver.taken) == 1)
    assert receiver.refused == 2


async def test_a_repeated_scan_is_pushed_again_under_its_id() -> None:
    async with sandbox_and_receiver() as (remote, _, receiver):
        for _ in range(2):
            await remote.scan("sf", "SF-1", "delivered", AT, event_id="ev-1")
        await until(lambda: len(receiver.taken) == 2)
        assert len(await remote.book(Book.SCANS)) == 1
    assert receiver.taken[0][1] == receiver.taken[1][1]


async def test_a_lost_push_is_still_on_the_books() -> None:
    async with sandbox_and_receiver() as (remote, url, receiver):
        lost = FaultSpec(target=Target.SCAN, kind=FaultKind.LOSE_WEBHOOK, match={"kind": "delivered"})
        await remote.set_fault(lost)
        async with httpx.AsyncClient(base_url=url) as http:
            body = {"kind": "delivered", "occurred_at": AT.isoformat()}
            answer = await http.post("/carriers/sf/tracking/SF-1/scans", json=body)
        assert answer.json()["webhook"] == "lost"
        other = await remote.scan("sf", "SF-1", "lost", AT)
        await until(lambda: len(receiver.taken) == 1)
        assert CarrierEvent.model_validate_json(receiver.taken[0][1]) == other
        assert [each.data["kind"] for each in await remote.book(Book.SCANS)] == ["delivered", "lost"]


def test_pushes_are_never_unsigned() -> None:
    with pytest.raises(ValidationError, match="secret"):
        SandboxSettings(webhook_url="http://127.0.0.1:9")
