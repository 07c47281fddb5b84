"""Refunds that are paid while calls go wrong, each by its seed, and judged by the provider's own books."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.payment import PaymentActivities
from adapters.http import HttpClients
from adapters.payment.settings import PaymentSettings
from domain.bookkeeping import IntentCall
from domain.intents import IntentState
from ledger.ledger import Ledger
from tests.e2e.processes import free_port
from tests.unit.ledger_builders import NOW, an_order, open_and_authorize

REFUSED, TIMEOUT_BEFORE = "connection refused", "timeout, not processed"
"""Faults that the caller sees to: a port on which nobody listens, and little patience."""

_AT_ONCE = 8
_MOST_ATTEMPTS = 12
_PATIENT, _HASTY = 6.0, 0.3


class Peer(Protocol):
    """A provider whose calls can be broken, and that tells the truth about its books all the same.

    Attributes:
        injected: How often each fault was done to a call that asks for a refund.
    """

    injected: Counter[str]

    @property
    def faults(self) -> Sequence[str]:
        """What can become of a call that asks for a refund, by their names; each comes first equally often."""

    @property
    def more(self) -> Sequence[str]:
        """Those of them that may follow in the same run."""

    @property
    def of_look_ups(self) -> Sequence[str]:
        """What can become of a look-up."""

    def running(self) -> AbstractAsyncContextManager[str]:
        """Serve; the URL."""

    def settings(self, url: str) -> PaymentSettings:
        """The settings of an adapter that calls this URL."""

    def arm(self, key: str, payment_id: str, refund: str | None, look_up: str | None) -> None:
        """Say what becomes of the next refund under a key, and of the next look-up of it."""

    async def pay(self, amount: int) -> str:
        """Take a payment; its id."""

    async def refunded(self, payment_id: str) -> list[int]:
        """The amounts of the refunds of a payment, by the books."""

    def failed(self, payment_id: str) -> bool:
        """Whether the caller was told that a refund of this payment failed in the end."""


@dataclass(frozen=True)
class Played:
    """A run: the fault of its first attempt, how often the provider was asked, and how it ended on both sides."""

    seed: int
    fault: str
    attempts: int
    state: IntentState
    amount: int
    refunded: tuple[int, ...]
    was_told_failed: bool

    @property
    def is_double(self) -> bool:
        """The customer was paid more than once."""
        return len(self.refunded) > 1

    @property
    def is_lost(self) -> bool:
        """The ledger does not say what the provider's books say, or does not know the end."""
        if self.was_told_failed:
            return self.state is not IntentState.DECLINED
        return not (self.state.is_paid and self.amount in self.refunded)


class Matrix:
    """Plays runs against a provider whose calls break, with a ledger and the activity that pays."""

    def __init__(self, ledger: Ledger, peer: Peer, by_patience: dict[str, PaymentActivities]) -> None:
        self._ledger = ledger
        self._peer = peer
        self._activities = by_patience
        self._turn = asyncio.Semaphore(_AT_ONCE)

    async def play(self, seeds: Iterable[int]) -> list[Played]:
        """Play a run for each seed, some at once."""
        return await asyncio.gather(*(self._play(seed) for seed in seeds))

    async def _play(self, seed: int) -> Played:
        async with self._turn:
            draw = random.Random(seed)
            faults = _faults_of(self._peer, seed, draw)
            payment_id = await self._peer.pay(1000)
            order = an_order(payments={payment_id: 1000}, order_id=f"O-{seed}")
            authorize = (self._ledger, f"R{seed}", order, {"L1": draw.choice((1, 2, 3))})
            (intent,) = (await asyncio.to_thread(open_and_authorize, *authorize)).intents
            call = IntentCall(key=intent.key, rma_id=intent.rma_id, at=NOW)
            attempts = 0
            while attempts < _MOST_ATTEMPTS:
                fault = faults[attempts] if attempts < len(faults) else None
                look_up = draw.choice((None, None, *self._peer.of_look_ups)) if attempts < len(faults) else None
                attempts += 1
                if await self._attempt(call, payment_id, fault, look_up):
                    break
            return Played(
                seed=seed,
                fault=faults[0],
                attempts=attempts,
                state=(await asyncio.to_thread(self._ledger.payment_intent, intent.key)).state,
                amount=intent.amount_minor,
                refunded=tuple(await self._peer.refunded(payment_id)),
                was_told_failed=self._peer.failed(payment_id),
            )

    async def _attempt(self, call: IntentCall, payment_id: str, fault: str | None, look_up: str | None) -> bool:
        """One attempt of the activity; whether it was the last."""
        if fault == REFUSED:
            self._peer.injected[REFUSED] += 1
        else:
            self._peer.arm(call.key, payment_id, fault, look_up)
        by = {REFUSED: "unreachable", TIMEOUT_BEFORE: "hasty"}
        activities = self._activities[by.get(fault, "patient") if fault else "patient"]
        try:
            await ActivityEnvironment().run(activities.move_money, call)
        except ApplicationError as error:
            return error.non_retryable
        return True


@asynccontextmanager
async def matrix(ledger: Ledger, peer: Peer) -> AsyncIterator[Matrix]:
    """A matrix in front of a provider."""
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(peer.running())
        ways = {
            "patient": (url, _PATIENT),
            "hasty": (url, _HASTY),
            "unreachable": (f"http://127.0.0.1:{free_port()}", _PATIENT),
        }
        activities = {}
        for name, (where, timeout) in ways.items():
            clients = await stack.enter_async_context(HttpClients(timeout))
            activities[name] = PaymentActivities(peer.settings(where).connect(clients), ledger)
        yield Matrix(ledger, peer, activities)


def table(runs: Sequence[Played], faults: Sequence[str]) -> str:
    """What the runs came to, by the fault of their first attempt."""
    rows = [f"{'fault':<34}{'runs':>6}{'attempts':>10}{'paid':>6}{'failed':>8}{'double':>8}{'lost':>6}"]
    groups = [(fault, [each for each in runs if each.fault == fault]) for fault in dict.fromkeys(faults)]
    for name, group in [*groups, ("all", list(runs))]:
        counts = Counter(
            paid=sum(each.state.is_paid for each in group),
            failed=sum(each.was_told_failed for each in group),
            double=sum(each.is_double for each in group),
            lost=sum(each.is_lost for each in group),
        )
        rows.append(
            f"{name:<34}{len(group):>6}{sum(each.attempts for each in group):>10}"
            f"{counts['paid']:>6}{counts['failed']:>8}{counts['double']:>8}{counts['lost']:>6}"
        )
    return "\n".join(rows)


def _faults_of(peer: Peer, seed: int, draw: random.Random) -> list[str]:
    """Each fault comes first equally often; up to two more follow."""
    first = peer.faults[seed % len(peer.faults)]
    return [first, *(draw.choice(peer.more) for _ in range(draw.randrange(3)))]
