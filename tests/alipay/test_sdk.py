"""The simulator against Alipay's own SDK, which signs and verifies with code of its own."""

import asyncio
import http.client
import json
from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from alipay.aop.api.AlipayClientConfig import AlipayClientConfig
from alipay.aop.api.DefaultAlipayClient import DefaultAlipayClient
from alipay.aop.api.domain.AlipayTradeFastpayRefundQueryModel import AlipayTradeFastpayRefundQueryModel
from alipay.aop.api.domain.AlipayTradeRefundModel import AlipayTradeRefundModel
from alipay.aop.api.exception.Exception import ResponseException
from alipay.aop.api.request.AlipayTradeFastpayRefundQueryRequest import AlipayTradeFastpayRefundQueryRequest
from alipay.aop.api.request.AlipayTradeRefundRequest import AlipayTradeRefundRequest
from alipay.aop.api.util import WebUtils
from alipay.aop.api.util.SignatureUtils import get_sign_content, sign_with_rsa2

from adapters.payment.alipay_signature import sign, text_to_sign
from tests.alipay.keys import KeyPair, alipay, merchant, stranger
from tests.alipay.simulator import APP_ID, AlipaySimulator, Refund

TRADE = "2026030122001419121412730660"


class Sdk:
    """Alipay's client, which blocks and so runs in a thread."""

    def __init__(self, url: str, ours: KeyPair, theirs: KeyPair) -> None:
        config = AlipayClientConfig()
        config.server_url = f"{url}/gateway.do"
        config.app_id = APP_ID
        config.app_private_key = ours.private_base64
        config.alipay_public_key = theirs.public_base64
        self._client = DefaultAlipayClient(config)

    async def refund(self, reference: str, yuan: str) -> dict[str, Any]:
        model = AlipayTradeRefundModel()
        model.trade_no, model.out_request_no, model.refund_amount = TRADE, reference, yuan
        return await self._asked(AlipayTradeRefundRequest(model))

    async def query(self, reference: str) -> dict[str, Any]:
        model = AlipayTradeFastpayRefundQueryModel()
        model.trade_no, model.out_request_no = TRADE, reference
        model.query_options = ["deposit_back_info"]
        return await self._asked(AlipayTradeFastpayRefundQueryRequest(model))

    async def _asked(self, request: object) -> dict[str, Any]:
        said: dict[str, Any] = json.loads(await asyncio.to_thread(self._client.execute, request))
        return said


MakeSdk = Callable[[KeyPair, KeyPair], Sdk]


@pytest.fixture
def simulator() -> AlipaySimulator:
    return AlipaySimulator(trades={TRADE: 1_000})


@pytest.fixture
async def sdk(simulator: AlipaySimulator, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[MakeSdk]:
    """Makes clients of the simulator. The SDK connects to ports 80 and 443 only, so that step is ours."""

    def connected(url: str, asked: str, timeout: int) -> tuple[str, http.client.HTTPConnection]:
        there = urlsplit(url)
        return f"{there.path}?{asked}", http.client.HTTPConnection(
            str(there.hostname), there.port, timeout=timeout
        )

    monkeypatch.setattr(WebUtils, "get_http_connection", connected)
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
    assert found["deposit_back_info"]["dback_status"] == "S"
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
    with pytest.raises(ResponseException, match="sign verify failed"):
        await sdk(merchant(), stranger()).query("RMA-1-refund-1-t0")


def test_the_sdk_signs_as_we_do() -> None:
    fields = {"method": "alipay.trade.refund", "app_id": APP_ID, "biz_content": '{"refund_reason":"退款 & mehr"}'}
    assert get_sign_content(fields) == text_to_sign(fields)
    theirs = sign_with_rsa2(merchant().private_base64, get_sign_content(fields), "utf-8")
    assert theirs == sign(text_to_sign(fields), merchant().private)
