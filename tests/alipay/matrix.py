"""Refunds that are paid while calls go wrong, each by its seed, and judged by the simulator's books."""

import asyncio
import random
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.payment import PaymentActivities
from adapters.http import HttpClients
from domain.bookkeeping import IntentCall
from domain.intents import IntentState
from ledger.ledger import Ledger
from tests.alipay.faults import OF_LOOK_UPS, Fault, FaultyGateway
from tests.alipay.simulator import AlipaySimulator
from tests.alipay.test_adapter import settings
from tests.e2e.processes import free_port
from tests.unit.ledger_builders import NOW, an_order, open_and_authorize

_AT_ONCE = 8
_MOST_ATTEMPTS = 12
_PATIENT, _HASTY = 6.0, 0.3
_PAID = 1000


@dataclass(frozen=True)
class Played:
    """A run: the fault of its first attempt, how often Alipay was asked, and how it ended on both sides."""

    seed: int
    fault: Fault
    attempts: int
    state: IntentState
    amount: int
    refunded: tuple[int, ...]

    @property
    def is_double(self) -> bool:
        """The customer was paid more than once."""
        return len(self.refunded) > 1

    @property
    def is_lost(self) -> bool:
        """The ledger does not say what the books say, or does not know the end."""
        return not (self.state.is_paid and self.amount in self.refunded)


class Matrix:
    """Plays runs against the simulator behind its faults, with a ledger and the activity that pays."""

    def __init__(
        self,
        ledger: Ledger,
        simulator: AlipaySimulator,
        gateway: FaultyGateway,
        by_patience: dict[str, PaymentActivities],
        faults: Sequence[Fault],
    ) -> None:
        self._ledger = ledger
        self._simulator = simulator
        self._gateway = gateway
        self._activities = by_patience
        self._faults = faults
        self._turn = asyncio.Semaphore(_AT_ONCE)

    async def play(self, seeds: Iterable[int]) -> list[Played]:
        """Play a run for each seed, some at once."""
        return await asyncio.gather(*(self._play(seed) for seed in seeds))

    async def _play(self, seed: int) -> Played:
        async with self._turn:
            draw = random.Random(seed)
            first = self._faults[seed % len(self._faults)]
            faults = [first, *(draw.choice(self._faults) for _ in range(draw.randrange(3)))]
            trade_no = f"20260301220014191214{seed:08}"
            self._simulator.trades[trade_no] = _PAID
            order = an_order(payments={trade_no: _PAID}, order_id=f"O-{seed}")
            authorize = (self._ledger, f"R{seed}", order, {"L1": draw.choice((1, 2, 3))})
            (intent,) = (await asyncio.to_thread(open_and_authorize, *authorize)).intents
            call = IntentCall(key=intent.key, rma_id=intent.rma_id, at=NOW)
            attempts = 0
            while attempts < _MOST_ATTEMPTS:
                fault = faults[attempts] if attempts < len(faults) else None
                look_up = draw.choice((None, None, *OF_LOOK_UPS)) if attempts < len(faults) else None
                attempts += 1
                if await self._attempt(call, fault, look_up):
                    break
            return Played(
                seed=seed,
                fault=first,
                attempts=attempts,
                state=(await asyncio.to_thread(self._ledger.payment_intent, intent.key)).state,
                amount=intent.amount_minor,
                refunded=tuple(self._simulator.refunded(trade_no)),
            )

    async def _attempt(self, call: IntentCall, fault: Fault | None, look_up: Fault | None) -> bool:
        """One attempt of the activity; whether it was the last."""
        if fault is Fault.REFUSED:
            self._gateway.injected[fault] += 1
        else:
            self._gateway.arm(call.key, fault, look_up)
        by = {Fault.REFUSED: "unreachable", Fault.TIMEOUT_BEFORE: "hasty"}
        activities = self._activities[by.get(fault, "patient") if fault else "patient"]
        try:
            await ActivityEnvironment().run(activities.move_money, call)
        except ApplicationError as error:
            return error.non_retryable
        return True


@asynccontextmanager
async def matrix(ledger: Ledger, simulator: AlipaySimulator, faults: Sequence[Fault]) -> AsyncIterator[Matrix]:
    """A matrix of these faults in front of a simulator."""
    async with AsyncExitStack() as stack:
        gateway = FaultyGateway(simulator)
        url = await stack.enter_async_context(gateway.running())
        ways = {
            "patient": (url, _PATIENT),
            "hasty": (url, _HASTY),
            "unreachable": (f"http://127.0.0.1:{free_port()}", _PATIENT),
        }
        activities = {}
        for name, (where, timeout) in ways.items():
            clients = await stack.enter_async_context(HttpClients(timeout))
            activities[name] = PaymentActivities(settings(where).connect(clients), ledger)
        yield Matrix(ledger, simulator, gateway, activities, faults)


def table(runs: Sequence[Played]) -> str:
    """What the runs came to, by the fault of their first attempt."""
    rows = [f"{'fault':<32}{'runs':>6}{'attempts':>10}{'paid':>6}{'double':>8}{'lost':>6}"]
    groups = [(fault.value, [each for each in runs if each.fault is fault]) for fault in Fault]
    for name, group in [*(each for each in groups if each[1]), ("all", list(runs))]:
        paid = sum(each.state.is_paid for each in group)
        double, lost = sum(each.is_double for each in group), sum(each.is_lost for each in group)
        attempts = sum(each.attempts for each in group)
        rows.append(f"{name:<32}{len(group):>6}{attempts:>10}{paid:>6}{double:>8}{lost:>6}")
    return "\n".join(rows)
