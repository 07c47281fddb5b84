"""Chargebacks in the ledger: an open one freezes, a lost one counts as paid back, and nothing is paid twice."""

import itertools
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.bookkeeping import ChargebackDecision, ChargebackReport
from domain.chargebacks import ChargebackState
from domain.intents import IntentState, RefundBasis
from ledger.errors import (
    CeilingExceeded,
    ChargebackConflict,
    ChargebackNotFound,
    IntentFrozen,
    RefundInFlight,
    ReturnNotFound,
)
from ledger.ledger import Ledger
from tests.unit.ledger_builders import (
    NOW,
    a_line,
    a_replacement,
    an_authorization,
    an_opening,
    an_order,
    an_outcome,
    decline,
    pay,
)

pytest_plugins = ["tests.unit.ledger_fixtures"]


def opened(ledger: Ledger, rma_id: str = "R1", units: int = 2) -> None:
    """A return of two of the four units of an order that was paid 1000."""
    order = an_order(lines=(a_line("L1", 4, 1_000),))
    ledger.open_return(an_opening(rma_id, order, {"L1": units}))


def reported(ledger: Ledger, amount_minor: int, chargeback_id: str = "CB1", **fields: Any) -> None:
    entry: dict[str, Any] = {"rma_id": "R1", "op": f"chargeback-{chargeback_id}", "payment_id": "P1"}
    facts = {"at": NOW, "chargeback_id": chargeback_id, "amount_minor": amount_minor}
    ledger.report_chargeback(ChargebackReport.model_validate(entry | facts | fields))


def decision(state: ChargebackState, chargeback_id: str = "CB1", rma_id: str = "R1") -> ChargebackDecision:
    op = f"chargeback-{chargeback_id}-decided"
    return ChargebackDecision(rma_id=rma_id, op=op, at=NOW, chargeback_id=chargeback_id, state=state)


def test_an_open_chargeback_keeps_refunds_from_being_sent(ledger: Ledger) -> None:
    opened(ledger)
    (intent,) = ledger.authorize_refund(an_authorization("R1", {"L1": 1})).intents
    reported(ledger, 100)
    with pytest.raises(IntentFrozen):
        ledger.intent_submitted(intent.key, NOW)
    assert ledger.payment_intent(intent.key).state is IntentState.INTENT
    ledger.decide_chargeback(decision(ChargebackState.WON))
    ledger.intent_submitted(intent.key, NOW)
    paid = ledger.intent_outcome(an_outcome(intent, IntentState.SUCCEEDED))
    assert (paid.state, paid.amount_minor) == (IntentState.SUCCEEDED, 250)
    assert ledger.order_balance("O-1").payments[0].charged_back_minor == 0


def test_what_was_sent_before_is_still_looked_up(ledger: Ledger) -> None:
    opened(ledger)
    (intent,) = ledger.authorize_refund(an_authorization("R1", {"L1": 1})).intents
    ledger.intent_submitted(intent.key, NOW)
    ledger.intent_unknown(intent.key, NOW)
    reported(ledger, 100)
    assert ledger.intent_submitted(intent.key, NOW).state is IntentState.UNKNOWN
    with pytest.raises(RefundInFlight):
        ledger.decide_chargeback(decision(ChargebackState.LOST))
    ledger.intent_outcome(an_outcome(intent, IntentState.SUCCEEDED))
    assert ledger.decide_chargeback(decision(ChargebackState.LOST)).covered == ()


@pytest.mark.parametrize(
    ("amount_minor", "state", "left_to_pay", "later"),
    [
        (250, IntentState.CHARGED_BACK, 0, 250),
        (100, IntentState.INTENT, 150, 250),
        (400, IntentState.CHARGED_BACK, 0, 100),
        (1_000, IntentState.CHARGED_BACK, 0, 0),
    ],
)
def test_a_lost_chargeback_pays_what_is_due_now_and_then_what_becomes_due(
    ledger: Ledger, amount_minor: int, state: IntentState, left_to_pay: int, later: int
) -> None:
    opened(ledger)
    ledger.authorize_refund(an_authorization("R1", {"L1": 1}))
    reported(ledger, amount_minor)
    (covered,) = ledger.decide_chargeback(decision(ChargebackState.LOST)).covered
    assert (covered.state, covered.amount_minor) == (state, left_to_pay)
    assert covered.amount_minor + covered.covered_minor == 250
    balance = ledger.order_balance("O-1")
    assert (balance.reserved_minor, balance.payments[0].charged_back_minor) == (left_to_pay, amount_minor)
    again = ledger.authorize_refund(an_authorization("R1", {"L1": 1}, op="refund-2", round=2))
    assert sum(each.amount_minor for each in again.intents) == later
    assert again.quote.total_minor == 250


def test_a_repeat_gets_the_first_answer_and_other_facts_are_refused(ledger: Ledger) -> None:
    opened(ledger)
    reported(ledger, 100)
    reported(ledger, 100)
    reported(ledger, 100, op="again")
    with pytest.raises(ChargebackConflict):
        reported(ledger, 200, op="other")
    lost = decision(ChargebackState.LOST)
    assert ledger.decide_chargeback(lost) == ledger.decide_chargeback(lost)
    otherwise = lost.model_copy(update={"op": "twice", "state": ChargebackState.WON})
    assert ledger.decide_chargeback(otherwise).chargeback.state is ChargebackState.LOST
    assert ledger.order_balance("O-1").payments[0].charged_back_minor == 100


def test_what_cannot_be_a_chargeback_is_refused(ledger: Ledger) -> None:
    opened(ledger)
    with pytest.raises(CeilingExceeded):
        reported(ledger, 1_001)
    with pytest.raises(CeilingExceeded):
        reported(ledger, 1, payment_id="P9")
    with pytest.raises(ReturnNotFound):
        reported(ledger, 1, rma_id="R9")
    with pytest.raises(ChargebackNotFound):
        ledger.decide_chargeback(decision(ChargebackState.WON))


def test_a_bank_may_take_back_what_was_refunded_and_then_nothing_is_left(ledger: Ledger) -> None:
    opened(ledger)
    (intent,) = ledger.authorize_refund(an_authorization("R1", {"L1": 1})).intents
    ledger.intent_submitted(intent.key, NOW)
    ledger.intent_outcome(an_outcome(intent, IntentState.SUCCEEDED))
    reported(ledger, 1_000)
    ledger.decide_chargeback(decision(ChargebackState.LOST))
    assert ledger.authorize_refund(an_authorization("R1", {"L1": 1}, op="refund-2", round=2)).intents == ()
    assert ledger.order_balance("O-1").refunded_minor == 250


@pytest.mark.parametrize("second", [ChargebackState.LOST, ChargebackState.WON])
def test_the_first_decision_of_an_order_stands_for_its_other_returns(
    ledger: Ledger, second: ChargebackState
) -> None:
    opened(ledger)
    opened(ledger, "R2")
    reported(ledger, 100)
    reported(ledger, 100, rma_id="R2")
    ledger.decide_chargeback(decision(ChargebackState.LOST))
    again = ledger.decide_chargeback(decision(second, rma_id="R2"))
    assert (again.chargeback.state, again.covered) == (ChargebackState.LOST, ())
    assert ledger.order_balance("O-1").payments[0].charged_back_minor == 100


@pytest.mark.parametrize(
    ("lost_minor", "state", "left_minor"),
    [(100, IntentState.INTENT, 150), (600, IntentState.CHARGED_BACK, 0), (1_000, IntentState.CHARGED_BACK, 0)],
)
def test_what_a_bank_took_back_since_a_decline_is_not_paid_by_another_tender(
    ledger: Ledger, lost_minor: int, state: IntentState, left_minor: int
) -> None:
    opened(ledger)
    (intent,) = ledger.authorize_refund(an_authorization("R1", {"L1": 1})).intents
    decline(ledger, intent)
    reported(ledger, lost_minor)
    ledger.decide_chargeback(decision(ChargebackState.LOST))
    replaced = ledger.replace_tender(a_replacement(intent))
    assert (replaced.state, replaced.amount_minor, replaced.covered_minor) == (state, left_minor, 250 - left_minor)
    assert ledger.payment_intent(replaced.key) == replaced
    assert ledger.order_balance("O-1").reserved_minor == left_minor


@pytest.mark.parametrize("is_lost_before", [True, False])
@pytest.mark.parametrize("outcome", ["sent", "declined", "replaced"])
def test_what_a_chargeback_gave_for_an_exchange_is_taken_off_its_payout(
    ledger: Ledger, is_lost_before: bool, outcome: str
) -> None:
    opened(ledger)
    if is_lost_before:
        reported(ledger, 60)
        ledger.decide_chargeback(decision(ChargebackState.LOST))
    exchange = an_authorization("R1", {"L1": 1}, basis=RefundBasis.EXCHANGE_DIFFERENCE, less_minor=150)
    (difference,) = ledger.authorize_refund(exchange).intents
    if not is_lost_before:
        reported(ledger, 60)
        ledger.decide_chargeback(decision(ChargebackState.LOST))
    assert ledger.payment_intent(difference.key).amount_minor == 40
    if outcome == "sent":
        pay(ledger, difference)
    else:
        decline(ledger, difference)
    if outcome == "replaced":
        pay(ledger, ledger.replace_tender(a_replacement(difference)))
    payout = ledger.authorize_refund(
        an_authorization("R1", {"L1": 1}, op="payout", round=5, instead_of="refund-1")
    )
    for intent in payout.intents:
        pay(ledger, intent)
    assert ledger.order_balance("O-1").refunded_minor + 60 == 250


EVENTS = st.lists(
    st.one_of(st.just("refund"), st.tuples(st.integers(1, 400), st.booleans())), min_size=1, max_size=8
)


_numbers = itertools.count(1)


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(EVENTS)
def test_refunds_and_lost_chargebacks_never_give_the_customer_more_than_is_due(
    ledger: Ledger, events: list[str | tuple[int, bool]]
) -> None:
    """Whatever the sequence: as long as banks take no more than was paid, neither do we (I1)."""
    rma_id, order_id = f"R-{(mark := next(_numbers))}", f"O-{mark}"
    order = an_order(lines=(a_line("L1", 8, 1_001),), order_id=order_id)
    ledger.open_return(an_opening(rma_id, order, {"L1": 8}))
    due = paid = taken = 0
    for number, event in enumerate(events, start=1):
        if event == "refund":
            refund = ledger.authorize_refund(
                an_authorization(rma_id, {"L1": 1}, op=f"refund-{number}", round=number)
            )
            due += refund.quote.total_minor
            for intent in refund.intents[: number % 2]:
                ledger.intent_submitted(intent.key, NOW)
                ledger.intent_outcome(an_outcome(intent, IntentState.SUCCEEDED))
                paid += intent.amount_minor
        elif isinstance(event, tuple) and paid + taken + event[0] <= 1_001:
            amount, lost = event
            reported(ledger, amount, f"CB{number}", rma_id=rma_id)
            ledger.decide_chargeback(
                decision(ChargebackState.LOST if lost else ChargebackState.WON, f"CB{number}", rma_id)
            )
            taken += amount if lost else 0
        balance = ledger.order_balance(order_id)
        outgoing = balance.refunded_minor + balance.reserved_minor
        assert outgoing + balance.payments[0].charged_back_minor <= 1_001
        assert outgoing == max(paid, due - taken), "what was paid stays paid; the rest is set against the bank"
        assert balance.refunded_minor == paid
