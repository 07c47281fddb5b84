"""Whatever happens in whatever sequence, the invariants hold; without the look-up or the escrow they do not."""

import asyncio
import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy import Engine, event

from activities.payment import PaymentActivities
from adapters.payment.port import PaymentPort
from domain.bookkeeping import IntentCall
from domain.intents import PaymentIntent, ProviderPayment
from ledger import money
from ledger.ledger import Ledger
from tests.properties.couriers import Couriers
from tests.properties.machine import ReturnsOfAnOrder
from tests.properties.writes import Writes

pytest_plugins = ["tests.unit.ledger_fixtures"]

RUNS = int(os.environ.get("RETURNFLOW_TEST_RUNS", "120"))
SEED = int(os.environ.get("RETURNFLOW_TEST_SEED", "1"))
"""The same lives each time, so that a red suite tells of the last change; another number plays others."""

STEPS = 50
_PARTS = 4
T = TypeVar("T")


class InThisThread(ThreadPoolExecutor):
    """Runs what is meant for another thread at once: nobody else waits, and a switch costs more than a query."""

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        """Run it, and give its result as one that is there already."""
        done: Future[T] = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except Exception as error:
            done.set_exception(error)
        return done


@pytest.fixture
def machine(ledger: Ledger) -> Iterator[type[ReturnsOfAnOrder]]:
    """The machine over a ledger and a sandbox of its own."""
    _need_not_survive(ledger.engine)
    couriers = Couriers()
    with asyncio.Runner() as runner:
        loop = runner.get_loop()
        loop.set_default_executor(InThisThread())
        world: dict[str, Any] = {
            "ledger": ledger,
            "writes": Writes(ledger.engine),
            "couriers": couriers,
            "loop": loop,
        }
        yield type("ReturnsInThisLedger", (ReturnsOfAnOrder,), world)
        runner.run(couriers.close())


def _need_not_survive(engine: Engine) -> None:
    """Do not wait for the disk: no life is longer than its process."""
    if engine.dialect.name == "sqlite":
        engine.dispose()
        event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous = OFF"))


def play(machine: type[ReturnsOfAnOrder], runs: int, **more: Any) -> None:
    """Play lives of returns; the first one that breaks an invariant raises."""
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=runs,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            **more,
        ),
    )


@pytest.mark.timeout(3600)
@pytest.mark.parametrize(
    ("databases", "part", "runs"),
    # On PostgreSQL a run takes several times as long, and the rules are the same.
    [
        *(("sqlite", part, RUNS // _PARTS) for part in range(_PARTS)),
        pytest.param("postgresql", _PARTS, RUNS // 40, marks=pytest.mark.deep),
    ],
    indirect=["databases"],
)
def test_invariants_hold_in_any_sequence(machine: type[ReturnsOfAnOrder], part: int, runs: int) -> None:
    play(seed(SEED * _PARTS + part)(machine), runs)


# The proof of the proof: a suite that stays green without them would prove nothing.


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
def test_without_the_look_up_a_refund_is_paid_twice(
    machine: type[ReturnsOfAnOrder], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def submit_again(self: PaymentActivities, intent: PaymentIntent, call: IntentCall) -> ProviderPayment:
        payment: PaymentPort = self._payment
        return await payment.submit(intent, call.at)

    monkeypatch.setattr(PaymentActivities, "_find_or_submit", submit_again)
    with pytest.raises(AssertionError):
        play(machine, 200, phases=[Phase.generate], derandomize=True, database=None)


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
def test_without_the_escrow_more_is_paid_back_than_was_paid(
    machine: type[ReturnsOfAnOrder], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(money, "reserve", lambda *_: None)
    with pytest.raises(Exception, match=r"reserved|not_negative|assert"):
        play(machine, 200, phases=[Phase.generate], derandomize=True, database=None)
