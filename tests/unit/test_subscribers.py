"""Webhooks to subscribers: verified by another library, in order, repeated under one id, each alone."""

import asyncio
import base64
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from adapters.subscribers.standard_webhooks import Endpoint
from domain.subscribers import RETRIES, SubscriberState, next_attempt
from ledger.ledger import Ledger
from tests.unit.ledger_builders import NOW, a_stage
from tests.unit.test_events_access import an_event
from workers.subscribers import Subscribers, tell_subscribers
from workers.subscribers_file import load_subscribers

pytest_plugins = ["tests.unit.ledger_fixtures"]

KEY, OLD_KEY = b"k" * 32, b"o" * 24
LEASE = timedelta(seconds=60)


class Receiver:
    """A subscriber over real HTTP: keeps what it gets, and answers each with the next of its answers, or 200."""

    def __init__(self, *answers: str) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.answers = list(answers)

    @property
    def ids(self) -> list[str]:
        return [headers["webhook-id"] for headers, _ in self.got]

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        headers = {
            name.lower(): value for name, _, value in (line.partition(": ") for line in head.split("\r\n")[1:])
        }
        self.got.append((headers, await reader.readexactly(int(headers["content-length"]))))
        answer = self.answers.pop(0) if self.answers else "200 OK"
        writer.write(f"HTTP/1.1 {answer}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    @asynccontextmanager
    async def listening(self, name: str = "shop", keys: tuple[bytes, ...] = (KEY,)) -> AsyncIterator[Endpoint]:
        server = await asyncio.start_server(self.handle, "127.0.0.1", 0)
        async with server:
            yield Endpoint(name, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook", keys)


@pytest.fixture
def told(ledger: Ledger) -> Ledger:
    """A ledger with two subscribers and three events since they were known."""
    ledger.register_subscriber("shop")
    ledger.register_subscriber("books")
    ledger.record(a_stage("R1", "a", events=(an_event(1), an_event(2), an_event(3))))
    return ledger


async def tell(ledger: Ledger, *endpoints: Endpoint) -> None:
    async with httpx.AsyncClient() as http:
        subscribers = Subscribers(ledger, http, endpoints)
        await asyncio.gather(*(subscribers.tell(endpoint) for endpoint in endpoints))


def again(ledger: Ledger, name: str = "shop") -> None:
    """Let the time pass until the next attempt."""
    ledger.revive_subscriber(name)


def verified(key: bytes, headers: dict[str, str], body: bytes) -> None:
    Webhook("whsec_" + base64.b64encode(key).decode()).verify(body, headers)


async def test_another_library_verifies_each_event_also_while_the_secret_changes(told: Ledger) -> None:
    receiver = Receiver()
    async with receiver.listening(keys=(KEY, OLD_KEY)) as shop:
        await tell(told, shop)

    assert receiver.ids == ["R1-1", "R1-2", "R1-3"]
    for headers, body in receiver.got:
        verified(KEY, headers, body)
        verified(OLD_KEY, headers, body)
        with pytest.raises(WebhookVerificationError):
            verified(b"x" * 32, headers, body)
        with pytest.raises(WebhookVerificationError):
            verified(KEY, headers, body + b" ")
    content = json.loads(receiver.got[0][1])
    assert (content["type"], content["data"]["rma_id"]) == ("return.status_changed", "R1")


async def test_what_is_refused_comes_again_under_its_id_and_holds_its_place(told: Ledger) -> None:
    receiver = Receiver("200 OK", "500 Oops", "302 Found\r\nLocation: http://127.0.0.1:9/")
    async with receiver.listening() as shop:
        await tell(told, shop)
        await tell(told, shop)
        assert receiver.ids == ["R1-1", "R1-2"]
        for _ in range(2):
            again(told)
            await tell(told, shop)

    assert receiver.ids == ["R1-1", "R1-2", "R1-2", "R1-2", "R1-3"]


async def test_a_dead_subscriber_keeps_nobody_waiting(told: Ledger) -> None:
    receiver = Receiver()
    nobody = Endpoint("books", "http://127.0.0.1:9/hook", (KEY,))
    async with receiver.listening() as shop:
        for _ in range(len(RETRIES) + 1):
            told.event_not_taken("books", 1, "ConnectError", NOW, timedelta(0), False)
        await tell(told, nobody, shop)

    assert len(receiver.got) == 3
    books, shop_now = told.subscribers()
    assert (books.state, books.waiting, books.error) == (SubscriberState.DEAD, 3, "ConnectError")
    assert (shop_now.state, shop_now.waiting) == (SubscriberState.ACTIVE, 0)


async def test_one_that_never_answers_holds_up_itself_only(told: Ledger) -> None:
    async def hang(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await asyncio.sleep(60)
        finally:
            writer.close()

    receiver = Receiver()
    silent = await asyncio.start_server(hang, "127.0.0.1", 0)
    books = Endpoint("books", f"http://127.0.0.1:{silent.sockets[0].getsockname()[1]}/", (KEY,))
    async with receiver.listening() as shop:
        telling = asyncio.create_task(tell_subscribers(told, (books, shop), timedelta(seconds=0.01)))
        async with asyncio.timeout(10):
            while len(receiver.got) < 3:
                await asyncio.sleep(0.01)
            told.record(a_stage("R1", "b", events=(an_event(4),)))
            while len(receiver.got) < 4:
                await asyncio.sleep(0.01)
        telling.cancel()
        await asyncio.gather(telling, return_exceptions=True)
    silent.close()

    assert receiver.ids == ["R1-1", "R1-2", "R1-3", "R1-4"]


async def test_who_is_gone_is_told_nothing_until_it_is_revived(told: Ledger) -> None:
    receiver = Receiver("410 Gone")
    async with receiver.listening() as shop:
        await tell(told, shop)
        assert told.subscribers()[1].state is SubscriberState.DEAD
        await tell(told, shop)
        assert receiver.ids == ["R1-1"]
        told.revive_subscriber("shop")
        await tell(told, shop)

    assert receiver.ids == ["R1-1", "R1-1", "R1-2", "R1-3"]


async def test_who_is_busy_is_left_alone_for_as_long_as_it_asks(told: Ledger) -> None:
    receiver = Receiver("503 Busy\r\nRetry-After: 3600")
    async with receiver.listening() as shop:
        await tell(told, shop)

    until = told.subscribers()[1].not_before
    assert until is not None
    assert timedelta(minutes=58) < until - datetime.now(UTC) <= timedelta(hours=1)


def _crash(*_: object) -> None:
    raise OSError("power cut")


async def test_a_crash_after_sending_repeats_with_the_same_ids(
    told: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver = Receiver()
    async with receiver.listening() as shop:
        with monkeypatch.context() as crashed:
            crashed.setattr(told, "events_taken", _crash)
            with pytest.raises(OSError, match="power cut"):
                await tell(told, shop)
        await tell(told, shop)
        assert len(receiver.got) == 3, "the lease holds others off"
        again(told)
        await tell(told, shop)

    assert receiver.ids == ["R1-1", "R1-2", "R1-3"] * 2


@pytest.mark.parametrize("databases", ["sqlite", "postgresql"], indirect=True)
def test_only_one_sender_has_the_events_of_a_subscriber(told: Ledger) -> None:
    assert [event.event_id for event in told.claim_events("shop", NOW, 2, LEASE)] == ["R1-1", "R1-2"]
    assert told.claim_events("shop", NOW + LEASE / 2, 2, LEASE) == []
    assert len(told.claim_events("books", NOW, 5, LEASE)) == 3
    assert len(told.claim_events("shop", NOW + LEASE, 2, LEASE)) == 2
    told.events_taken("shop", told.events_after(0, 2)[-1].position)
    assert [event.event_id for event in told.claim_events("shop", NOW, 2, LEASE)] == ["R1-3"]


def test_the_schedule_is_the_one_of_the_standard_and_then_ends() -> None:
    due = [next_attempt(failures, NOW) for failures in range(1, 11)]
    assert [at and (at - NOW) for at in due] == [*RETRIES, None]


SECRET = "whsec_" + base64.b64encode(KEY).decode()
WRONG = {
    'url = "https://shop/x"\nsecret = "S"': "subscriber[0].name: must be",
    'name = "a"\nurl = "http://shop/x"\nsecret = "S"': "subscriber[0].url: must start with https://",
    'name = "a"\nurl = "http://127.0.0.1.evil.example/"\nsecret = "S"': "subscriber[0].url: must start",
    'name = "a"\nurl = "https://shop/x"': "subscriber[0]: needs either secret or secret_file",
    'name = "a"\nurl = "https://shop/x"\nsecret = "whsec_c2hvcnQ="': "subscriber[0].secret: must be whsec_",
    'name = "a"\nurl = "https://shop/x"\nsecret_file = "/none"': "/none cannot be read: FileNotFoundError",
    'name = "a"\nurl = "https://shop/x"\nsecret = "S"\ncolour = "S"': "subscriber[0].colour: is unknown",
    'name = "a"\nurl = "https://shop/x"\nsecret = "S': "is no TOML",
}


@pytest.mark.parametrize("text", WRONG)
def test_the_file_is_refused_by_name_and_without_its_secrets(tmp_path: Path, text: str) -> None:
    path = tmp_path / "subscribers.toml"
    path.write_text("[[subscriber]]\n" + text.replace('"S', f'"{SECRET}'))
    with pytest.raises(ValueError, match=re.escape(WRONG[text])) as refused:
        load_subscribers(path)
    assert SECRET not in str(refused.value)


def test_the_file_gives_endpoints_that_do_not_print_their_keys(tmp_path: Path) -> None:
    (tmp_path / "old").write_text("whsec_" + base64.b64encode(OLD_KEY).decode() + "\n")
    path = tmp_path / "subscribers.toml"
    path.write_text(
        f'[[subscriber]]\nname = "shop"\nurl = "http://localhost:9/x"\nsecret = "{SECRET}"\n'
        f'old_secret_file = "{tmp_path / "old"}"\n'
    )
    (shop,) = load_subscribers(path)
    assert shop == Endpoint("shop", "http://localhost:9/x", (KEY, OLD_KEY))
    assert repr(shop) == "Endpoint(shop)"
