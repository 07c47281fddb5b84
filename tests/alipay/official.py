"""Calls Alipay's own SDK, in the environment of its own that `make peers` makes: it weighs 440 MB.

Reads from standard input where to call, the keys and the calls; writes what the SDK returned for each, or raised.
"""

import http.client
import json
import sys
from typing import Any
from urllib.parse import urlsplit

from alipay.aop.api.AlipayClientConfig import AlipayClientConfig
from alipay.aop.api.DefaultAlipayClient import DefaultAlipayClient
from alipay.aop.api.domain.AlipayTradeFastpayRefundQueryModel import AlipayTradeFastpayRefundQueryModel
from alipay.aop.api.domain.AlipayTradeRefundModel import AlipayTradeRefundModel
from alipay.aop.api.exception.Exception import ResponseException
from alipay.aop.api.request.AlipayTradeFastpayRefundQueryRequest import AlipayTradeFastpayRefundQueryRequest
from alipay.aop.api.request.AlipayTradeRefundRequest import AlipayTradeRefundRequest
from alipay.aop.api.util import WebUtils


def connected(url: str, asked: str, timeout: int) -> tuple[str, http.client.HTTPConnection]:
    """In place of the SDK's own, which connects to ports 80 and 443 only."""
    there = urlsplit(url)
    return f"{there.path}?{asked}", http.client.HTTPConnection(str(there.hostname), there.port, timeout=timeout)


def request(method: str, **fields: str) -> object:
    """A call in the SDK's terms."""
    if method == "refund":
        refund = AlipayTradeRefundModel()
        refund.trade_no, refund.out_request_no = fields["trade_no"], fields["out_request_no"]
        refund.refund_amount = fields["refund_amount"]
        return AlipayTradeRefundRequest(refund)
    query = AlipayTradeFastpayRefundQueryModel()
    query.trade_no, query.out_request_no = fields["trade_no"], fields["out_request_no"]
    query.query_options = ["deposit_back_info"]
    return AlipayTradeFastpayRefundQueryRequest(query)


def main() -> None:
    """Make the calls, one after the other."""
    told: dict[str, Any] = json.load(sys.stdin)
    WebUtils.get_http_connection = connected
    config = AlipayClientConfig()
    config.server_url, config.app_id = told["url"], told["app_id"]
    config.app_private_key, config.alipay_public_key = told["private_key"], told["public_key"]
    client = DefaultAlipayClient(config)
    answers = []
    for call in told["calls"]:
        try:
            answers.append(json.loads(client.execute(request(**call))))
        except ResponseException as error:
            answers.append({"raised": str(error)})
    json.dump(answers, sys.stdout)


main()
