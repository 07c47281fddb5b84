"""What can happen between us and a provider, done to single calls: a proxy in front of Stripe's stand-ins."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import StrEnum
from typing import Any, Protocol
from urllib.parse import urlsplit

import httpx
from pydantic import SecretStr

from adapters.payment.stripe import StripeSettings
from tests.payments.matrix import REFUSED, TIMEOUT_BEFORE
from tests.payments.wire import Request, reply, sent_on, serving
from tests.stripe.peer import KEY, failed


class Fault(StrEnum):
    """What becomes of a call that asks for a refund."""

    REFUSED = REFUSED
    TIMEOUT_BEFORE = TIMEOUT_BEFORE
    UNPROCESSED_500 = "500, not processed"
    TOO_BUSY = "429, not processed"
    RESPONSE_LOST = "processed, answer lost"
    PROCESSED_500 = "processed, 500"
    RESET_MID_BODY = "processed, reset in the body"
    HTML_BODY = "processed, HTML answer"
    PENDING_THEN_FAILED = "pending, then failed"


class Books(Protocol):
    """A stand-in for Stripe that tells the truth about itself, past the proxy."""

    url: str

    async def pay(self, amount: int) -> str:
        """Take a payment; its id."""

    async def refunded(self, payment_id: str) -> list[int]:
        """The amounts of the refunds of a payment."""


class FaultProxy:
    """Sends calls on, but for what is armed: a fault for the next refund under a key, or for a look-up.

    A connection that is refused is not its business: there the caller is given a port on which nobody listens.
    """

    faults = tuple(Fault)
    more = tuple(fault for fault in Fault if fault is not Fault.PENDING_THEN_FAILED)
    of_look_ups = (Fault.UNPROCESSED_500, Fault.TOO_BUSY, Fault.RESET_MID_BODY, Fault.HTML_BODY)

    def __init__(self, books: Books) -> None:
        parsed = urlsplit(books.url)
        self._books = books
        self._upstream = (str(parsed.hostname), int(parsed.port or 80))
        self._refunds: dict[str, str] = {}
        self._look_ups: dict[str, str] = {}
        self._fails: dict[str, str] = {}
        self.injected: Counter[str] = Counter()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        """Serve; the URL."""
        async with serving(self._answer) as url:
            yield url

    def arm(self, key: str, payment_id: str, refund: str | None, look_up: str | None) -> None:
        """Say what becomes of the next refund under a key, and of the next look-up of its payment."""
        for faults, name, fault in ((self._refunds, key, refund), (self._look_ups, payment_id, look_up)):
            faults.pop(name, None)
            if fault is not None:
                faults[name] = fault

    def settings(self, url: str) -> StripeSettings:
        """The settings of an adapter that calls this URL."""
        return StripeSettings(stripe_api_key=SecretStr(KEY), stripe_url=url)

    async def pay(self, amount: int) -> str:
        """Take a payment; its id."""
        return await self._books.pay(amount)

    async def refunded(self, payment_id: str) -> list[int]:
        """The amounts of the refunds of a payment."""
        return await self._books.refunded(payment_id)

    def failed(self, payment_id: str) -> bool:
        """Whether the caller was told that a refund of this payment failed in the end."""
        return self._fails.get(payment_id) == "failed"

    async def _answer(self, request: Request) -> bytes | None:
        if request.method == "GET":
            payment_id = request.asked.get("payment_intent", "")
            fault = self._look_ups.pop(payment_id, None)
            return self._as_it_is_now(payment_id, await self._through(request, fault), fault)
        fault = self._refunds.pop(request.headers.get("idempotency-key", ""), None)
        if fault is not None:
            self.injected[fault] += 1
        said = await self._through(request, fault)
        if fault is Fault.PENDING_THEN_FAILED and said is not None:
            self._fails[request.form["payment_intent"]] = "pending"
            return _with(said, lambda refund: refund.update(status="pending"))
        return said

    async def _through(self, request: Request, fault: str | None) -> bytes | None:
        match fault:
            case Fault.TIMEOUT_BEFORE:
                await asyncio.sleep(60)
                return None
            case Fault.UNPROCESSED_500:
                return failed(500, type="api_error")
            case Fault.TOO_BUSY:
                return reply(429, {"error": {"type": "rate_limit_error"}}, Retry_After="0")
        said = await sent_on(request, *self._upstream)
        match fault:
            case Fault.RESPONSE_LOST:
                return None
            case Fault.PROCESSED_500:
                return failed(500, type="api_error")
            case Fault.RESET_MID_BODY:
                return said[: -len(said.partition(b"\r\n\r\n")[2]) // 2]
            case Fault.HTML_BODY:
                return reply(200, b"<html>We will be back soon</html>")
        return said

    def _as_it_is_now(self, payment_id: str, said: bytes | None, fault: str | None) -> bytes | None:
        """A refund that is to fail is pending in the first list that is asked for, and failed in the next."""
        status = self._fails.get(payment_id)
        if status is None or said is None or fault is not None:
            return said
        self._fails[payment_id] = "failing" if status == "pending" else "failed"
        if status == "pending":
            return _with(said, lambda page: [each.update(status="pending") for each in page["data"]])
        reason = {"status": "failed", "failure_reason": "expired_or_canceled_card"}
        return _with(said, lambda page: [each.update(reason) for each in page["data"]])


def _with(said: bytes, change: Any) -> bytes:
    body = json.loads(said.partition(b"\r\n\r\n")[2])
    change(body)
    return reply(200, body)


async def listed_refunds(url: str, payment_id: str) -> list[int]:
    """The amounts of the refunds that a server lists for a payment."""
    async with httpx.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {KEY}"}) as http:
        page = (await http.get("/v1/refunds", params={"payment_intent": payment_id, "limit": "100"})).json()
    return [each["amount"] for each in page["data"]]
