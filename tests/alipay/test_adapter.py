"""The Alipay adapter against the simulator, on a real socket."""

import itertools
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from adapters.errors import OutcomeUnknown, ProviderError, ProviderRefused, ProviderUnavailable
from adapters.http import HttpClients
from adapters.payment.alipay import AlipaySettings
from adapters.payment.alipay_signature import is_signed, text_to_sign
from adapters.payment.port import PaymentProvider
from domain.intents import PaymentDirection, PaymentIntent, ProviderStatus
from domain.keys import refund_key, rma_id_for
from tests.alipay.simulator import APP_ID, QUERY, REFUND, AlipaySimulator, Slip
from tests.payments.keys import KeyPair, alipay, merchant, stranger
from tests.payments.wire import Request, reply, serving

AT = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)
TRADE = "2026030122001419121412730660"
OTHER_TRADE = "2026030122001419121412730661"
_NUMBERS = itertools.count(1)


def settings(url: str, ours: KeyPair | None = None) -> AlipaySettings:
    """The settings for a simulator at a URL."""
    return AlipaySettings(
        alipay_app_id=APP_ID,
        alipay_private_key=SecretStr((ours or merchant()).private_base64),
        alipay_public_key=SecretStr(alipay().public_base64),
        alipay_url=url,
    )


class Line:
    """An address that is made once, behind which each test has a simulator of its own."""

    def __init__(self) -> None:
        self.simulator = AlipaySimulator()

    async def answer(self, request: Request) -> bytes | None:
        return await self.simulator.answer(request)


@pytest.fixture(scope="module")
async def line() -> AsyncIterator[tuple[Line, PaymentProvider]]:
    made = Line()
    async with serving(made.answer) as url, HttpClients(0.5) as clients:
        yield made, settings(url).connect(clients)


@pytest.fixture
def simulator(line: tuple[Line, PaymentProvider]) -> AlipaySimulator:
    line[0].simulator = AlipaySimulator(trades={TRADE: 1_000, OTHER_TRADE: 1_000})
    return line[0].simulator


@pytest.fixture
def payment(simulator: AlipaySimulator, line: tuple[Line, PaymentProvider]) -> PaymentProvider:
    return line[1]


def a_refund(amount: int = 300, payment_id: str = TRADE, **more: object) -> PaymentIntent:
    rma_id = rma_id_for("O-1", str(next(_NUMBERS)))
    fields = {
        "key": refund_key(rma_id, 1, 0),
        "rma_id": rma_id,
        "order_id": "O-1",
        "direction": PaymentDirection.REFUND,
        "payment_id": payment_id,
        "method_id": "wallet",
        "amount_minor": amount,
        "currency": "CNY",
    }
    return PaymentIntent.model_validate(fields | more)


async def test_a_refund_is_asked_for_as_documented(payment: PaymentProvider, simulator: AlipaySimulator) -> None:
    intent = a_refund()

    made = await payment.submit(intent, AT)

    (asked,) = simulator.requests
    timestamp = datetime.strptime(asked["timestamp"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    in_shanghai = datetime.now(UTC) + timedelta(hours=8)
    assert abs(in_shanghai - timestamp) < timedelta(minutes=1)
    assert is_signed(text_to_sign(asked), asked.pop("sign"), merchant().private.public_key())
    assert json.loads(asked["biz_content"]) == {
        "trade_no": TRADE,
        "out_request_no": intent.key,
        "refund_amount": "3.00",
    }
    assert asked | {"timestamp": "", "biz_content": ""} == {
        "app_id": APP_ID,
        "method": "alipay.trade.refund",
        "format": "JSON",
        "charset": "utf-8",
        "sign_type": "RSA2",
        "version": "1.0",
        "timestamp": "",
        "biz_content": "",
    }
    assert (made.reference, made.status, made.payment_id) == (intent.key, ProviderStatus.SUCCEEDED, TRADE)
    assert (made.amount_minor, made.currency) == (300, "CNY")
    assert made == await payment.find(intent)


async def test_refunds_of_a_payment_are_told_apart(payment: PaymentProvider, simulator: AlipaySimulator) -> None:
    first, second, other = a_refund(300), a_refund(700), a_refund(5, OTHER_TRADE)
    for intent in (first, second, other):
        assert (await payment.submit(intent, AT)).amount_minor == intent.amount_minor
    found = await payment.find(second)
    assert found is not None
    assert (found.reference, found.amount_minor) == (second.key, 700)
    assert await payment.find(other.model_copy(update={"payment_id": TRADE})) is None
    assert simulator.refunded(TRADE) == [300, 700]


async def test_a_repeat_that_changed_nothing_is_proven_by_the_query(
    payment: PaymentProvider, simulator: AlipaySimulator
) -> None:
    intent = a_refund()
    first = await payment.submit(intent, AT)
    assert await payment.submit(intent, AT) == first
    assert [each["method"] for each in simulator.requests] == [REFUND, REFUND, QUERY]
    assert simulator.refunded(TRADE) == [300]


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"refund_amount": "0.00"},
        {
            "trade_no": TRADE,
            "out_request_no": "another",
            "refund_amount": "3.00",
            "refund_status": "REFUND_SUCCESS",
        },
        {"trade_no": OTHER_TRADE, "refund_amount": "3.00", "refund_status": "REFUND_SUCCESS"},
        {"trade_no": TRADE, "refund_amount": 3.0, "refund_status": "REFUND_SUCCESS"},
        None,
    ],
)
async def test_a_success_that_changed_nothing_proves_nothing(
    payment: PaymentProvider, simulator: AlipaySimulator, query: dict[str, Any] | None
) -> None:
    said = {"trade_no": TRADE, "fund_change": "N", "refund_fee": "3.00"}
    simulator.slips[REFUND].append(Slip(simulator.told(REFUND, said), is_done=False))
    simulator.slips[QUERY].append(Slip(None if query is None else simulator.told(QUERY, query)))
    await _submitted(payment, a_refund(), OutcomeUnknown)


async def test_a_success_that_says_nothing_of_funds_proves_nothing(
    payment: PaymentProvider, simulator: AlipaySimulator
) -> None:
    simulator.slips[REFUND].append(Slip(simulator.told(REFUND, {"trade_no": TRADE}), is_done=False))
    await _submitted(payment, a_refund(), OutcomeUnknown)


async def test_a_refund_that_is_looked_up_too_soon_may_be_repeated(
    payment: PaymentProvider, simulator: AlipaySimulator
) -> None:
    """Its answer is lost and the query does not know it yet; so it is sent again, and paid once."""
    simulator.late = 2
    simulator.slips[REFUND].append(Slip(None))
    intent = a_refund()
    await _submitted(payment, intent, OutcomeUnknown)
    assert await payment.find(intent) is None
    await _submitted(payment, intent, OutcomeUnknown)
    found = await payment.find(intent)
    assert found is not None
    assert found.status is ProviderStatus.SUCCEEDED
    assert simulator.refunded(TRADE) == [300]


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("REFUND_SUCCESS", ProviderStatus.SUCCEEDED),
        ("REFUND_PROCESSING", ProviderStatus.PENDING),
        ("A_STATUS_OF_TOMORROW", ProviderStatus.PENDING),
        ("", ProviderStatus.PENDING),
    ],
)
async def test_what_a_status_means(
    payment: PaymentProvider, simulator: AlipaySimulator, said: str, status: ProviderStatus
) -> None:
    simulator.status = said
    made = await payment.submit(a_refund(), AT)
    assert (made.status, made.amount_minor, made.failure) == (status, 300, "")


async def test_a_bank_that_does_not_take_it_makes_no_failure_of_a_refund(
    payment: PaymentProvider, simulator: AlipaySimulator
) -> None:
    """Alipay then pays it into the customer's balance."""
    intent = a_refund()
    await payment.submit(intent, AT)
    simulator.refunds[0].bank_leg = "F"
    found = await payment.find(intent)
    assert found is not None
    assert found.status is ProviderStatus.SUCCEEDED


async def test_alipay_lists_nothing(payment: PaymentProvider, simulator: AlipaySimulator) -> None:
    page = await payment.changed(AT, AT + timedelta(days=1))
    assert (page.payments, page.next) == ((), "")
    assert simulator.requests == []


SIGNED = AlipaySimulator()
DONE = {"trade_no": TRADE, "fund_change": "Y"}
CUT = reply(200, SIGNED.signed(REFUND, {"code": "10000"} | DONE))[:-10]
FORGED = AlipaySimulator(keys=stranger())
UNCLEAR = {
    "the answer is lost": None,
    "reset in the body": CUT,
    "HTML": reply(200, b"<html>Lake Road</html>"),
    "not signed": reply(200, SIGNED.unsigned(REFUND, {"code": "10000"} | DONE)),
    "signed by another": FORGED.told(REFUND, DONE),
    "the answer to a query": SIGNED.told(QUERY, DONE),
    "of another payment": SIGNED.told(REFUND, DONE | {"trade_no": OTHER_TRADE}),
    "of no payment": SIGNED.told(REFUND, {"fund_change": "Y"}),
    "without a code": reply(200, SIGNED.signed(REFUND, DONE)),
    "a refusal that is not signed": SIGNED.failed(REFUND, "40004", "ACQ.TRADE_NOT_EXIST", is_signed=False),
    "no permission, not signed": SIGNED.failed(REFUND, "40006", "isv.insufficient-permissions", is_signed=False),
    "a refusal that another signed": FORGED.failed(REFUND, "40004", "ACQ.TRADE_NOT_EXIST"),
    "the system's error": SIGNED.failed(REFUND, "40004", "ACQ.SYSTEM_ERROR"),
    "the same by its other name": SIGNED.failed(REFUND, "40004", "aop.ACQ.SYSTEM_ERROR"),
    "the same misspelled": SIGNED.failed(REFUND, "40004", "AQC.SYSTEM_ERROR"),
    "the system's error at the gateway": SIGNED.failed(REFUND, "20000", "aop.ACQ.SYSTEM_ERROR"),
    "service not available": SIGNED.failed(REFUND, "20000", "isp.unknow-error"),
    "another amount under the reference": SIGNED.failed(REFUND, "40004", "ACQ.DISCORDANT_REPEAT_REQUEST"),
    "a failure of tomorrow": SIGNED.failed(REFUND, "40004", "ACQ.LAKE_ROAD"),
    "a code of tomorrow": SIGNED.failed(REFUND, "40010", "isv.lake-road"),
    "a code that is none": SIGNED.failed(REFUND, "Mia Li, Lake Road", "Mia Li, Lake Road"),
    "500": reply(500, b"<html>"),
    "502 of a proxy": reply(502, b"<html>Lake Road</html>"),
    "429 of a proxy": reply(429, b"<html>", Retry_After="7"),
    "404 of a proxy": reply(404, b"<html>Lake Road</html>"),
    "a redirect": reply(307, b"", Location="/elsewhere"),
}
NOT_DONE = {
    "our balance": SIGNED.failed(REFUND, "40004", "ACQ.SELLER_BALANCE_NOT_ENOUGH"),
    "frozen": SIGNED.failed(REFUND, "40004", "ACQ.REASON_TRADE_BEEN_FREEZEN"),
    "our parameter": SIGNED.failed(REFUND, "40004", "ACQ.INVALID_PARAMETER"),
    "authorization": SIGNED.failed(REFUND, "20001", "aop.invalid-app-auth-token"),
    "a field is missing": SIGNED.failed(REFUND, "40001", "isv.missing-timestamp"),
    "our signature": SIGNED.failed(REFUND, "40002", "isv.invalid-signature"),
    "too many calls": SIGNED.failed(REFUND, "40005", "isv.app-call-limited"),
    "no permission": SIGNED.failed(REFUND, "40006", "isv.insufficient-isv-permissions"),
}
REFUSED = [
    "ACQ.REASON_TRADE_REFUND_FEE_ERR",
    "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL",
    "ACQ.TRADE_NOT_EXIST",
    "ACQ.TRADE_HAS_CLOSE",
    "ACQ.TRADE_HAS_FINISHED",
    "ACQ.NOT_ALLOW_PARTIAL_REFUND",
    "ACQ.BUYER_ENABLE_STATUS_FORBID",
]


async def _submitted(payment: PaymentProvider, intent: PaymentIntent, error: type[ProviderError]) -> ProviderError:
    with pytest.raises(error) as failure:
        await payment.submit(intent, AT)
    for text in (str(failure.value), str(failure.value.__cause__)):
        assert "Lake Road" not in text
        assert "lakeroad" not in text
        assert "MII" not in text
    return failure.value


@pytest.mark.parametrize("case", UNCLEAR)
async def test_an_unclear_answer_may_have_been_done(
    payment: PaymentProvider, simulator: AlipaySimulator, case: str
) -> None:
    simulator.slips[REFUND].append(Slip(UNCLEAR[case]))
    intent = a_refund()
    await _submitted(payment, intent, OutcomeUnknown)
    found = await payment.find(intent)
    assert found is not None
    assert found.status is ProviderStatus.SUCCEEDED


@pytest.mark.parametrize("case", NOT_DONE)
async def test_what_was_not_done_can_be_sent_again(
    payment: PaymentProvider, simulator: AlipaySimulator, case: str
) -> None:
    simulator.slips[REFUND].append(Slip(NOT_DONE[case], is_done=False))
    intent = a_refund()
    await _submitted(payment, intent, ProviderUnavailable)
    assert (await payment.submit(intent, AT)).status is ProviderStatus.SUCCEEDED
    assert simulator.refunded(TRADE) == [300]


@pytest.mark.parametrize("code", REFUSED)
async def test_a_refusal_carries_its_code_and_nothing_else(
    payment: PaymentProvider, simulator: AlipaySimulator, code: str
) -> None:
    simulator.slips[REFUND].append(Slip(simulator.failed(REFUND, "40004", code), is_done=False))
    error = await _submitted(payment, a_refund(), ProviderRefused)
    assert isinstance(error, ProviderRefused)
    assert error.code == code


async def test_a_payment_is_refunded_only_once_over(payment: PaymentProvider) -> None:
    await payment.submit(a_refund(600), AT)
    codes = []
    for amount in (1_001, 401, 400, 1):
        try:
            await payment.submit(a_refund(amount), AT)
        except ProviderRefused as refused:
            codes.append(refused.code)
    assert codes == ["ACQ.REFUND_AMT_NOT_EQUAL_TOTAL", "ACQ.REASON_TRADE_REFUND_FEE_ERR", "ACQ.TRADE_HAS_CLOSE"]


@pytest.mark.parametrize("case", ["HTML", "not signed", "signed by another", "reset in the body", "500"])
async def test_a_look_up_that_is_not_answered_says_nothing(
    payment: PaymentProvider, simulator: AlipaySimulator, case: str
) -> None:
    simulator.slips[QUERY].append(Slip(UNCLEAR[case]))
    with pytest.raises(ProviderUnavailable):
        await payment.find(a_refund())


async def test_another_amount_under_the_key_is_no_end_of_the_refund(
    payment: PaymentProvider, simulator: AlipaySimulator
) -> None:
    intent = a_refund()
    await payment.submit(intent.model_copy(update={"amount_minor": 200}), AT)
    await _submitted(payment, intent, OutcomeUnknown)
    with pytest.raises(ProviderUnavailable, match="another amount"):
        await payment.find(intent)
    (told,) = await payment.under(PaymentDirection.REFUND, intent.key, TRADE)
    assert (told.amount_minor, simulator.refunded(TRADE)) == (200, [200])


async def test_a_look_up_of_no_payment_is_refused(payment: PaymentProvider, simulator: AlipaySimulator) -> None:
    simulator.trades.clear()
    with pytest.raises(ProviderRefused) as refused:
        await payment.find(a_refund())
    assert refused.value.code == "ACQ.TRADE_NOT_EXIST"


async def test_a_key_that_is_not_the_apps_is_ours_to_mend(simulator: AlipaySimulator) -> None:
    async with simulator.running() as url, HttpClients() as clients:
        with pytest.raises(ProviderUnavailable, match=r"isv\.invalid-signature"):
            await settings(url, stranger()).connect(clients).submit(a_refund(), AT)
    assert simulator.refunds == []


async def test_other_directions_are_refused_before_anything_is_sent(
    payment: PaymentProvider, simulator: AlipaySimulator
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
    assert simulator.requests == []


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"payment_id": "CN-1001-p1"}, "payment_not_of_alipay"),
        ({"payment_id": "４2026030122001419121412730660"}, "payment_not_of_alipay"),
        ({"payment_id": ""}, "payment_not_of_alipay"),
        ({"currency": "USD"}, "currency_not_offered"),
        ({"currency": "JPY"}, "currency_not_offered"),
        ({"amount_minor": 10**10 + 1}, "amount_not_offered"),
    ],
)
async def test_what_cannot_be_said_to_alipay_is_not_sent(
    payment: PaymentProvider, simulator: AlipaySimulator, fields: dict[str, object], code: str
) -> None:
    with pytest.raises(ProviderRefused) as refused:
        await payment.submit(a_refund(**fields), AT)  # type: ignore[arg-type]
    assert refused.value.code == code
    assert simulator.requests == []
