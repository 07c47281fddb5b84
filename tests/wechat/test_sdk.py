"""The simulator against an SDK for WeChat Pay that others wrote, which signs and verifies with code of its own."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from wechatpayv3 import WeChatPay, WeChatPayType
from wechatpayv3.utils import rsa_verify

from adapters.payment.wechat_signature import lines, sign
from tests.payments.keys import KeyPair, merchant, stranger, wechat
from tests.wechat.simulator import KEY_ID, MCHID, SERIAL_NO, WechatSimulator

PAYMENT = "4200001234202603010000000001"
REFERENCE = "RMA-1-refund-1-t0"


class Sdk:
    """The SDK's client, which blocks and so runs in a thread."""

    def __init__(self, url: str, ours: KeyPair, theirs: KeyPair) -> None:
        self._client = WeChatPay(
            wechatpay_type=WeChatPayType.JSAPI,
            mchid=MCHID,
            private_key=ours.private_pem,
            cert_serial_no=SERIAL_NO,
            apiv3_key="0" * 32,
            appid="wx8888888888888888",
            notify_url="https://shop.example/refunds",
            public_key=theirs.public_pem,
            public_key_id=KEY_ID,
            timeout=(5, 5),
        )
        self._client._core._gate_way = url

    async def refund(self, fen: int) -> tuple[int, dict[str, Any]]:
        amount = {"refund": fen, "total": 1_000, "currency": "CNY"}
        asked = {"out_refund_no": REFERENCE, "amount": amount, "transaction_id": PAYMENT}
        status, body = await asyncio.to_thread(lambda: self._client.refund(**asked))
        return status, json.loads(body)

    async def query(self) -> tuple[int, dict[str, Any]]:
        status, body = await asyncio.to_thread(self._client.query_refund, REFERENCE)
        return status, json.loads(body)

    async def payment(self) -> tuple[int, dict[str, Any]]:
        status, body = await asyncio.to_thread(lambda: self._client.query(transaction_id=PAYMENT))
        return status, json.loads(body)


MakeSdk = Callable[[KeyPair, KeyPair], Sdk]


@pytest.fixture
def simulator() -> WechatSimulator:
    return WechatSimulator(payments={PAYMENT: 1_000})


@pytest.fixture
async def sdk(simulator: WechatSimulator) -> AsyncIterator[MakeSdk]:
    """Makes clients of the simulator."""
    async with simulator.running() as url:
        yield lambda ours, theirs: Sdk(url, ours, theirs)


async def test_a_refund_a_repeat_and_a_query(sdk: MakeSdk, simulator: WechatSimulator) -> None:
    client = sdk(merchant(), wechat())

    assert (await client.query())[0] == 404
    made = await client.refund(300)
    again = await client.refund(300)
    other = await client.refund(301)
    found = await client.query()
    paid = await client.payment()

    assert (made[0], made[1]["status"], made[1]["amount"]["refund"]) == (200, "PROCESSING", 300)
    assert again == made
    assert (other[0], other[1]["code"]) == (400, "INVALID_REQUEST")
    assert (found[0], found[1]["status"], found[1]["refund_id"]) == (200, "SUCCESS", made[1]["refund_id"])
    assert (paid[0], paid[1]["amount"]["total"]) == (200, 1_000)
    assert simulator.refunded(PAYMENT) == [300]


async def test_what_another_key_signed_is_not_done(sdk: MakeSdk, simulator: WechatSimulator) -> None:
    status, said = await sdk(stranger(), wechat()).refund(300)
    assert (status, said["code"], simulator.refunds) == (401, "SIGN_ERROR", [])


async def test_the_sdk_does_not_believe_what_another_key_signed(sdk: MakeSdk) -> None:
    with pytest.raises(Exception, match="failed to verify the signature"):
        await sdk(merchant(), stranger()).refund(300)


def test_the_sdk_verifies_what_we_sign() -> None:
    signature = sign(lines("1772353815", "nonce", '{"理由":"退款"}'), merchant().private)
    key = merchant().private.public_key()
    assert rsa_verify("1772353815", "nonce", '{"理由":"退款"}', signature, key)
    assert not rsa_verify("1772353816", "nonce", '{"理由":"退款"}', signature, key)
