"""A simulator of WeChat Pay's refunds: it verifies who asks, signs what it says, and keeps books.

It is held against an SDK of others as well as against our adapter, so that it cannot agree with us alone.
"""

import json
import re
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from adapters.payment.wechat_signature import SCHEME, is_signed, lines, sign
from tests.payments.keys import KeyPair, merchant, wechat
from tests.payments.wire import Request, reply, serving

MCHID, SERIAL_NO, KEY_ID = "1900000109", "1DDE55AD98ED71D6EDD4A4A16996DE7B47773A8C", "PUB_KEY_ID_0119000001092026"
REFUNDS, TRANSACTIONS = "/v3/refund/domestic/refunds", "/v3/pay/transactions/id/"
_FIELD = re.compile(r'(\w+)="([^"]*)"')
_REFERENCE = re.compile(r"[0-9A-Za-z_|*@-]{1,64}")
_MOST_REFUNDS, _SECONDS_BETWEEN = 50, 60


@dataclass
class Refund:
    """A refund in the books; amounts in fen, `at` in seconds of the simulator's clock."""

    refund_id: str
    transaction_id: str
    out_refund_no: str
    fen: int
    status: str
    at: float
    steps: list[str] = field(default_factory=list)
    """What each of the next look-ups finds."""


@dataclass(frozen=True)
class Slip:
    """What becomes of the next call that asks for a refund: an answer in place of its own, done or not."""

    answer: bytes | None
    is_done: bool = True


@dataclass
class WechatSimulator:
    """Refunds of the payments in `payments`: their totals in fen, by WeChat's number.

    Attributes:
        knows_repeats: Whether a reference that was paid is not paid again, as at WeChat. Without it a repeat is a
            second refund, and no rule is checked: whoever relies on them pays twice.
        status: What a refund becomes. As at WeChat it is being processed first, unless it is looked up.
        now: Seconds; moves only by hand, and is the clock of the minute between two refunds alone.
    """

    knows_repeats: bool = True
    payments: dict[str, int] = field(default_factory=dict)
    refunds: list[Refund] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    slips: deque[Slip] = field(default_factory=deque)
    status: str = "SUCCESS"
    now: float = 0
    keys: KeyPair = field(default_factory=wechat)
    merchant: KeyPair = field(default_factory=merchant)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        """Serve; the URL."""
        async with serving(self.answer) as url:
            yield url

    def under(self, reference: str) -> list[Refund]:
        """The refunds that carry a reference."""
        return [each for each in self.refunds if each.out_refund_no == reference]

    def refunded(self, transaction_id: str) -> list[int]:
        """The amounts of the refunds of a payment that did not come to nothing, in fen."""
        return [each.fen for each in self._of(transaction_id) if each.status != "CLOSED"]

    async def answer(self, request: Request) -> bytes | None:
        """Answer one request."""
        if not self._is_the_merchants(request):
            return self.failed(401, "SIGN_ERROR")
        self.requests.append(request)
        if request.method == "POST" and request.target == REFUNDS:
            return self._post(request)
        if request.method == "GET" and request.path.startswith(TRANSACTIONS):
            return self._transaction(request.path.removeprefix(TRANSACTIONS), request.asked.get("mchid", ""))
        if request.method == "GET" and request.target.startswith(f"{REFUNDS}/"):
            return self._query(request.target.removeprefix(f"{REFUNDS}/"))
        return self.failed(404, "NOT_FOUND")

    def _is_the_merchants(self, request: Request) -> bool:
        scheme, _, said = request.headers.get("authorization", "").partition(" ")
        fields = dict(_FIELD.findall(said))
        timestamp, nonce = fields.get("timestamp", "0"), fields.get("nonce_str", "")
        content = lines(request.method, request.target, timestamp, nonce, request.body)
        return (
            scheme == SCHEME
            and (fields.get("mchid"), fields.get("serial_no")) == (MCHID, SERIAL_NO)
            and 16 <= len(nonce) <= 32
            and abs(time.time() - int(timestamp)) <= 300
            and is_signed(content, fields.get("signature", ""), self.merchant.private.public_key())
        )

    def _post(self, request: Request) -> bytes | None:
        slip = self.slips.popleft() if self.slips else None
        said = self._refund(json.loads(request.body)) if slip is None or slip.is_done else None
        return slip.answer if slip else said

    def _refund(self, asked: dict[str, Any]) -> bytes:
        transaction_id, reference = str(asked.get("transaction_id", "")), str(asked.get("out_refund_no", ""))
        amount = asked.get("amount", {})
        fen, total = amount.get("refund"), amount.get("total")
        well_formed = type(fen) is int and type(total) is int and amount.get("currency") == "CNY" and fen > 0
        if not well_formed or not _REFERENCE.fullmatch(reference):
            return self.failed(400, "PARAM_ERROR")
        if transaction_id not in self.payments:
            return self.failed(404, "RESOURCE_NOT_EXISTS")
        before = self.under(reference)
        if self.knows_repeats and before:
            same = (before[0].transaction_id, before[0].fen) == (transaction_id, fen)
            return self._told_of(before[0]) if same else self.failed(400, "INVALID_REQUEST")
        if self.knows_repeats and (refused := self._against_rules(transaction_id, fen, total)):
            return refused
        number = f"503000{len(self.refunds) + 1:022}"
        self.refunds.append(Refund(number, transaction_id, reference, fen, "PROCESSING", self.now))
        return self._told_of(self.refunds[-1])

    def _against_rules(self, transaction_id: str, fen: int, total: int) -> bytes | None:
        earlier = self._of(transaction_id)
        left = self.payments[transaction_id] - sum(self.refunded(transaction_id))
        if total != self.payments[transaction_id] or fen > left or len(earlier) >= _MOST_REFUNDS:
            return self.failed(400, "INVALID_REQUEST")
        if any(self.now - each.at < _SECONDS_BETWEEN for each in earlier):
            return self.failed(429, "FREQUENCY_LIMITED")
        return None

    def _query(self, reference: str) -> bytes:
        found = self.under(reference)
        if not found:
            return self.failed(404, "RESOURCE_NOT_EXISTS")
        if found[0].steps:
            found[0].status = found[0].steps.pop(0)
        elif found[0].status == "PROCESSING":
            found[0].status = self.status
        return self._told_of(found[0])

    def _transaction(self, transaction_id: str, mchid: str) -> bytes:
        if mchid != MCHID:
            return self.failed(400, "PARAM_ERROR")
        if transaction_id not in self.payments:
            return self.failed(404, "ORDER_NOT_EXIST")
        amount = {"total": self.payments[transaction_id], "payer_total": 1, "currency": "CNY"}
        said = {"transaction_id": transaction_id, "trade_state": "SUCCESS", "amount": amount}
        return self.told(200, said | {"mchid": MCHID, "payer": {"openid": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"}})

    def _told_of(self, refund: Refund) -> bytes:
        total = self.payments[refund.transaction_id]
        said = {
            "refund_id": refund.refund_id,
            "out_refund_no": refund.out_refund_no,
            "transaction_id": refund.transaction_id,
            "out_trade_no": f"O-{refund.transaction_id}",
            "channel": "ORIGINAL",
            "user_received_account": "支付用户的零钱",
            "create_time": "2026-03-01T16:30:00+08:00",
            "status": refund.status,
            "amount": {"total": total, "refund": refund.fen, "payer_total": total, "currency": "CNY"},
        }
        return self.told(200, said)

    def _of(self, transaction_id: str) -> list[Refund]:
        return [each for each in self.refunds if each.transaction_id == transaction_id]

    def told(self, status: int, said: dict[str, Any], *, at: float | None = None, key_id: str = KEY_ID) -> bytes:
        """An answer, signed at a moment, by default now."""
        body = json.dumps(said, ensure_ascii=False).encode()
        timestamp, nonce = str(int(time.time() if at is None else at)), "c5ac7061fccab6bf3e254dcf98995b8c"
        return reply(
            status,
            body,
            Content_Type="application/json; charset=utf-8",
            Wechatpay_Timestamp=timestamp,
            Wechatpay_Nonce=nonce,
            Wechatpay_Serial=key_id,
            Wechatpay_Signature=sign(lines(timestamp, nonce, body), self.keys.private),
            Wechatpay_Signature_Type=SCHEME,
        )

    def failed(self, status: int, code: str) -> bytes:
        """An error, signed as well."""
        return self.told(status, {"code": code, "message": "for Mia Li, Lake Road"})
