"""The simulator against an SDK for Alipay that others wrote, which signs and verifies with code of its own."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from alipay import AliPay
from alipay.exceptions import AliPayValidationError

from adapters.payment.alipay_signature import sign, text_to_sign
from tests.alipay.simulator import APP_ID, AlipaySimulator, Refund
from tests.payments.keys import KeyPair, alipay, merchant, stranger

TRADE = "2026030122001419121412730660"


class Sdk:
    """The SDK's client, which blocks and so runs in a thread."""

    def __init__(self, url: str, ours: KeyPair, theirs: KeyPair) -> None:
        keys = {"app_private_key_string": ours.private_pem, "alipay_public_key_string": theirs.public_pem}
        self._client = AliPay(APP_ID, **keys)
        self._client._gateway = f"{url}/gateway.do"

    async def refund(self, reference: str, yuan: str) -> dict[str, Any]:
        asked = {"trade_no": TRADE, "out_request_no": reference, "refund_amount": yuan}
        said: dict[str, Any] = await asyncio.to_thread(self._client.api_alipay_trade_refund, **asked)
        return said

    async def query(self, reference: str) -> dict[str, Any]:
        asked = {"trade_no": TRADE, "out_request_no": reference}
        said: dict[str, Any] = await asyncio.to_thread(self._client.api_alipay_trade_fastpay_refund_query, **asked)
        return said


MakeSdk = Callable[[KeyPair, KeyPair], Sdk]


@pytest.fixture
def simulator() -> AlipaySimulator:
    return AlipaySimulator(trades={TRADE: 1_000})


@pytest.fixture
async def sdk(simulator: AlipaySimulator) -> AsyncIterator[MakeSdk]:
    """Makes clients of the simulator."""
    async with simulator.running() as url:
        yield lambda ours, theirs: Sdk(url, ours, theirs)


async def test_a_refund_a_repeat_and_a_query(sdk: MakeSdk, simulator: AlipaySimulator) -> None:
    client = sdk(merchant(), alipay())

    assert (await client.query("RMA-1-refund-1-t0")) == {"code": "10000", "msg": "Success"}
    made = await client.refund("RMA-1-refund-1-t0", "3.00")
    again = await client.refund("RMA-1-refund-1-t0", "3.00")
    found = await client.query("RMA-1-refund-1-t0")

    assert (made["code"], made["fund_change"], made["refund_fee"]) == ("10000", "Y", "3.00")
    assert (again["code"], again["fund_change"], again["refund_fee"]) == ("10000", "N", "3.00")
    assert (found["refund_status"], found["refund_amount"]) == ("REFUND_SUCCESS", "3.00")
    assert simulator.refunds == [Refund(TRADE, "RMA-1-refund-1-t0", 300)]


async def test_a_refusal_of_alipays_is_signed_too(sdk: MakeSdk) -> None:
    client = sdk(merchant(), alipay())
    await client.refund("RMA-1-refund-1-t0", "6.00")
    assert (await client.refund("RMA-1-refund-1-t0", "5.00"))["sub_code"] == "ACQ.DISCORDANT_REPEAT_REQUEST"
    assert (await client.refund("RMA-1-refund-2-t0", "4.01"))["sub_code"] == "ACQ.REASON_TRADE_REFUND_FEE_ERR"


async def test_what_another_key_signed_is_not_done(sdk: MakeSdk, simulator: AlipaySimulator) -> None:
    client = sdk(stranger(), alipay())
    assert (await client.refund("RMA-1-refund-1-t0", "3.00"))["sub_code"] == "isv.invalid-signature"
    assert simulator.refunds == []


async def test_the_sdk_does_not_believe_what_another_key_signed(sdk: MakeSdk) -> None:
    with pytest.raises(AliPayValidationError):
        await sdk(merchant(), stranger()).query("RMA-1-refund-1-t0")


def test_the_sdk_signs_as_we_do() -> None:
    fields = {"method": "alipay.trade.refund", "app_id": APP_ID, "biz_content": '{"refund_reason":"退款 & mehr"}'}
    keys = {"app_private_key_string": merchant().private_pem, "alipay_public_key_string": alipay().public_pem}
    client = AliPay(APP_ID, **keys)
    ours = sign(text_to_sign(fields), merchant().private)
    assert client._sign(text_to_sign(fields)) == ours
    assert client._verify(text_to_sign(fields), ours) is False
    assert AliPay(APP_ID, **keys | {"alipay_public_key_string": merchant().public_pem}).verify(dict(fields), ours)
