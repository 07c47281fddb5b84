"""A stand-in for Stripe's refunds that answers as its reference documents, with books that a test may read."""

import asyncio
import itertools
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from tests.payments.wire import Request, reply, serving

KEY = "sk_test_of_the_peer"


@dataclass(frozen=True)
class Slip:
    """What becomes of the next refund: an answer in place of its own, done or not, kept under its key or not.

    It is begun `late` by so many seconds, and its key is in use until it is done.
    """

    answer: bytes | None
    is_done: bool = True
    is_kept: bool = False
    late: float = 0


class StripePeer:
    """Refunds of the payments in `payments`: amount and currency by id.

    Args:
        honours_keys: Whether a call is answered from memory under the key of an earlier one, as Stripe does for a
            day. One that does not makes a second refund, and checks no ceiling: whoever relies on it pays twice.
    """

    def __init__(self, *, honours_keys: bool = True) -> None:
        self.payments: dict[str, tuple[int, str]] = {}
        self.refunds: list[dict[str, Any]] = []
        self.requests: list[Request] = []
        self.slips: deque[Slip] = deque()
        self.status = "succeeded"
        self.now = 1_772_353_815
        self._honours_keys = honours_keys
        self._kept: dict[str, tuple[bytes, bytes | None]] = {}
        self._in_use: set[str] = set()
        self._numbers = itertools.count(1)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        """Serve; the URL."""
        async with serving(self.answer) as url:
            yield url

    def forget_keys(self) -> None:
        """A day has passed."""
        self._kept.clear()

    def under(self, reference: str) -> list[dict[str, Any]]:
        """The refunds that carry a reference."""
        return [each for each in self.refunds if each["metadata"].get("returnflow_reference") == reference]

    async def answer(self, request: Request) -> bytes | None:
        """Answer one request."""
        self.requests.append(request)
        if request.headers.get("authorization") != f"Bearer {KEY}":
            return failed(401, type="invalid_request_error")
        if request.path != "/v1/refunds":
            return failed(404, type="invalid_request_error", code="resource_missing")
        return self._list(request.asked) if request.method == "GET" else await self._post(request)

    async def _post(self, request: Request) -> bytes | None:
        key = request.headers.get("idempotency-key", "")
        if key in self._in_use and self._honours_keys:
            return failed(409, type="invalid_request_error", code="idempotency_key_in_use")
        if key in self._kept and self._honours_keys:
            body, answer = self._kept[key]
            return answer if body == request.body else failed(400, type="idempotency_error")
        slip = self.slips.popleft() if self.slips else None
        if slip and slip.late:
            self._in_use.add(key)
            await asyncio.sleep(slip.late)
            self._in_use.remove(key)
        answer = self._refund(request.form) if slip is None or slip.is_done else None
        told = slip.answer if slip else answer
        kept = told if slip is None or slip.is_kept else answer
        if kept is not None:
            self._kept[key] = (request.body, kept)
        return told

    def _refund(self, form: dict[str, str]) -> bytes:
        payment_id = form.get("payment_intent") or form.get("charge", "")
        if payment_id not in self.payments:
            return failed(404, type="invalid_request_error", code="resource_missing", param="payment_intent")
        paid, currency = self.payments[payment_id]
        amount = int(form["amount"])
        left = paid - sum(each["amount"] for each in self._of(payment_id) if each["status"] != "failed")
        if self._honours_keys and not left:
            return failed(400, type="invalid_request_error", code="charge_already_refunded")
        if self._honours_keys and amount > left:
            return failed(400, type="invalid_request_error", param="amount", message="for Mia Li, 3 Lake Road")
        refund = {
            "id": f"re_{next(self._numbers)}",
            "object": "refund",
            "amount": amount,
            "currency": currency,
            "created": self.now,
            "status": self.status,
            "payment_intent": payment_id if payment_id.startswith("pi_") else None,
            "charge": payment_id if payment_id.startswith("ch_") else f"ch_of_{payment_id}",
            "metadata": {name[9:-1]: value for name, value in form.items() if name.startswith("metadata[")},
        }
        self.refunds.append(refund)
        return reply(200, refund)

    def _of(self, payment_id: str) -> list[dict[str, Any]]:
        return [each for each in self.refunds if payment_id in (each["payment_intent"], each["charge"])]

    def _list(self, asked: dict[str, str]) -> bytes:
        payment_id = asked.get("payment_intent") or asked.get("charge")
        if payment_id and payment_id not in self.payments:
            return failed(404, type="invalid_request_error", code="resource_missing", param="payment_intent")
        since, until = int(asked.get("created[gte]", 0)), int(asked.get("created[lt]", 10**10))
        found = self._of(payment_id) if payment_id else self.refunds
        newest_first = [each for each in reversed(found) if since <= each["created"] < until]
        ids = [each["id"] for each in newest_first]
        begin = ids.index(asked["starting_after"]) + 1 if "starting_after" in asked else 0
        end = begin + min(int(asked.get("limit", "10")), 100)
        return reply(200, {"object": "list", "data": newest_first[begin:end], "has_more": end < len(ids)})


def failed(status: int, **error: str) -> bytes:
    """An error in Stripe's form."""
    return reply(status, {"error": {"message": "a text for people", **error}})
