"""The adapter for WeChat Pay against the simulator, on a real socket."""

import itertools
import json
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr

from adapters.errors import OutcomeUnknown, ProviderError, ProviderRefused, ProviderUnavailable
from adapters.http import HttpClients
from adapters.payment.port import PaymentProvider
from adapters.payment.wechat import WechatSettings
from domain.intents import PaymentDirection, PaymentIntent, ProviderStatus
from tests.payments.keys import merchant, stranger, wechat
from tests.payments.wire import reply
from tests.wechat.simulator import KEY_ID, MCHID, SERIAL_NO, Slip, WechatSimulator

AT = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)
PAYMENT = "4200001234202603010000000001"
_NUMBERS = itertools.count(1)


def settings(url: str, own_key: str = "") -> WechatSettings:
    return WechatSettings(
        wechat_mchid=MCHID,
        wechat_serial_no=SERIAL_NO,
        wechat_private_key=SecretStr(own_key or merchant().private_pem),
        wechat_public_key_id=KEY_ID,
        wechat_public_key=SecretStr(wechat().public_pem),
        wechat_url=url,
    )


@pytest.fixture
def simulator() -> WechatSimulator:
    return WechatSimulator(payments={PAYMENT: 1_000})


@pytest.fixture
async def payment(simulator: WechatSimulator) -> AsyncIterator[PaymentProvider]:
    async with simulator.running() as url, HttpClients(0.5) as clients:
        yield settings(url).connect(clients)


def a_refund(amount: int = 300, **more: object) -> PaymentIntent:
    number = next(_NUMBERS)
    fields = {
        "key": f"RMA-{number}-refund-1-t0",
        "rma_id": f"RMA-{number}",
        "order_id": "O-1",
        "direction": PaymentDirection.REFUND,
        "payment_id": PAYMENT,
        "method_id": "WALLET-1",
        "amount_minor": amount,
        "currency": "CNY",
    }
    return PaymentIntent.model_validate(fields | more)


async def test_a_refund_is_asked_for_as_documented(payment: PaymentProvider, simulator: WechatSimulator) -> None:
    intent = a_refund()

    made = await payment.submit(intent, AT)

    total, asked = simulator.requests
    assert total.target == f"/v3/pay/transactions/id/{PAYMENT}?mchid={MCHID}"
    assert json.loads(asked.body) == {
        "transaction_id": PAYMENT,
        "out_refund_no": intent.key,
        "amount": {"refund": 300, "total": 1_000, "currency": "CNY"},
    }
    assert asked.headers["wechatpay-serial"] == KEY_ID
    assert (made.reference, made.status, made.amount_minor, made.payment_id) == (
        intent.key,
        ProviderStatus.PENDING,
        300,
        PAYMENT,
    )
    assert made.provider_reference == simulator.refunds[0].refund_id


@pytest.mark.parametrize(
    ("said", "status", "failure"),
    [
        ("PROCESSING", ProviderStatus.PENDING, ""),
        ("ABNORMAL", ProviderStatus.PENDING, ""),
        ("A_STATUS_OF_TOMORROW", ProviderStatus.PENDING, ""),
        ("SUCCESS", ProviderStatus.SUCCEEDED, ""),
        ("CLOSED", ProviderStatus.FAILED, "CLOSED"),
    ],
)
async def test_what_a_status_means(
    payment: PaymentProvider, simulator: WechatSimulator, said: str, status: ProviderStatus, failure: str
) -> None:
    intent = a_refund()
    simulator.status = said
    await payment.submit(intent, AT)
    found = await payment.find(intent)
    assert found is not None
    assert (found.status, found.failure) == (status, failure)


async def test_what_wechat_never_saw_is_not_found(payment: PaymentProvider) -> None:
    assert await payment.find(a_refund()) is None
    assert await payment.under(PaymentDirection.REFUND, "RMA-0-refund-1-t0", "") == ()


async def test_a_repeat_is_the_same_refund(payment: PaymentProvider, simulator: WechatSimulator) -> None:
    intent = a_refund()
    first = await payment.submit(intent, AT)
    assert await payment.submit(intent, AT) == first
    assert simulator.refunded(PAYMENT) == [300]


async def test_a_reference_with_another_amount_is_no_decline(
    payment: PaymentProvider, simulator: WechatSimulator
) -> None:
    intent = a_refund()
    await payment.submit(intent, AT)
    with pytest.raises(ProviderUnavailable, match="400 INVALID_REQUEST"):
        await payment.submit(intent.model_copy(update={"amount_minor": 301}), AT)
    with pytest.raises(ProviderUnavailable, match="another amount"):
        await payment.find(intent.model_copy(update={"amount_minor": 301}))
    assert simulator.refunded(PAYMENT) == [300]


async def test_a_second_refund_waits_for_its_minute(payment: PaymentProvider, simulator: WechatSimulator) -> None:
    await payment.submit(a_refund(), AT)
    second = a_refund()
    with pytest.raises(ProviderUnavailable, match="429 FREQUENCY_LIMITED"):
        await payment.submit(second, AT)
    assert await payment.find(second) is None
    simulator.now += 60
    await payment.submit(second, AT)
    assert simulator.refunded(PAYMENT) == [300, 300]


async def test_the_51st_refund_is_no_decline(payment: PaymentProvider, simulator: WechatSimulator) -> None:
    await payment.submit(a_refund(1), AT)
    simulator.refunds *= 50
    simulator.now += 60
    with pytest.raises(ProviderUnavailable, match="INVALID_REQUEST"):
        await payment.submit(a_refund(1), AT)


async def test_more_than_is_left_is_no_decline(payment: PaymentProvider) -> None:
    with pytest.raises(ProviderUnavailable, match="INVALID_REQUEST"):
        await payment.submit(a_refund(1_001), AT)


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (429, "FREQUENCY_LIMITED", ProviderUnavailable),
        (403, "NOT_ENOUGH", ProviderUnavailable),
        (403, "NO_AUTH", ProviderUnavailable),
        (401, "SIGN_ERROR", ProviderUnavailable),
        (400, "PARAM_ERROR", ProviderUnavailable),
        (404, "MCH_NOT_EXISTS", ProviderUnavailable),
        (500, "SYSTEM_ERROR", OutcomeUnknown),
        (400, "A_CODE_OF_TOMORROW", OutcomeUnknown),
        (202, "A_CODE_OF_TOMORROW", OutcomeUnknown),
        (403, "USER_ACCOUNT_ABNORMAL", ProviderRefused),
        (404, "RESOURCE_NOT_EXISTS", ProviderRefused),
    ],
)
async def test_what_an_error_means(
    payment: PaymentProvider, simulator: WechatSimulator, status: int, code: str, error: type[ProviderError]
) -> None:
    simulator.slips.append(Slip(simulator.failed(status, code), is_done=False))
    with pytest.raises(error) as raised:
        await payment.submit(a_refund(), AT)
    assert type(raised.value) is error
    assert "Mia" not in str(raised.value)


Said = Callable[[WechatSimulator], bytes | None]
_DECLINE = {"code": "USER_ACCOUNT_ABNORMAL"}
NOT_BELIEVED: dict[str, Said] = {
    "none": lambda _: None,
    "unsigned": lambda _: reply(403, _DECLINE),
    "by another": lambda _: WechatSimulator(keys=stranger()).told(403, _DECLINE),
    "under another key": lambda it: it.told(403, _DECLINE, key_id="PUB_KEY_ID_other"),
    "old": lambda it: it.told(403, _DECLINE, at=time.time() - 302),
    "of tomorrow": lambda it: it.told(403, _DECLINE, at=time.time() + 302),
    "changed": lambda it: it.failed(403, "USER_ACCOUNT_ABNORMAL").replace(b"Lake", b"Lane"),
    "of another call": lambda it: it.told(200, {"code": "signed and not a refund"}),
}


@pytest.mark.parametrize("said", NOT_BELIEVED.values(), ids=NOT_BELIEVED)
async def test_what_is_not_wechats_word_is_not_believed(
    payment: PaymentProvider, simulator: WechatSimulator, said: Said
) -> None:
    simulator.slips.append(Slip(said(simulator)))
    intent = a_refund()
    with pytest.raises(OutcomeUnknown):
        await payment.submit(intent, AT)
    found = await payment.find(intent)
    assert found is not None


async def test_an_unsigned_look_up_is_no_word_that_there_was_nothing(
    payment: PaymentProvider, simulator: WechatSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulator, "_query", lambda _: reply(404, {"code": "RESOURCE_NOT_EXISTS"}))
    with pytest.raises(ProviderUnavailable):
        await payment.find(a_refund())


async def test_what_is_not_offered_is_refused_before_anything_is_sent(
    payment: PaymentProvider, simulator: WechatSimulator
) -> None:
    wrong = {
        "payment_not_of_wechat": a_refund(payment_id="pi_1"),
        "currency_not_offered": a_refund(currency="USD"),
        "direction_not_offered": a_refund(direction=PaymentDirection.CHARGE),
    }
    for code, intent in wrong.items():
        with pytest.raises(ProviderRefused) as refused:
            await payment.submit(intent, AT)
        assert refused.value.code == code
    with pytest.raises(ProviderRefused):
        await payment.renew_hold("RMA-1-hold-1", AT)
    await payment.release_hold("RMA-1-hold-1", AT)
    assert (await payment.changed(AT, AT)).payments == ()
    assert simulator.requests == []


async def test_an_unknown_payment_is_refused(payment: PaymentProvider) -> None:
    with pytest.raises(ProviderRefused, match="ORDER_NOT_EXIST"):
        await payment.submit(a_refund(payment_id="4200001234202603019999999999"), AT)


async def test_a_call_that_another_key_signed_waits(simulator: WechatSimulator) -> None:
    async with simulator.running() as url, HttpClients(0.5) as clients:
        with pytest.raises(ProviderUnavailable, match="401 SIGN_ERROR"):
            await settings(url, stranger().private_pem).connect(clients).submit(a_refund(), AT)
    assert simulator.refunds == []
