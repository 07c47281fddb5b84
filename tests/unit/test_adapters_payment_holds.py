"""Holds of the payment port against the sandbox."""

import itertools
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from adapters.errors import ProviderRefused
from adapters.payment.sandbox import SandboxPayment
from domain.intents import PaymentDirection, PaymentIntent, ProviderStatus
from sandbox.books import Book
from sandbox.faults import FaultKind, FaultSpec, Target
from tests.unit.sandbox_remote import SandboxRemote

pytest_plugins = ["tests.unit.sandbox_fixtures"]

_NUMBERS = itertools.count(1)
AT = datetime(2026, 11, 20, 9, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def payment(client: httpx.AsyncClient) -> SandboxPayment:
    return SandboxPayment(client)


def a_hold(amount_minor: int = 5_000) -> PaymentIntent:
    """An intent to hold money on the card of the sandbox's customer of order CN-1002."""
    rma_id = f"RMA-{next(_NUMBERS)}"
    return PaymentIntent(
        key=f"{rma_id}-hold-1",
        rma_id=rma_id,
        order_id="CN-1002",
        direction=PaymentDirection.HOLD,
        payment_id="",
        method_id="CARD-102",
        amount_minor=amount_minor,
        currency="CNY",
    )


def a_capture(hold: PaymentIntent, amount_minor: int) -> PaymentIntent:
    return hold.model_copy(
        update={
            "key": f"{hold.rma_id}-capture-2",
            "direction": PaymentDirection.CAPTURE,
            "payment_id": hold.key,
            "amount_minor": amount_minor,
        }
    )


async def test_a_hold_says_when_it_lapses_and_is_found(payment: SandboxPayment, remote: SandboxRemote) -> None:
    hold = a_hold()
    assert await payment.find(hold) is None
    placed = await payment.submit(hold, AT)
    assert (placed.status, placed.expires_at) == (ProviderStatus.SUCCEEDED, AT + 7 * DAY)
    assert await payment.submit(hold, AT + DAY) == placed
    assert await payment.find(hold) == placed
    assert len(await remote.book(Book.PAYMENT_HOLDS, key=hold.key)) == 1
    assert await remote.book(Book.CHARGES, key_prefix=hold.rma_id) == []


async def test_a_closed_card_holds_nothing(payment: SandboxPayment, remote: SandboxRemote) -> None:
    hold = a_hold()
    await remote.set_fault(FaultSpec(target=Target.PAYMENT_HOLD, kind=FaultKind.CLOSED_METHOD))
    declined = await payment.submit(hold, AT)
    assert (declined.status, declined.failure) == (ProviderStatus.FAILED, "method_closed")
    with pytest.raises(ProviderRefused) as refused:
        await payment.submit(a_capture(hold, 100), AT)
    assert refused.value.code == "hold_not_open"


async def test_a_part_is_captured_once_and_can_be_refunded(payment: SandboxPayment, remote: SandboxRemote) -> None:
    hold = a_hold()
    await payment.submit(hold, AT)
    capture = a_capture(hold, 3_000)
    captured = await payment.submit(capture, AT + DAY)
    assert (captured.status, captured.amount_minor) == (ProviderStatus.SUCCEEDED, 3_000)
    assert await payment.submit(capture, AT + DAY) == captured
    assert await payment.find(capture) == captured
    with pytest.raises(ProviderRefused) as refused:
        await payment.submit(capture.model_copy(update={"key": f"{hold.rma_id}-capture-3"}), AT + DAY)
    assert refused.value.code == "hold_not_open"
    states = [entry.data["state"] for entry in await remote.book(Book.PAYMENT_HOLDS, key=hold.key)]
    assert states == ["open", "captured"]
    refund = capture.model_copy(
        update={
            "key": f"{hold.rma_id}-refund-1-t0",
            "direction": PaymentDirection.REFUND,
            "payment_id": capture.key,
        }
    )
    assert (await payment.submit(refund, AT + DAY)).status is ProviderStatus.SUCCEEDED


async def test_a_hold_lapses_unless_it_is_renewed(payment: SandboxPayment) -> None:
    lapsed, renewed = a_hold(), a_hold()
    await payment.submit(lapsed, AT)
    await payment.submit(renewed, AT)
    assert await payment.renew_hold(renewed.key, AT + 6 * DAY) == AT + 13 * DAY
    assert await payment.renew_hold(renewed.key, AT + 6 * DAY) == AT + 13 * DAY
    for call in (
        payment.submit(a_capture(lapsed, 100), AT + 7 * DAY),
        payment.renew_hold(lapsed.key, AT + 7 * DAY),
    ):
        with pytest.raises(ProviderRefused) as refused:
            await call
        assert refused.value.code == "hold_not_open"
    assert (await payment.submit(a_capture(renewed, 100), AT + 12 * DAY)).status is ProviderStatus.SUCCEEDED


async def test_more_than_is_held_or_without_a_hold_is_refused(payment: SandboxPayment) -> None:
    hold = a_hold()
    with pytest.raises(ProviderRefused) as refused:
        await payment.submit(a_capture(hold, 100), AT)
    assert refused.value.code == "unknown_hold"
    await payment.submit(hold, AT)
    with pytest.raises(ProviderRefused) as refused:
        await payment.submit(a_capture(hold, 5_001), AT)
    assert refused.value.code == "over_capture"


async def test_a_hold_is_given_back_once_and_one_that_never_was_too(
    payment: SandboxPayment, remote: SandboxRemote
) -> None:
    hold = a_hold()
    await payment.submit(hold, AT)
    for _ in range(2):
        await payment.release_hold(hold.key, AT + DAY)
    await payment.release_hold("RMA-0-hold-1", AT)
    states = [entry.data["state"] for entry in await remote.book(Book.PAYMENT_HOLDS, key=hold.key)]
    assert states == ["open", "released"]
    with pytest.raises(ProviderRefused):
        await payment.renew_hold(hold.key, AT + DAY)


async def test_a_reference_stands_for_one_hold(payment: SandboxPayment) -> None:
    hold = a_hold()
    await payment.submit(hold, AT)
    with pytest.raises(ProviderRefused) as refused:
        await payment.submit(hold.model_copy(update={"amount_minor": 1}), AT)
    assert refused.value.code == "reference_conflict"
