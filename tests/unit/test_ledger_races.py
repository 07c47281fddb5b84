"""Threads and processes that want the same thing at the same moment."""

import multiprocessing
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

import pytest
from sqlalchemy import select

from domain.actions import Action, Actor, Role
from domain.authority import PayoutRequest, PayoutState
from domain.bookkeeping import AuthorizedRefund
from domain.intents import IntentState, PaymentIntent, RefundBasis
from domain.policy.authority import PayoutCaps
from domain.refund import RefundRules
from ledger.engine import writing
from ledger.errors import CeilingExceeded
from ledger.ledger import Ledger
from ledger.orders import lock_order
from ledger.tables import IntentRow
from tests.unit.ledger_builders import (
    NOW,
    a_charge,
    a_closing,
    a_line,
    a_message,
    a_replacement,
    an_authorization,
    an_opening,
    an_order,
    an_outcome,
    decline,
    open_and_authorize,
    row_counts,
)
from tests.unit.ledger_rivals import open_at_once

pytest_plugins = ["tests.unit.ledger_fixtures"]
pytestmark = pytest.mark.parametrize("databases", ["sqlite", "postgresql"], indirect=True)

Answer = TypeVar("Answer")


def at_once(calls: list[Callable[[], Answer]]) -> list[Answer]:
    start = threading.Barrier(len(calls))

    def run(call: Callable[[], Answer]) -> Answer:
        start.wait(30)
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


@pytest.mark.parametrize("attempt", range(5))
def test_one_of_two_threads_gets_the_unit(ledger: Ledger, attempt: int) -> None:
    order = an_order(lines=(a_line("L1", 1, 1000),))

    answers = at_once(
        [partial(ledger.open_return, an_opening(rma_id, order, {"L1": 1})) for rma_id in ("R1", "R2")]
    )

    assert sorted(answer.refusal is None for answer in answers) == [False, True]
    assert len(ledger.open_returns("O-1")) == 1


def test_one_of_two_processes_gets_each_unit(ledger_url: str, ledger: Ledger) -> None:
    order = an_order(lines=(a_line("L1", 1, 1000),))
    spawn = multiprocessing.get_context("spawn")
    start = spawn.Barrier(2)
    accepted: multiprocessing.Queue[bool] = spawn.Queue()
    rivals = [
        spawn.Process(target=open_at_once, args=(ledger_url, an_opening(rma, order, {"L1": 1}), start, accepted))
        for rma in ("R1", "R2")
    ]
    for rival in rivals:
        rival.start()
    answers = sorted(accepted.get(timeout=60) for _ in rivals)
    for rival in rivals:
        rival.join(60)

    assert answers == [False, True]
    assert len(ledger.open_returns("O-1")) == 1


def test_a_repeat_at_the_same_moment_gets_the_same_answer(ledger: Ledger) -> None:
    ledger.open_return(an_opening("R1", an_order(), {"L1": 2}))
    request = an_authorization("R1", {"L1": 1}, outbox=(a_message("soon"),))

    answers = at_once([partial(ledger.authorize_refund, request)] * 4)

    assert answers == [answers[0]] * 4
    assert ledger.order_balance("O-1").reserved_minor == 333
    assert (row_counts(ledger.engine)["intents"], ledger.pending_deliveries()) == (1, 1)


def test_refunds_at_the_same_moment_share_the_ceiling(ledger: Ledger) -> None:
    order = an_order(payments={"P1": 700})
    for number in range(3):
        ledger.open_return(an_opening(f"R{number}", order, {"L1": 1}))

    def authorize(number: int) -> AuthorizedRefund | None:
        try:
            return ledger.authorize_refund(an_authorization(f"R{number}", {"L1": 1}))
        except CeilingExceeded:
            return None

    answers = at_once([partial(authorize, number) for number in range(3)])

    assert sum(answer is not None for answer in answers) == 2
    assert ledger.order_balance("O-1").reserved_minor == 666


def test_an_outcome_told_twice_at_once_moves_the_money_once(ledger: Ledger) -> None:
    intent = open_and_authorize(ledger, "R1", an_order(), {"L1": 1}).intents[0]

    told = [
        an_outcome(intent, IntentState.SUCCEEDED, op=op, outbox=(a_message("paid"),))
        for op in ("workflow", "webhook")
    ]
    at_once(
        [
            *(partial(ledger.intent_outcome, outcome) for outcome in told),
            partial(ledger.intent_submitted, intent.key, NOW),
        ]
    )

    assert ledger.payment_intent(intent.key).state is IntentState.SUCCEEDED
    balance = ledger.order_balance("O-1")
    assert (balance.reserved_minor, balance.refunded_minor) == (0, 333)
    assert ledger.pending_deliveries() == 1


def a_situation(ledger: Ledger) -> tuple[PaymentIntent, PaymentIntent]:
    """A return with a refund on its way and a declined one, and units that it still holds."""
    ledger.open_return(an_opening("R1", an_order(), {"L1": 3}))
    on_its_way = ledger.authorize_refund(an_authorization("R1", {"L1": 1})).intents[0]
    declined = ledger.authorize_refund(an_authorization("R1", {"L1": 1}, op="refund-2", round=2)).intents[0]
    decline(ledger, declined)
    return on_its_way, declined


@pytest.mark.parametrize("method", ["open", "authorize", "charge", "replace", "outcome", "close"])
def test_whoever_touches_units_or_money_waits_for_the_lock_on_the_order(ledger: Ledger, method: str) -> None:
    on_its_way, declined = a_situation(ledger)
    calls: dict[str, Callable[[], object]] = {
        "open": partial(ledger.open_return, an_opening("R2", an_order(), {"L1": 1})),
        "authorize": partial(ledger.authorize_refund, an_authorization("R1", {"L1": 1}, op="refund-3", round=3)),
        "charge": partial(ledger.authorize_charge, a_charge("R1", 100)),
        "replace": partial(ledger.replace_tender, a_replacement(declined)),
        "outcome": partial(ledger.intent_outcome, an_outcome(on_its_way, IntentState.SUCCEEDED)),
        "close": partial(ledger.close_return, a_closing("R1")),
    }
    with ThreadPoolExecutor(1) as pool:
        with writing(ledger.engine) as session:
            lock_order(session, "O-1")
            waiting = pool.submit(calls[method])
            with pytest.raises(TimeoutError):
                waiting.result(timeout=0.1)
        waiting.result(timeout=30)


@pytest.mark.parametrize("method", ["submitted", "unknown", "outcome"])
def test_whoever_moves_an_intent_waits_for_the_lock_on_it(ledger: Ledger, method: str) -> None:
    intent = open_and_authorize(ledger, "R1", an_order(), {"L1": 1}).intents[0]
    calls: dict[str, Callable[[], object]] = {
        "submitted": partial(ledger.intent_submitted, intent.key, NOW),
        "unknown": partial(ledger.intent_unknown, intent.key, NOW),
        "outcome": partial(ledger.intent_outcome, an_outcome(intent, IntentState.SUCCEEDED)),
    }
    with ThreadPoolExecutor(1) as pool:
        with writing(ledger.engine) as session:
            session.execute(select(IntentRow).with_for_update())
            waiting = pool.submit(calls[method])
            with pytest.raises(TimeoutError):
                waiting.result(timeout=0.1)
        waiting.result(timeout=30)


@pytest.mark.parametrize("attempt", range(5))
def test_two_agents_who_each_take_the_place_of_the_other_do_not_wait_for_each_other(
    ledger: Ledger, attempt: int
) -> None:
    agents = [Actor(role=Role.AGENT_TIER_2, id=f"agent-{number}") for number in (1, 2)]
    caps = PayoutCaps(agent_tier_1=3_000, agent_tier_2=50_000, agent_tier_3=500_000, supervisor=500_000)

    def ask(rma_id: str, op: str, actor: Actor, releases: tuple[str, ...] = ()) -> PayoutState:
        request = PayoutRequest(
            rma_id=rma_id,
            op=op,
            at=NOW,
            actor=actor,
            action=Action.MAKE_OFFER,
            currency="CNY",
            case_version=1,
            policy_version="test-1",
            releases=releases,
        )
        return ledger.grant_payout(request, 1_000, caps, NOW.date()).state

    cases = [(f"R{number}", agents[number % 2], agents[(number + 1) % 2]) for number in range(8)]
    for number, (rma_id, before, _) in enumerate(cases):
        order = an_order(lines=(a_line("L1", 1, 900_000),), order_id=f"O-{number}")
        ledger.open_return(an_opening(rma_id, order, {"L1": 1}))
        ask(rma_id, "payout-1", before)

    answers = at_once([partial(ask, rma_id, "payout-2", after, ("payout-1",)) for rma_id, _, after in cases])

    assert answers == [PayoutState.GRANTED] * 8


@pytest.mark.parametrize("attempt", range(5))
def test_advances_of_a_customers_orders_stay_within_the_limit(ledger: Ledger, attempt: int) -> None:
    rules = RefundRules(advance_limits_minor={"CNY": 1_500})
    for number in range(5):
        order = an_order(lines=(a_line("L1", 1, 1_000),), order_id=f"O-{number}")
        ledger.open_return(an_opening(f"R{number}", order, {"L1": 1}))

    def advance(rma_id: str) -> bool:
        asked = an_authorization(rma_id, {"L1": 1}, op="advance-1", round=1, basis=RefundBasis.ADVANCE)
        try:
            ledger.authorize_refund(asked, rules)
        except CeilingExceeded:
            return False
        return True

    # Connections are made before, so that the advances meet.
    at_once([partial(ledger.open_returns, f"O-{number}") for number in range(5)])
    assert sorted(at_once([partial(advance, f"R{number}") for number in range(5)])) == [*[False] * 4, True]
