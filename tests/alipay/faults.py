"""What can happen between us and Alipay, and at Alipay, done to single calls of the simulator."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from enum import StrEnum

from adapters.payment.alipay import AlipaySettings
from tests.alipay.simulator import QUERY, REFUND, AlipaySimulator
from tests.alipay.test_adapter import settings
from tests.payments.keys import stranger
from tests.payments.matrix import REFUSED, TIMEOUT_BEFORE
from tests.payments.wire import Request, reply, serving


class Fault(StrEnum):
    """What becomes of a call."""

    REFUSED = REFUSED
    TIMEOUT_BEFORE = TIMEOUT_BEFORE
    UNPROCESSED_500 = "500, not processed"
    TOO_BUSY = "429 of a proxy, not processed"
    UNPROCESSED_SYSTEM_ERROR = "system error, not processed"
    BALANCE = "balance too low, not processed"
    UNPROCESSED_N = "fund_change N, not processed"
    PENDING_THEN_GONE = "pending, then not processed"
    RESPONSE_LOST = "processed, answer lost"
    PROCESSED_500 = "processed, 500"
    RESET_MID_BODY = "processed, reset in the body"
    HTML_BODY = "processed, HTML answer"
    UNSIGNED = "processed, answer not signed"
    FORGED = "processed, signed by another"
    SYSTEM_ERROR = "processed, system error"
    UNAVAILABLE = "processed, 20000"
    PROCESSED_N = "processed, fund_change N"
    UNSEEN = "processed, looked up too soon"


_OF_LOOK_UPS = (
    Fault.UNPROCESSED_500,
    Fault.TOO_BUSY,
    Fault.UNPROCESSED_SYSTEM_ERROR,
    Fault.RESET_MID_BODY,
    Fault.HTML_BODY,
    Fault.UNSIGNED,
    Fault.FORGED,
    Fault.UNAVAILABLE,
)

_NOT_PROCESSED = {
    Fault.TIMEOUT_BEFORE,
    Fault.UNPROCESSED_500,
    Fault.TOO_BUSY,
    Fault.UNPROCESSED_SYSTEM_ERROR,
    Fault.BALANCE,
    Fault.UNPROCESSED_N,
    Fault.PENDING_THEN_GONE,
}


class FaultyGateway:
    """The simulator, but for what is armed: a fault for the next refund under a key, or for the next query.

    A connection that is refused is not its business: there the caller is given a port on which nobody listens.
    """

    of_look_ups = _OF_LOOK_UPS

    def __init__(self, simulator: AlipaySimulator, faults: Sequence[Fault] = tuple(Fault)) -> None:
        self.faults = self.more = faults
        self._simulator = simulator
        self._stranger = AlipaySimulator(keys=stranger())
        self._armed: dict[tuple[str, str], str] = {}
        self._pending: set[str] = set()
        self.injected: Counter[str] = Counter()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        """Serve; the URL."""
        async with serving(self._answer) as url:
            yield url

    def settings(self, url: str) -> AlipaySettings:
        """The settings of an adapter that calls this URL."""
        return settings(url)

    def arm(self, key: str, payment_id: str, refund: str | None, look_up: str | None) -> None:
        """Say what becomes of the next refund under a key, and of the next query for it."""
        for method, fault in ((REFUND, refund), (QUERY, look_up)):
            self._armed.pop((method, key), None)
            if fault is not None:
                self._armed[method, key] = fault

    async def pay(self, amount: int) -> str:
        """Take a payment; its `trade_no`."""
        trade_no = f"20260301220014191214{len(self._simulator.trades):08}"
        self._simulator.trades[trade_no] = amount
        return trade_no

    async def refunded(self, payment_id: str) -> list[int]:
        """The amounts of the refunds of a payment, by the books."""
        return self._simulator.refunded(payment_id)

    def failed(self, payment_id: str) -> bool:
        """Never: a refund of Alipay's has no failed state."""
        return False

    async def _answer(self, request: Request) -> bytes | None:
        fields = request.asked | request.form
        method, content = fields["method"], json.loads(fields["biz_content"])
        key, trade_no = content["out_request_no"], content["trade_no"]
        fault = self._armed.pop((method, key), None)
        if method == REFUND and fault is not None:
            self.injected[fault] += 1
        if fault in _NOT_PROCESSED:
            return await self._unprocessed(method, key, trade_no, fault)
        if method == QUERY and key in self._pending:
            self._pending.remove(key)
            said = {"trade_no": trade_no, "out_request_no": key, "refund_status": "REFUND_PROCESSING"}
            return self._simulator.told(QUERY, said)
        said_itself = await self._simulator.answer(request)
        return said_itself if fault is None else self._told_otherwise(method, key, trade_no, fault, said_itself)

    async def _unprocessed(self, method: str, key: str, trade_no: str, fault: str) -> bytes | None:
        match fault:
            case Fault.TIMEOUT_BEFORE:
                await asyncio.sleep(60)
                return None
            case Fault.UNPROCESSED_500:
                return reply(500, b"<html>")
            case Fault.TOO_BUSY:
                return reply(429, b"<html>", Retry_After="0")
            case Fault.UNPROCESSED_SYSTEM_ERROR:
                return self._simulator.failed(method, "40004", "ACQ.SYSTEM_ERROR")
            case Fault.BALANCE:
                return self._simulator.failed(method, "40004", "ACQ.SELLER_BALANCE_NOT_ENOUGH")
            case Fault.PENDING_THEN_GONE:
                self._pending.add(key)
        return self._simulator.told(method, {"trade_no": trade_no, "fund_change": "N"})

    def _told_otherwise(
        self, method: str, key: str, trade_no: str, fault: str, said: bytes | None
    ) -> bytes | None:
        """What the caller is told of a call that was processed."""
        body = (said or b"").partition(b"\r\n\r\n")[2]
        node = next(iter(json.loads(body).values()))
        match fault:
            case Fault.UNSEEN:
                for each in self._simulator.under(key):
                    each.unseen = 2
            case Fault.PROCESSED_500:
                return reply(500, b"<html>")
            case Fault.RESET_MID_BODY:
                return (said or b"")[: -len(body) // 2]
            case Fault.HTML_BODY:
                return reply(200, b"<html>We will be back soon</html>")
            case Fault.UNSIGNED:
                return reply(200, self._simulator.unsigned(method, node))
            case Fault.FORGED:
                return reply(200, self._stranger.signed(method, node))
            case Fault.SYSTEM_ERROR:
                return self._simulator.failed(method, "40004", "ACQ.SYSTEM_ERROR")
            case Fault.UNAVAILABLE:
                return self._simulator.failed(method, "20000", "isp.unknow-error")
            case Fault.PROCESSED_N:
                return self._simulator.told(method, {"trade_no": trade_no, "fund_change": "N"})
        return None
