"""How `adapters.http` maps what can happen on a socket, on real sockets."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest

from adapters.errors import OutcomeUnknown, ProviderError, ProviderRefused, ProviderUnavailable
from adapters.http import ProviderHttp, make_http_client, send_until
from domain.record import Record


class Answer(Record):
    number: int


@asynccontextmanager
async def provider(reply: bytes, timeout: float = 5.0) -> AsyncIterator[ProviderHttp]:
    """A provider that reads a request, writes `reply` as it is and hangs up; it is silent if there is none."""
    hang_up = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if reply:
            writer.write(reply)
            await writer.drain()
        else:
            await hang_up.wait()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        async with make_http_client(f"http://127.0.0.1:{port}", timeout) as client:
            yield ProviderHttp(client, "somebody")
    finally:
        hang_up.set()
        server.close()


def reply(status: str, body: bytes = b"{}", *headers: str) -> bytes:
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


async def read(http: ProviderHttp) -> Answer:
    return await http.read("/x", Answer)


async def write(http: ProviderHttp) -> Answer:
    return await http.write("/x", {"secret": "Lake Road"}, Answer)


GOOD = reply("200 OK", b'{"number": 7}')

UNCLEAR = {
    "a server error": reply("500 Internal Server Error"),
    "unavailable without a time": reply("503 Service Unavailable"),
    "a redirect": reply("307 Temporary Redirect", b"", "Location: /elsewhere"),
    "a page instead of JSON": reply("200 OK", b"<html>Lake Road</html>"),
    "JSON of another form": reply("200 OK", b'{"number": "Lake Road"}'),
    "an empty body": reply("200 OK", b""),
    "no answer at all": b"\r\n",
    "a body that breaks off": GOOD[:-4],
    "not HTTP": b"220 mail.example ESMTP\r\n\r\n",
    "silence": b"",
}


async def test_an_answer_is_given_as_the_model_that_was_promised() -> None:
    for call in (read, write):
        async with provider(GOOD) as http:
            assert await call(http) == Answer(number=7)


@pytest.mark.parametrize("what", list(UNCLEAR))
async def test_an_unclear_outcome_matters_to_a_write_only(what: str) -> None:
    cases: list[tuple[Callable[..., object], type[ProviderError]]] = [
        (read, ProviderUnavailable),
        (write, OutcomeUnknown),
    ]
    for call, error in cases:
        async with provider(UNCLEAR[what], timeout=0.3) as http:
            with pytest.raises(error) as failure:
                await call(http)  # type: ignore[misc]
        assert failure.value.provider == "somebody"
        assert "Lake Road" not in str(failure.value)
        assert "Lake Road" not in str(failure.value.__cause__)


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        (reply("429 Too Many Requests", b"{}", "Retry-After: 7"), 7.0),
        (reply("503 Service Unavailable", b"{}", "Retry-After: 120"), 120.0),
        (reply("429 Too Many Requests"), None),
        (reply("429 Too Many Requests", b"{}", "Retry-After: soon"), None),
        (reply("429 Too Many Requests", b"{}", "Retry-After: Thu, 01 Jan 1970 00:00:00 GMT"), 0.0),
    ],
)
async def test_a_busy_provider_is_unavailable_for_as_long_as_it_says(answer: bytes, seconds: float | None) -> None:
    for call in (read, write):
        async with provider(answer) as http:
            with pytest.raises(ProviderUnavailable) as failure:
                await call(http)
        assert failure.value.retry_after == seconds


async def test_a_busy_provider_may_name_a_date() -> None:
    moment = format_datetime(datetime.now(UTC) + timedelta(minutes=2), usegmt=True)
    async with provider(reply("429 Too Many Requests", b"{}", f"Retry-After: {moment}")) as http:
        with pytest.raises(ProviderUnavailable) as failure:
            await write(http)
    assert failure.value.retry_after == pytest.approx(120, abs=10)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (reply("409 Conflict", b'{"code": "over_refund", "detail": "Lake Road"}'), "over_refund"),
        (reply("404 Not Found", b"<html>"), "http_404"),
        (reply("400 Bad Request", b'["Lake Road"]'), "http_400"),
        (reply("422 Unprocessable Content", b'{"code": "Lake Road!"}'), "http_422"),
        (reply("410 Gone", b'{"code": 5}'), "http_410"),
    ],
)
async def test_a_refusal_carries_its_code_and_nothing_else(answer: bytes, code: str) -> None:
    for call in (read, write):
        async with provider(answer) as http:
            with pytest.raises(ProviderRefused) as failure:
                await call(http)
        assert failure.value.code == code
        assert "Lake Road" not in str(failure.value)


@pytest.mark.parametrize("status", ["401 Unauthorized", "403 Forbidden"])
async def test_refused_credentials_are_ours_to_mend_and_no_refusal(status: str) -> None:
    for call in (read, write):
        async with provider(reply(status, b"{}")) as http:
            with pytest.raises(ProviderUnavailable):
                await call(http)


async def test_a_provider_that_is_not_there_is_unavailable() -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        async with make_http_client(f"http://127.0.0.1:{reserved.getsockname()[1]}") as client:
            for call in (read, write):
                with pytest.raises(ProviderUnavailable):
                    await call(ProviderHttp(client, "somebody"))


async def test_a_call_that_found_no_free_connection_was_not_sent() -> None:
    async with provider(b"") as busy:
        client = httpx.AsyncClient(
            base_url=busy._client.base_url,
            timeout=httpx.Timeout(5, pool=0.1),
            limits=httpx.Limits(max_connections=1),
        )
        async with client:
            waiting = asyncio.create_task(write(ProviderHttp(client, "somebody")))
            await asyncio.sleep(0.1)
            with pytest.raises(ProviderUnavailable):
                await write(ProviderHttp(client, "somebody"))
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)


async def test_after_its_time_nothing_is_sent() -> None:
    """Who answers would be heard: the provider takes everything."""
    async with provider(GOOD) as http:
        send_until.set(time.monotonic())
        with pytest.raises(ProviderUnavailable, match="the time of the call is over"):
            await write(http)


async def test_after_its_time_questions_are_asked() -> None:
    async with provider(GOOD) as http:
        send_until.set(time.monotonic())
        assert (await read(http)).number == 7


async def test_within_its_time_it_is_sent() -> None:
    async with provider(GOOD) as http:
        send_until.set(time.monotonic() + 60)
        assert (await write(http)).number == 7


async def test_time_that_ends_while_it_connects_counts() -> None:
    """The check lies behind the connection, where a process may have been stopped for long."""
    asked = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        if await reader.read(1):
            asked.set()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    async with make_http_client(f"http://{host}:{port}") as client:
        connect = client._transport._pool._network_backend.connect_tcp  # type: ignore[attr-defined]

        async def slowly(*args: Any, **more: Any) -> Any:
            stream = await connect(*args, **more)
            send_until.set(time.monotonic())
            return stream

        client._transport._pool._network_backend.connect_tcp = slowly  # type: ignore[attr-defined]
        with pytest.raises(ProviderUnavailable, match="the time of the call is over"):
            await write(ProviderHttp(client, "somebody"))
    server.close()
    assert not asked.is_set()
