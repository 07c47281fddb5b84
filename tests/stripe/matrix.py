"""Refunds that are paid while calls go wrong, each by its seed, and judged by the provider's own books."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

import httpx
from pydantic import SecretStr
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.payment import PaymentActivities
from adapters.http import HttpClients
from adapters.payment.stripe import StripeSettings
from domain.bookkeeping import IntentCall
from domain.intents import IntentState
from ledger.ledger import Ledger
from tests.e2e.processes import free_port
from tests.stripe.peer import KEY
from tests.stripe.proxy import Fault, FaultProxy
from tests.unit.ledger_builders import NOW, an_order, open_and_authorize

_AT_ONCE = 8
_MOST_ATTEMPTS = 12
_PATIENT, _HASTY = 6.0, 0.3
_LOOK_UP_FAULTS = (Fault.UNPROCESSED_500, Fault.TOO_BUSY, Fault.RESET_MID_BODY, Fault.HTML_BODY)


class Books(Protocol):
    """A provider that tells the truth about itself, past the proxy."""

    url: str

    async def pay(self, amount: int) -> str:
        """Take a payment; its id."""

    async def refunded(self, payment_id: str) -> list[int]:
        """The amounts of the refunds of a payment."""


@dataclass(frozen=True)
class Played:
    """A run: the fault of its first attempt, how often the provider was asked, and how it ended on both sides."""

    seed: int
    fault: Fault
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
    """Plays runs against a provider behind a proxy, with a ledger and the activity that pays."""

    def __init__(self, ledger: Ledger, books: Books, proxy: FaultProxy, by_patience: dict[str, PaymentActivities]):
        self._ledger = ledger
        self._books = books
        self._proxy = proxy
        self._activities = by_patience
        self._turn = asyncio.Semaphore(_AT_ONCE)

    async def play(self, seeds: Iterable[int]) -> list[Played]:
        """Play a run for each seed, some at once."""
        return await asyncio.gather(*(self._play(seed) for seed in seeds))

    async def _play(self, seed: int) -> Played:
        async with self._turn:
            draw = random.Random(seed)
            faults = _faults_of(seed, draw)
            payment_id = await self._books.pay(1000)
            order = an_order(payments={payment_id: 1000}, order_id=f"O-{seed}")
            authorize = (self._ledger, f"R{seed}", order, {"L1": draw.choice((1, 2, 3))})
            (intent,) = (await asyncio.to_thread(open_and_authorize, *authorize)).intents
            call = IntentCall(key=intent.key, rma_id=intent.rma_id, at=NOW)
            attempts = 0
            while attempts < _MOST_ATTEMPTS:
                fault = faults[attempts] if attempts < len(faults) else None
                look_up = draw.choice((None, None, *_LOOK_UP_FAULTS)) if attempts < len(faults) else None
                attempts += 1
                if await self._attempt(call, payment_id, fault, look_up):
                    break
            return Played(
                seed=seed,
                fault=faults[0],
                attempts=attempts,
                state=(await asyncio.to_thread(self._ledger.payment_intent, intent.key)).state,
                amount=intent.amount_minor,
                refunded=tuple(await self._books.refunded(payment_id)),
                was_told_failed=self._proxy.failed(payment_id),
            )

    async def _attempt(
        self, call: IntentCall, payment_id: str, fault: Fault | None, look_up: Fault | None
    ) -> bool:
        """One attempt of the activity; whether it was the last."""
        if fault is Fault.REFUSED:
            self._proxy.injected[fault] += 1
        else:
            self._proxy.arm(call.key, payment_id, fault, look_up)
        by = {Fault.REFUSED: "unreachable", Fault.TIMEOUT_BEFORE: "hasty"}
        activities = self._activities[by.get(fault, "patient") if fault else "patient"]
        try:
            await ActivityEnvironment().run(activities.move_money, call)
        except ApplicationError as error:
            return error.non_retryable
        return True


@asynccontextmanager
async def matrix(ledger: Ledger, books: Books) -> AsyncIterator[Matrix]:
    """A matrix in front of a provider."""
    async with AsyncExitStack() as stack:
        proxy = FaultProxy(books.url)
        url = await stack.enter_async_context(proxy.running())
        ways = {
            "patient": (url, _PATIENT),
            "hasty": (url, _HASTY),
            "unreachable": (f"http://127.0.0.1:{free_port()}", _PATIENT),
        }
        activities = {}
        for name, (where, timeout) in ways.items():
            clients = await stack.enter_async_context(HttpClients(timeout))
            settings = StripeSettings(stripe_api_key=SecretStr(KEY), stripe_url=where)
            activities[name] = PaymentActivities(settings.connect(clients), ledger)
        yield Matrix(ledger, books, proxy, activities)


def table(runs: Sequence[Played]) -> str:
    """What the runs came to, by the fault of their first attempt."""
    rows = [f"{'fault':<28}{'runs':>6}{'attempts':>10}{'paid':>6}{'failed':>8}{'double':>8}{'lost':>6}"]
    groups: list[tuple[str, list[Played]]] = [
        (fault.value, [each for each in runs if each.fault is fault]) for fault in Fault
    ]
    for name, group in [*groups, ("all", list(runs))]:
        counts = Counter(
            paid=sum(each.state.is_paid for each in group),
            failed=sum(each.was_told_failed for each in group),
            double=sum(each.is_double for each in group),
            lost=sum(each.is_lost for each in group),
        )
        rows.append(
            f"{name:<28}{len(group):>6}{sum(each.attempts for each in group):>10}"
            f"{counts['paid']:>6}{counts['failed']:>8}{counts['double']:>8}{counts['lost']:>6}"
        )
    return "\n".join(rows)


async def listed_refunds(url: str, payment_id: str) -> list[int]:
    """The amounts of the refunds that a server lists for a payment."""
    async with httpx.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {KEY}"}) as http:
        page = (await http.get("/v1/refunds", params={"payment_intent": payment_id, "limit": "100"})).json()
    return [each["amount"] for each in page["data"]]


def _faults_of(seed: int, draw: random.Random) -> list[Fault]:
    """Each fault comes first equally often; up to two more follow."""
    every = list(Fault)
    more = [fault for fault in every if fault is not Fault.PENDING_THEN_FAILED]
    return [every[seed % len(every)], *(draw.choice(more) for _ in range(draw.randrange(3)))]
