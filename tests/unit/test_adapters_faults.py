"""Every fault of the sandbox as an adapter sees it, and what the books say afterwards."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest

from adapters.errors import OutcomeUnknown, ProviderUnavailable
from adapters.http import make_http_client
from adapters.messaging.port import Message
from adapters.messaging.sandbox import SandboxMessaging
from adapters.orders.sandbox import SandboxOrders
from adapters.payment.sandbox import SandboxPayment
from domain.application import Locale
from domain.intents import PaymentDirection, PaymentIntent, ProviderStatus
from sandbox.books import Book
from sandbox.faults import FaultKind, FaultSpec, Target
from tests.unit.sandbox_remote import SandboxRemote

pytest_plugins = ["tests.unit.sandbox_fixtures"]

AT = datetime(2026, 11, 20, 9, tzinfo=UTC)

_NUMBERS = itertools.count(1)


@pytest.fixture
async def hasty(url: str) -> AsyncIterator[httpx.AsyncClient]:
    async with make_http_client(url) as client:
        # To be connected may take its time on a busy machine.
        client.timeout = httpx.Timeout(5.0, read=0.3)
        yield client


@pytest.fixture
def intent() -> PaymentIntent:
    number = next(_NUMBERS)
    return PaymentIntent(
        key=f"RMA-{number}-refund-1-t0",
        rma_id=f"RMA-{number}",
        order_id="CN-1002",
        direction=PaymentDirection.REFUND,
        payment_id="CN-1002-p1",
        method_id="CARD-102",
        amount_minor=100,
        currency="CNY",
    )


@pytest.mark.parametrize(
    ("kind", "is_processed"),
    [
        (FaultKind.ERROR_BEFORE, False),
        (FaultKind.ERROR_AFTER, True),
        (FaultKind.LOST_RESPONSE, True),
    ],
)
async def test_a_lost_answer_leaves_the_outcome_unknown(
    client: httpx.AsyncClient,
    remote: SandboxRemote,
    intent: PaymentIntent,
    kind: FaultKind,
    is_processed: bool,
) -> None:
    payment = SandboxPayment(client)
    await remote.set_fault(FaultSpec(target=Target.REFUND, kind=kind))
    with pytest.raises(OutcomeUnknown):
        await payment.submit(intent, AT)
    found = await payment.find(intent)
    assert (found is not None) is is_processed
    assert len(await remote.book(Book.REFUNDS, key=intent.key)) == int(is_processed)
    again = await payment.submit(intent, AT)
    assert again.status is ProviderStatus.SUCCEEDED
    assert len(await remote.book(Book.REFUNDS, key=intent.key)) == 1


async def test_a_lost_answer_is_a_broken_connection(
    client: httpx.AsyncClient, remote: SandboxRemote, intent: PaymentIntent
) -> None:
    await remote.set_fault(FaultSpec(target=Target.REFUND, kind=FaultKind.LOST_RESPONSE))
    with pytest.raises(OutcomeUnknown) as failure:
        await SandboxPayment(client).submit(intent, AT)
    assert isinstance(failure.value.__cause__, httpx.RemoteProtocolError)


async def test_a_late_answer_is_unknown_and_is_processed_in_the_end(
    hasty: httpx.AsyncClient, remote: SandboxRemote, intent: PaymentIntent
) -> None:
    await remote.set_fault(FaultSpec(target=Target.REFUND, kind=FaultKind.LATENCY, seconds=0.8))
    with pytest.raises(OutcomeUnknown):
        await SandboxPayment(hasty).submit(intent, AT)
    assert await remote.book(Book.REFUNDS, key=intent.key) == []
    async with asyncio.timeout(10):
        while not await remote.book(Book.REFUNDS, key=intent.key):
            await asyncio.sleep(0.05)


async def test_a_busy_provider_did_nothing(
    client: httpx.AsyncClient, remote: SandboxRemote, intent: PaymentIntent
) -> None:
    await remote.set_fault(FaultSpec(target=Target.REFUND, kind=FaultKind.TOO_BUSY, seconds=7))
    with pytest.raises(ProviderUnavailable) as failure:
        await SandboxPayment(client).submit(intent, AT)
    assert failure.value.retry_after == 7
    assert await remote.book(Book.REFUNDS, key=intent.key) == []


@pytest.mark.parametrize(
    "kind",
    [
        FaultKind.ERROR_BEFORE,
        FaultKind.ERROR_AFTER,
        FaultKind.LOST_RESPONSE,
        FaultKind.TOO_BUSY,
    ],
)
async def test_a_read_that_fails_can_always_be_repeated(
    client: httpx.AsyncClient, remote: SandboxRemote, kind: FaultKind
) -> None:
    orders = SandboxOrders(client)
    await remote.set_fault(FaultSpec(target=Target.GET_ORDER, kind=kind, match={"order_id": "CN-1001"}))
    assert await orders.get_order("CN-1002") is not None
    with pytest.raises(ProviderUnavailable):
        await orders.get_order("CN-1001")
    assert await orders.get_order("CN-1001") is not None


async def test_a_read_that_takes_too_long_can_be_repeated(hasty: httpx.AsyncClient, remote: SandboxRemote) -> None:
    await remote.set_fault(FaultSpec(target=Target.GET_ORDER, kind=FaultKind.LATENCY, seconds=0.8))
    with pytest.raises(ProviderUnavailable):
        await SandboxOrders(hasty).get_order("CN-1001")


async def test_a_message_that_got_lost_is_sent_again_under_its_id(
    client: httpx.AsyncClient, remote: SandboxRemote
) -> None:
    message = Message(
        message_id="m-lost",
        recipient="C-101",
        audience="customer",
        template="approved",
        locale=Locale.EN,
        subject="Your return",
        body="It is approved.",
        at=AT,
    )
    await remote.set_fault(FaultSpec(target=Target.MESSAGE, kind=FaultKind.LOST_RESPONSE, times=2))
    for _ in range(2):
        with pytest.raises(OutcomeUnknown):
            await SandboxMessaging(client).send(message)
    await SandboxMessaging(client).send(message)
    assert [each.key for each in await remote.book(Book.MESSAGES, key="m-lost")] == ["m-lost"] * 3


async def test_every_hit_is_on_record(
    client: httpx.AsyncClient, remote: SandboxRemote, intent: PaymentIntent
) -> None:
    state = await remote.set_fault(FaultSpec(target=Target.REFUND, kind=FaultKind.ERROR_BEFORE, times=2))
    for _ in range(2):
        with pytest.raises(OutcomeUnknown):
            await SandboxPayment(client).submit(intent, AT)
    await SandboxPayment(client).submit(intent, AT)
    answer = await remote.faults()
    assert [each.hits for each in answer.faults] == [2]
    hits = [each for each in answer.hits if each.fault_id == state.fault_id]
    assert [(each.target, each.kind, each.reference) for each in hits] == [
        (Target.REFUND, FaultKind.ERROR_BEFORE, intent.key)
    ] * 2
    await remote.clear_faults()
    cleared = await remote.faults()
    assert cleared.faults == ()
    assert cleared.hits == answer.hits
