"""What can happen between us and WeChat Pay, and there, done to single calls of the simulator."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import StrEnum

from adapters.payment.wechat import WechatSettings
from tests.payments.keys import stranger
from tests.payments.matrix import REFUSED, TIMEOUT_BEFORE
from tests.payments.wire import Request, reply, serving
from tests.wechat.simulator import REFUNDS, WechatSimulator
from tests.wechat.test_adapter import settings


class Fault(StrEnum):
    """What becomes of a call."""

    REFUSED = REFUSED
    TIMEOUT_BEFORE = TIMEOUT_BEFORE
    UNPROCESSED_500 = "500, not processed"
    TOO_BUSY = "429 of a proxy, not processed"
    LIMITED = "FREQUENCY_LIMITED, not processed"
    BALANCE = "NOT_ENOUGH, not processed"
    UNPROCESSED_ERROR = "SYSTEM_ERROR, not processed"
    RESPONSE_LOST = "processed, answer lost"
    PROCESSED_500 = "processed, 500"
    PROCESSED_ERROR = "processed, SYSTEM_ERROR"
    RESET_MID_BODY = "processed, reset in the body"
    HTML_BODY = "processed, HTML answer"
    UNSIGNED = "processed, answer not signed"
    UNSIGNED_DECLINE = "processed, unsigned decline"
    FORGED = "processed, signed by another"
    OLD = "processed, signed long ago"
    PENDING_THEN_FAILED = "pending, then closed"
    ABNORMAL_THEN_PAID = "abnormal, then paid"


_STEPS = {
    Fault.PENDING_THEN_FAILED: ["PROCESSING", "CLOSED"],
    Fault.ABNORMAL_THEN_PAID: ["ABNORMAL", "SUCCESS"],
}


class FaultyWechat:
    """The simulator, but for what is armed: a fault for the next refund under a key, or for the next look-up.

    A connection that is refused is not its business: there the caller is given a port on which nobody listens.
    """

    faults = tuple(Fault)
    more = tuple(fault for fault in Fault if fault not in _STEPS)
    of_look_ups = (
        Fault.UNPROCESSED_500,
        Fault.TOO_BUSY,
        Fault.LIMITED,
        Fault.RESET_MID_BODY,
        Fault.HTML_BODY,
        Fault.UNSIGNED,
        Fault.FORGED,
        Fault.OLD,
    )

    def __init__(self, simulator: WechatSimulator) -> None:
        self._simulator = simulator
        self._stranger = WechatSimulator(keys=stranger())
        self._armed: dict[tuple[str, str], str] = {}
        self.injected: Counter[str] = Counter()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        """Serve; the URL."""
        async with serving(self._answer) as url:
            yield url

    def settings(self, url: str) -> WechatSettings:
        """The settings of an adapter that calls this URL."""
        return settings(url)

    def arm(self, key: str, payment_id: str, refund: str | None, look_up: str | None) -> None:
        """Say what becomes of the next refund under a key, and of the next look-up of it."""
        for method, fault in (("POST", refund), ("GET", look_up)):
            self._armed.pop((method, key), None)
            if fault is not None:
                self._armed[method, key] = fault

    async def pay(self, amount: int) -> str:
        """Take a payment; its id."""
        payment_id = f"42000012342026030100{len(self._simulator.payments):08}"
        self._simulator.payments[payment_id] = amount
        return payment_id

    async def refunded(self, payment_id: str) -> list[int]:
        """The amounts of the refunds of a payment, but for those that came to nothing."""
        return self._simulator.refunded(payment_id)

    def failed(self, payment_id: str) -> bool:
        """Whether a refund of this payment was closed."""
        return any(
            each.transaction_id == payment_id and each.status == "CLOSED" for each in self._simulator.refunds
        )

    async def _answer(self, request: Request) -> bytes | None:
        key = request.target.removeprefix(f"{REFUNDS}/")
        if request.method == "POST":
            key = json.loads(request.body)["out_refund_no"]
        fault = self._armed.pop((request.method, key), None)
        if request.method == "POST" and fault is not None:
            self.injected[fault] += 1
        match fault:
            case Fault.TIMEOUT_BEFORE:
                await asyncio.sleep(60)
                return None
            case Fault.UNPROCESSED_500:
                return reply(500, b"<html>")
            case Fault.TOO_BUSY:
                return reply(429, b"<html>", Retry_After="0")
            case Fault.LIMITED:
                return self._simulator.failed(429, "FREQUENCY_LIMITED")
            case Fault.BALANCE:
                return self._simulator.failed(403, "NOT_ENOUGH")
            case Fault.UNPROCESSED_ERROR:
                return self._simulator.failed(500, "SYSTEM_ERROR")
        said = await self._simulator.answer(request)
        return said if fault is None or said is None else self._told_otherwise(key, fault, said)

    def _told_otherwise(self, key: str, fault: str, said: bytes) -> bytes | None:
        """What the caller is told of a call that was processed."""
        status, body = int(said[9:12]), said.partition(b"\r\n\r\n")[2]
        match fault:
            case Fault.PENDING_THEN_FAILED | Fault.ABNORMAL_THEN_PAID:
                self._simulator.under(key)[0].steps = list(_STEPS[Fault(fault)])
                return said
            case Fault.PROCESSED_500:
                return reply(500, b"<html>")
            case Fault.PROCESSED_ERROR:
                return self._simulator.failed(500, "SYSTEM_ERROR")
            case Fault.RESET_MID_BODY:
                return said[: -len(body) // 2]
            case Fault.HTML_BODY:
                return reply(200, b"<html>We will be back soon</html>")
            case Fault.UNSIGNED:
                return reply(status, json.loads(body))
            case Fault.UNSIGNED_DECLINE:
                return reply(403, {"code": "USER_ACCOUNT_ABNORMAL"})
            case Fault.FORGED:
                return self._stranger.told(status, json.loads(body))
            case Fault.OLD:
                return self._simulator.told(status, json.loads(body), at=time.time() - 864_000)
        return None
