"""A simulator of Alipay's gateway for refunds: it verifies who asks, signs what it says, and keeps books.

It is held against two SDKs of others as well as against our adapter, so that it cannot agree with us alone.
"""

import json
import re
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from adapters.payment.alipay_amounts import from_yuan
from adapters.payment.alipay_signature import is_signed, sign, text_to_sign
from tests.payments.keys import KeyPair, alipay, merchant
from tests.payments.wire import Request, reply, serving

APP_ID = "2021000122671080"
REFUND, QUERY = "alipay.trade.refund", "alipay.trade.fastpay.refund.query"
_COMMON = {"charset": "utf-8", "sign_type": "RSA2", "version": "1.0"}


@dataclass
class Refund:
    """A refund in the books."""

    trade_no: str
    out_request_no: str
    fen: int
    status: str = "REFUND_SUCCESS"
    bank_leg: str = "S"
    unseen: int = 0
    """So many queries do not find it yet."""


@dataclass(frozen=True)
class Slip:
    """What becomes of the next call of a method: an answer in place of its own, done or not; None hangs up."""

    answer: bytes | None
    is_done: bool = True


@dataclass
class AlipaySimulator:
    """Refunds of the trades in `trades`: their amounts in fen, by Alipay's number.

    Attributes:
        knows_repeats: Whether a reference that was paid is not paid again, as at Alipay. Without it a repeat is a
            second refund, and no ceiling is checked: whoever relies on either pays twice.
        late: The next refunds are found only by the query after so many.
    """

    knows_repeats: bool = True
    trades: dict[str, int] = field(default_factory=dict)
    refunds: list[Refund] = field(default_factory=list)
    requests: list[dict[str, str]] = field(default_factory=list)
    slips: dict[str, deque[Slip]] = field(default_factory=lambda: {REFUND: deque(), QUERY: deque()})
    status: str = "REFUND_SUCCESS"
    late: int = 0
    keys: KeyPair = field(default_factory=alipay)
    merchant: KeyPair = field(default_factory=merchant)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        """Serve; the URL."""
        async with serving(self.answer) as url:
            yield url

    def under(self, reference: str) -> list[Refund]:
        """The refunds that carry a reference."""
        return [each for each in self.refunds if each.out_request_no == reference]

    def refunded(self, trade_no: str) -> list[int]:
        """The amounts of the refunds of a trade, in fen."""
        return [each.fen for each in self.refunds if each.trade_no == trade_no]

    async def answer(self, request: Request) -> bytes | None:
        """Answer one request; the fields may stand in the address, in the body, or in both."""
        fields = request.asked | request.form
        method = fields.get("method", "")
        said = self._refused(request, fields)
        if said is not None:
            return said
        self.requests.append(fields)
        content = json.loads(fields["biz_content"])
        slip = self.slips[method].popleft() if self.slips[method] else None
        if slip is None or slip.is_done:
            said = self._refund(content) if method == REFUND else self._query(content)
        return slip.answer if slip else said

    def _refused(self, request: Request, fields: dict[str, str]) -> bytes | None:
        """What the gateway says before anything is done; None if it lets the call through."""
        method = fields.get("method", "")
        if request.path != "/gateway.do":
            return reply(404, b"<html>")
        if method not in self.slips:
            return self.failed(method or "error", "40002", "isv.invalid-method")
        if fields.get("app_id") != APP_ID:
            return self.failed(method, "40002", "isv.invalid-app-id", is_signed=False)
        if not is_signed(text_to_sign(fields), fields.get("sign", ""), self.merchant.private.public_key()):
            return self.failed(method, "40002", "isv.invalid-signature")
        wrong = [name for name, value in _COMMON.items() if fields.get(name) != value]
        if wrong or fields.get("format", "JSON").upper() != "JSON":
            return self.failed(method, "40002", "isv.invalid-parameter")
        try:
            datetime.strptime(fields["timestamp"], "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007 - wall clock
        except (KeyError, ValueError):
            return self.failed(method, "40002", "isv.invalid-timestamp")
        return None

    def _refund(self, content: dict[str, Any]) -> bytes:
        trade_no, reference = content.get("trade_no", ""), content.get("out_request_no", "")
        if trade_no not in self.trades:
            return self.failed(REFUND, "40004", "ACQ.TRADE_NOT_EXIST")
        if not re.fullmatch(r"\d+(\.\d{1,2})?", str(content.get("refund_amount", ""))):
            return self.failed(REFUND, "40004", "ACQ.INVALID_PARAMETER")
        fen, total = from_yuan(str(content["refund_amount"])), self.trades[trade_no]
        left = total - sum(self.refunded(trade_no))
        before = next((each for each in self.under(reference) if each.trade_no == trade_no), None)
        if self.knows_repeats and before is not None:
            if before.fen != fen:
                return self.failed(REFUND, "40004", "ACQ.DISCORDANT_REPEAT_REQUEST")
            return self._refund_taken(trade_no, "N")
        if self.knows_repeats and (fen > total or not reference):
            return self.failed(REFUND, "40004", "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL")
        if self.knows_repeats and not left:
            return self.failed(REFUND, "40004", "ACQ.TRADE_HAS_CLOSE")
        if self.knows_repeats and fen > left:
            return self.failed(REFUND, "40004", "ACQ.REASON_TRADE_REFUND_FEE_ERR")
        self.refunds.append(Refund(trade_no, reference, fen, self.status, unseen=self.late))
        return self._refund_taken(trade_no, "Y" if self.status == "REFUND_SUCCESS" else "N")

    def _refund_taken(self, trade_no: str, fund_change: str) -> bytes:
        """`refund_fee` is what was refunded of the trade so far, not by this call."""
        said = {
            "trade_no": trade_no,
            "out_trade_no": f"O-{trade_no}",
            "buyer_logon_id": "mia***@lakeroad.example",
            "fund_change": fund_change,
            "refund_fee": _yuan(sum(self.refunded(trade_no))),
        }
        return self.told(REFUND, said)

    def _query(self, content: dict[str, Any]) -> bytes:
        trade_no, reference = content.get("trade_no", ""), content.get("out_request_no", "")
        if trade_no not in self.trades:
            return self.failed(QUERY, "40004", "ACQ.TRADE_NOT_EXIST")
        found = next((each for each in self.under(reference) if each.trade_no == trade_no), None)
        if found is None or found.unseen:
            if found is not None:
                found.unseen -= 1
            return self.told(QUERY, {})
        said: dict[str, Any] = {
            "trade_no": trade_no,
            "out_trade_no": f"O-{trade_no}",
            "out_request_no": reference,
            "total_amount": _yuan(self.trades[trade_no]),
            "refund_amount": _yuan(found.fen),
        }
        if found.status:
            said["refund_status"] = found.status
        if "deposit_back_info" in content.get("query_options", ()):
            said["deposit_back_info"] = {"has_deposit_back": "true", "dback_status": found.bank_leg}
        return self.told(QUERY, said)

    def told(self, method: str, said: dict[str, Any]) -> bytes:
        """A success, signed."""
        return reply(200, self.signed(method, {"code": "10000", "msg": "Success"} | said))

    def failed(self, method: str, code: str, sub_code: str, *, is_signed: bool = True) -> bytes:
        """A failure: a 200 for HTTP, as everything that Alipay's gateway says."""
        said = {"code": code, "msg": "Failed", "sub_code": sub_code, "sub_msg": "for Mia Li, Lake Road"}
        return reply(200, self.signed(method, said) if is_signed else self.unsigned(method, said))

    def signed(self, method: str, said: dict[str, Any]) -> bytes:
        """The body of an answer with its signature."""
        node = json.dumps(said, ensure_ascii=False)
        return f'{{"{node_of(method)}":{node},"sign":"{sign(node, self.keys.private)}"}}'.encode()

    def unsigned(self, method: str, said: dict[str, Any]) -> bytes:
        """The body of an answer without one."""
        return json.dumps({node_of(method): said}).encode()


def node_of(method: str) -> str:
    """The name under which an answer has what it says."""
    return f"{method.replace('.', '_')}_response"


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02}"
