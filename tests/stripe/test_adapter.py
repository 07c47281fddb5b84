"""The Stripe adapter against a stand-in that answers as Stripe documents, on a real socket."""

import asyncio
import itertools
import math
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from adapters.errors import OutcomeUnknown, ProviderError, ProviderRefused, ProviderUnavailable
from adapters.http import HttpClients
from adapters.payment.port import PaymentProvider
from adapters.payment.stripe import StripeSettings
from domain.intents import PaymentDirection, PaymentIntent, ProviderStatus
from tests.payments.wire import reply
from tests.stripe.peer import KEY, Slip, StripePeer, failed

AT = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)
_NUMBERS = itertools.count(1)


@pytest.fixture
def peer() -> StripePeer:
    made = StripePeer()
    made.payments |= {"pi_1": (1000, "cny"), "pi_2": (1000, "cny"), "ch_1": (500, "usd")}
    return made


@pytest.fixture
async def payment(peer: StripePeer) -> AsyncIterator[PaymentProvider]:
    async with peer.running() as url, HttpClients(0.5) as clients:
        yield StripeSettings(stripe_api_key=SecretStr(KEY), stripe_url=url).connect(clients)


def a_refund(amount: int = 300, payment_id: str = "pi_1", **more: object) -> PaymentIntent:
    number = next(_NUMBERS)
    fields = {
        "key": f"RMA-{number}-refund-1-t0",
        "rma_id": f"RMA-{number}",
        "order_id": "O-1",
        "direction": PaymentDirection.REFUND,
        "payment_id": payment_id,
        "method_id": "card",
        "amount_minor": amount,
        "currency": "CNY",
    }
    return PaymentIntent.model_validate(fields | more)


async def test_a_refund_is_asked_for_as_documented(payment: PaymentProvider, peer: StripePeer) -> None:
    intent = a_refund()

    made = await payment.submit(intent, AT)

    (asked,) = peer.requests
    assert (asked.method, asked.path) == ("POST", "/v1/refunds")
    assert asked.form == {
        "payment_intent": "pi_1",
        "amount": "300",
        "metadata[returnflow_reference]": intent.key,
        "metadata[rma_id]": intent.rma_id,
    }
    assert asked.headers["idempotency-key"] == intent.key
    assert asked.headers["content-type"] == "application/x-www-form-urlencoded"
    assert asked.headers["stripe-version"] == "2024-10-28.acacia"
    assert (made.reference, made.provider_reference, made.status) == (
        intent.key,
        peer.refunds[0]["id"],
        ProviderStatus.SUCCEEDED,
    )
    assert (made.amount_minor, made.currency, made.payment_id) == (300, "CNY", "pi_1")


async def test_a_refund_may_draw_from_a_charge(payment: PaymentProvider, peer: StripePeer) -> None:
    intent = a_refund(payment_id="ch_1", currency="USD")
    await payment.submit(intent, AT)
    assert peer.requests[0].form["charge"] == "ch_1"
    found = await payment.find(intent)
    assert found is not None
    assert (found.payment_id, found.currency) == ("ch_1", "USD")


@pytest.mark.parametrize(
    ("said", "reason", "status", "failure"),
    [
        ("pending", None, ProviderStatus.PENDING, ""),
        ("requires_action", None, ProviderStatus.PENDING, ""),
        ("a_status_of_tomorrow", None, ProviderStatus.PENDING, ""),
        (None, None, ProviderStatus.PENDING, ""),
        ("succeeded", None, ProviderStatus.SUCCEEDED, ""),
        ("failed", "lost_or_stolen_card", ProviderStatus.FAILED, "lost_or_stolen_card"),
        ("failed", None, ProviderStatus.FAILED, "failed"),
        ("canceled", None, ProviderStatus.FAILED, "canceled"),
    ],
)
async def test_what_a_status_means(
    payment: PaymentProvider,
    peer: StripePeer,
    said: str | None,
    reason: str | None,
    status: ProviderStatus,
    failure: str,
) -> None:
    intent = a_refund()
    await payment.submit(intent, AT)
    peer.refunds[0] |= {"status": said, "failure_reason": reason}
    found = await payment.find(intent)
    assert found is not None
    assert (found.status, found.failure) == (status, failure)


async def test_pending_then_failed(payment: PaymentProvider, peer: StripePeer) -> None:
    peer.status = "pending"
    intent = a_refund()
    assert (await payment.submit(intent, AT)).status is ProviderStatus.PENDING
    peer.refunds[0] |= {"status": "failed", "failure_reason": "expired_or_canceled_card"}
    found = await payment.find(intent)
    assert found is not None
    assert (found.status, found.failure) == (ProviderStatus.FAILED, "expired_or_canceled_card")


async def test_all_pages_are_looked_through(payment: PaymentProvider, peer: StripePeer) -> None:
    peer.payments["pi_1"] = (10_000, "cny")
    first, other = a_refund(1), a_refund(2, "pi_2")
    for intent in (first, other, *(a_refund(1) for _ in range(204))):
        await payment.submit(intent, AT)
    peer.requests.clear()

    found = await payment.find(first)

    assert found is not None
    assert found.provider_reference == "re_1"
    assert [each.asked.get("starting_after") for each in peer.requests] == [None, "re_107", "re_7"]
    assert await payment.find(other.model_copy(update={"payment_id": "pi_1"})) is None


async def test_everything_under_a_reference_is_told_oldest_first(
    payment: PaymentProvider, peer: StripePeer
) -> None:
    intent = a_refund()
    await payment.submit(intent, AT)
    peer.forget_keys()
    await payment.submit(intent, AT)
    await payment.submit(a_refund(), AT)
    told = await payment.under(PaymentDirection.REFUND, intent.key, "pi_1")
    assert [each.provider_reference for each in told] == ["re_1", "re_2"]


async def test_what_was_created_in_a_time_is_listed_in_pages(payment: PaymentProvider, peer: StripePeer) -> None:
    """By the seconds in which it was created, with its status as it is now; what others asked for is left out."""
    peer.payments["pi_1"] = (10_000, "cny")
    begin = math.floor(AT.timestamp())
    for created in (begin - 1, *([begin] * 120), begin + 9, begin + 10):
        peer.now = created
        await payment.submit(a_refund(1), AT)
    peer.refunds[5] |= {"metadata": {}, "status": "failed"}
    until = AT + timedelta(seconds=9, microseconds=1)

    first = await payment.changed(AT, until)
    second = await payment.changed(AT, until, first.next)

    assert (len(first.payments), len(second.payments), second.next) == (100, 20, "")
    assert {each.payment_id for each in first.payments} == {"pi_1"}
    assert first.payments[0].provider_reference == "re_122"
    assert second.payments[-1].provider_reference == "re_2"


LOST = Slip(None)
KEPT_500 = Slip(failed(500, type="api_error"), is_kept=True)
CUT = Slip(reply(200, {"id": "re_1", "object": "refund", "amount": 300})[:-10])

UNCLEAR = {
    "the answer is lost": LOST,
    "reset in the body": CUT,
    "HTML": Slip(reply(200, b"<html>Lake Road</html>")),
    "another form": Slip(reply(200, {"object": "refund", "id": "re_1", "amount": "Lake Road"})),
    "another refund": Slip(reply(200, {"id": "re_9", "amount": 300, "currency": "cny", "metadata": {}})),
    "500": Slip(failed(500, type="api_error")),
    "502 of a proxy": Slip(reply(502, b"<html>Bad Gateway</html>")),
    "503 that asks for patience": Slip(reply(503, b"<html>", Retry_After="5")),
    "404 of a proxy": Slip(reply(404, b"<html>Lake Road</html>")),
    "424": Slip(failed(424, type="invalid_request_error")),
    "key in use": Slip(failed(409, type="invalid_request_error", code="idempotency_key_in_use")),
    "409": Slip(failed(409, type="invalid_request_error")),
    "key of another request": Slip(failed(400, type="idempotency_error")),
    "a redirect": Slip(reply(307, b"", Location="/elsewhere")),
}
NOT_DONE = {
    "429": Slip(reply(429, {"error": {"type": "rate_limit_error"}}, Retry_After="7"), is_done=False),
    "429 without a body": Slip(reply(429, b"<html>"), is_done=False),
    "locked": Slip(failed(429, type="invalid_request_error", code="lock_timeout"), is_done=False),
    "locked, as a conflict": Slip(failed(409, type="invalid_request_error", code="lock_timeout"), is_done=False),
    "our balance": Slip(failed(400, type="invalid_request_error", code="balance_insufficient"), is_done=False),
    "401": Slip(failed(401, type="invalid_request_error", code="api_key_expired"), is_done=False),
    "403": Slip(failed(403, type="invalid_request_error"), is_done=False),
}
REFUSED = {
    "charge_already_refunded": failed(400, type="invalid_request_error", code="charge_already_refunded"),
    "charge_disputed": failed(400, type="invalid_request_error", code="charge_disputed"),
    "resource_missing": failed(404, type="invalid_request_error", code="resource_missing"),
    "card_declined": failed(402, type="card_error", code="card_declined"),
    "invalid_request_error": failed(400, type="invalid_request_error", param="amount"),
    "http_400": failed(400, type="Mia Li, Lake Road"),
}


async def _submitted(payment: PaymentProvider, intent: PaymentIntent, error: type[ProviderError]) -> ProviderError:
    with pytest.raises(error) as failure:
        await payment.submit(intent, AT)
    for text in (str(failure.value), str(failure.value.__cause__)):
        assert "Lake Road" not in text
        assert KEY not in text
        assert "a text for people" not in text
    return failure.value


@pytest.mark.parametrize("case", UNCLEAR)
async def test_an_unclear_answer_may_have_been_done(payment: PaymentProvider, peer: StripePeer, case: str) -> None:
    peer.slips.append(UNCLEAR[case])
    intent = a_refund()
    await _submitted(payment, intent, OutcomeUnknown)
    found = await payment.find(intent)
    assert found is not None
    assert found.status is ProviderStatus.SUCCEEDED


@pytest.mark.parametrize("case", NOT_DONE)
async def test_what_was_not_done_can_be_sent_again(payment: PaymentProvider, peer: StripePeer, case: str) -> None:
    peer.slips.append(NOT_DONE[case])
    intent = a_refund()
    error = await _submitted(payment, intent, ProviderUnavailable)
    assert isinstance(error, ProviderUnavailable)
    assert error.retry_after == (7 if case == "429" else None)
    peer.forget_keys()
    assert (await payment.submit(intent, AT)).status is ProviderStatus.SUCCEEDED
    assert len(peer.refunds) == 1


@pytest.mark.parametrize("code", REFUSED)
async def test_a_refusal_carries_its_code_and_nothing_else(
    payment: PaymentProvider, peer: StripePeer, code: str
) -> None:
    peer.slips.append(Slip(REFUSED[code], is_done=False))
    error = await _submitted(payment, a_refund(), ProviderRefused)
    assert isinstance(error, ProviderRefused)
    assert error.code == code


async def test_a_payment_is_refunded_only_once_over(payment: PaymentProvider) -> None:
    await payment.submit(a_refund(600), AT)
    too_much = await _submitted(payment, a_refund(401), ProviderRefused)
    assert isinstance(too_much, ProviderRefused)
    assert too_much.code == "invalid_request_error"
    await payment.submit(a_refund(400), AT)
    nothing_left = await _submitted(payment, a_refund(1), ProviderRefused)
    assert isinstance(nothing_left, ProviderRefused)
    assert nothing_left.code == "charge_already_refunded"


async def test_a_500_that_is_kept_under_the_key_is_healed_by_the_look_up(
    payment: PaymentProvider, peer: StripePeer
) -> None:
    peer.slips.append(KEPT_500)
    intent = a_refund()
    for _ in range(3):
        await _submitted(payment, intent, OutcomeUnknown)
    assert await payment.find(intent) is not None
    assert len(peer.refunds) == 1


async def test_a_call_that_is_still_under_way_is_not_taken_for_one_that_was_not_made(
    payment: PaymentProvider, peer: StripePeer
) -> None:
    """We gave it up, and the look-up comes before the refund: only the key keeps it from a second one."""
    peer.slips.append(Slip(None, late=0.8))
    intent = a_refund()
    await _submitted(payment, intent, OutcomeUnknown)
    assert await payment.find(intent) is None
    in_use = await _submitted(payment, intent, OutcomeUnknown)
    assert "idempotency_key_in_use" in str(in_use)
    async with asyncio.timeout(5):
        while await payment.find(intent) is None:
            await asyncio.sleep(0.05)
    assert len(peer.refunds) == 1


async def test_a_key_that_was_forgotten_pays_again_unless_one_looks_first(
    payment: PaymentProvider, peer: StripePeer
) -> None:
    intent = a_refund()
    first = await payment.submit(intent, AT)
    assert await payment.submit(intent, AT) == first
    peer.forget_keys()
    assert await payment.find(intent) == first
    assert await payment.submit(intent, AT) != first


async def test_a_look_up_that_fails_says_nothing_of_the_refund(payment: PaymentProvider, peer: StripePeer) -> None:
    peer.payments.clear()
    with pytest.raises(ProviderRefused) as refused:
        await payment.find(a_refund())
    assert refused.value.code == "resource_missing"


async def test_a_key_that_is_not_taken_is_ours_to_mend(peer: StripePeer) -> None:
    async with peer.running() as url, HttpClients() as clients:
        wrong = StripeSettings(stripe_api_key=SecretStr("sk_test_wrong"), stripe_url=url).connect(clients)
        with pytest.raises(ProviderUnavailable) as failure:
            await wrong.submit(a_refund(), AT)
    assert "sk_test_wrong" not in str(failure.value)


async def test_other_directions_are_refused_before_anything_is_sent(
    payment: PaymentProvider, peer: StripePeer
) -> None:
    for direction in (PaymentDirection.CHARGE, PaymentDirection.HOLD, PaymentDirection.CAPTURE):
        intent = a_refund(direction=direction)
        for call in (payment.submit(intent, AT), payment.find(intent)):
            with pytest.raises(ProviderRefused) as refused:
                await call
            assert refused.value.code == "direction_not_offered"
    with pytest.raises(ProviderRefused):
        await payment.renew_hold("RMA-1-hold-1", AT)
    await payment.release_hold("RMA-1-hold-1", AT)
    assert peer.requests == []


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"payment_id": "CN-1001-p1"}, "payment_not_of_stripe"),
        ({"payment_id": ""}, "payment_not_of_stripe"),
        ({"currency": "KWD", "amount_minor": 1234}, "amount_not_offered"),
        ({"currency": "MGA", "amount_minor": 1250}, "amount_not_offered"),
        ({"currency": "UGX", "amount_minor": 5}, "amount_not_offered"),
    ],
)
async def test_what_cannot_be_said_to_stripe_is_not_sent(
    payment: PaymentProvider, peer: StripePeer, fields: dict[str, object], code: str
) -> None:
    with pytest.raises(ProviderRefused) as refused:
        await payment.submit(a_refund(**fields), AT)  # type: ignore[arg-type]
    assert refused.value.code == code
    assert peer.requests == []


@pytest.mark.parametrize(
    ("currency", "ours", "theirs"),
    [
        ("CNY", 9_900, "9900"),
        ("JPY", 6_800, "6800"),
        ("KRW", 1, "1"),
        ("KWD", 1_230, "1230"),
        ("ISK", 5, "500"),
        ("MGA", 1_200, "12"),
    ],
)
async def test_amounts_are_stripes_minor_units(
    payment: PaymentProvider, peer: StripePeer, currency: str, ours: int, theirs: str
) -> None:
    peer.payments["pi_1"] = (1_000_000, currency.lower())
    made = await payment.submit(a_refund(ours, currency=currency), AT)
    assert peer.requests[0].form["amount"] == theirs
    assert (made.amount_minor, made.currency) == (ours, currency)
