"""How an intent and its money move, and what is final."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.bookkeeping import AuthorizedRefund
from domain.intents import IntentState, PaymentDirection
from ledger.errors import AlreadySuperseded, CeilingExceeded, IntentKeyTaken, IntentNotDeclined, IntentNotFound
from ledger.ledger import Ledger
from ledger.tables import IntentRow
from tests.unit.ledger_builders import (
    NOW,
    a_charge,
    a_message,
    a_replacement,
    an_authorization,
    an_opening,
    an_order,
    an_outcome,
    decline,
    open_and_authorize,
    pay,
)

pytest_plugins = ["tests.unit.ledger_fixtures"]

LATER = NOW + timedelta(hours=1)
KEY = "R1-refund-1-t0"


@pytest.fixture
def refund(ledger: Ledger) -> AuthorizedRefund:
    return open_and_authorize(ledger, "R1", an_order(), {"L1": 1})


def row(ledger: Ledger, key: str = KEY) -> IntentRow:
    with Session(ledger.engine) as session:
        return session.scalars(select(IntentRow).where(IntentRow.key == key)).one()


def books(ledger: Ledger) -> tuple[int, int]:
    balance = ledger.order_balance("O-1")
    return balance.reserved_minor, balance.refunded_minor


def test_a_submission_gives_the_intent_as_it_was(ledger: Ledger, refund: AuthorizedRefund) -> None:
    states = [ledger.intent_submitted(KEY, LATER).state for _ in range(2)]

    assert states == [IntentState.INTENT, IntentState.SUBMITTED]
    assert ledger.payment_intent(KEY).state is IntentState.SUBMITTED
    assert (row(ledger).attempts, row(ledger).updated_at) == (2, LATER)


def test_a_success_turns_the_reserved_amount_into_a_refunded_one(ledger: Ledger, refund: AuthorizedRefund) -> None:
    assert books(ledger) == (333, 0)

    paid = ledger.intent_outcome(
        an_outcome(refund.intents[0], IntentState.SUCCEEDED, provider_reference="re_1", at=LATER)
    )

    assert (paid.state, paid.provider_reference) == (IntentState.SUCCEEDED, "re_1")
    assert ledger.payment_intent(KEY) == paid
    assert row(ledger).updated_at == LATER
    assert books(ledger) == (0, 333)


def test_a_decline_frees_the_reserved_amount(ledger: Ledger, refund: AuthorizedRefund) -> None:
    declined = decline(ledger, refund.intents[0])

    assert (declined.state, declined.failure) == (IntentState.DECLINED, "card_closed")
    assert books(ledger) == (0, 0)


def test_the_same_outcome_again_changes_nothing(ledger: Ledger, refund: AuthorizedRefund) -> None:
    for op in ("told-1", "told-1", "told-2"):
        ledger.intent_outcome(
            an_outcome(refund.intents[0], IntentState.SUCCEEDED, op=op, outbox=(a_message("paid"),))
        )

    assert books(ledger) == (0, 333)
    assert ledger.pending_deliveries() == 1


def test_unknown_counts_from_the_first_time_and_ends_reconciled(ledger: Ledger, refund: AuthorizedRefund) -> None:
    ledger.intent_submitted(KEY, NOW)
    ledger.intent_unknown(KEY, NOW)
    assert ledger.payment_intent(KEY).state is IntentState.UNKNOWN
    assert books(ledger) == (333, 0)

    assert ledger.intent_submitted(KEY, LATER).state is IntentState.UNKNOWN
    ledger.intent_unknown(KEY, LATER)
    assert row(ledger).unknown_since == NOW

    paid = ledger.intent_outcome(an_outcome(refund.intents[0], IntentState.SUCCEEDED))
    assert paid.state is IntentState.RECONCILED
    assert books(ledger) == (0, 333)
    assert row(ledger).unknown_since == NOW


def test_unknown_may_turn_out_declined(ledger: Ledger, refund: AuthorizedRefund) -> None:
    ledger.intent_submitted(KEY, NOW)
    ledger.intent_unknown(KEY, NOW)

    assert decline(ledger, refund.intents[0]).state is IntentState.DECLINED
    assert books(ledger) == (0, 0)


@pytest.mark.parametrize("end", [IntentState.SUCCEEDED, IntentState.DECLINED, IntentState.RECONCILED])
def test_a_final_state_is_not_moved_by_a_late_attempt(
    ledger: Ledger, refund: AuthorizedRefund, end: IntentState
) -> None:
    ledger.intent_outcome(an_outcome(refund.intents[0], end))

    assert ledger.intent_submitted(KEY, LATER).state is end
    ledger.intent_unknown(KEY, LATER)
    assert ledger.payment_intent(KEY).state is end
    assert (row(ledger).attempts, row(ledger).unknown_since) == (0, None)


def test_an_unsent_intent_is_not_unknown(ledger: Ledger, refund: AuthorizedRefund) -> None:
    ledger.intent_unknown(KEY, LATER)

    assert ledger.payment_intent(KEY).state is IntentState.INTENT


def test_money_that_came_back_is_taken_off_the_refunds(ledger: Ledger, refund: AuthorizedRefund) -> None:
    pay(ledger, refund.intents[0])

    for op in ("returned-1", "returned-2"):
        returned = ledger.intent_outcome(
            an_outcome(refund.intents[0], IntentState.DECLINED, op=op, outbox=(a_message("came back"),))
        )
        assert returned.state is IntentState.DECLINED

    assert books(ledger) == (0, 0)
    assert ledger.pending_deliveries() == 1


def test_a_declined_intent_does_not_succeed_any_more(ledger: Ledger, refund: AuthorizedRefund) -> None:
    decline(ledger, refund.intents[0])

    late = ledger.intent_outcome(an_outcome(refund.intents[0], IntentState.SUCCEEDED, outbox=(a_message("paid"),)))

    assert late.state is IntentState.DECLINED
    assert books(ledger) == (0, 0)
    assert ledger.pending_deliveries() == 0


@pytest.mark.parametrize("state", [IntentState.INTENT, IntentState.SUBMITTED, IntentState.UNKNOWN])
def test_an_outcome_is_final(ledger: Ledger, refund: AuthorizedRefund, state: IntentState) -> None:
    with pytest.raises(ValueError, match="is not an outcome"):
        ledger.intent_outcome(an_outcome(refund.intents[0], state))


def test_a_charge_that_succeeds_is_a_payment_of_the_order(ledger: Ledger, refund: AuthorizedRefund) -> None:
    charge = ledger.authorize_charge(a_charge("R1", 250, outbox=(a_message("pay, please"),)))
    assert (charge.key, charge.direction, charge.method_id) == ("R1-charge-1", PaymentDirection.CHARGE, "M1")
    assert ledger.authorize_charge(a_charge("R1", 250)) == charge
    assert ledger.order_balance("O-1").captured_minor == 1000

    pay(ledger, charge)

    balance = ledger.order_balance("O-1")
    assert balance.captured_minor == 1250
    assert (balance.payments[1].payment_id, balance.payments[1].method_id) == ("R1-charge-1", "M1")
    assert ledger.pending_deliveries() == 1


def test_a_charge_that_was_paid_stays_a_payment(ledger: Ledger, refund: AuthorizedRefund) -> None:
    charge = ledger.authorize_charge(a_charge("R1", 250))
    pay(ledger, charge)

    assert decline(ledger, charge).state is IntentState.SUCCEEDED
    assert ledger.order_balance("O-1").captured_minor == 1250


def test_a_round_is_not_charged_twice(ledger: Ledger, refund: AuthorizedRefund) -> None:
    ledger.authorize_charge(a_charge("R1", 250))

    with pytest.raises(IntentKeyTaken):
        ledger.authorize_charge(a_charge("R1", 250, op="charge-2"))


@pytest.mark.parametrize("was_paid", [False, True])
def test_a_declined_refund_gets_another_tender(ledger: Ledger, refund: AuthorizedRefund, was_paid: bool) -> None:
    if was_paid:
        pay(ledger, refund.intents[0])
    decline(ledger, refund.intents[0])
    request = a_replacement(refund.intents[0], round=2, outbox=(a_message("sent to your new card"),))

    replacement = ledger.replace_tender(request)

    assert ledger.replace_tender(request) == replacement
    assert (replacement.key, replacement.payment_id, replacement.method_id, replacement.amount_minor) == (
        "R1-refund-2-t0",
        "P1",
        "M9",
        333,
    )
    assert replacement.state is IntentState.INTENT
    assert books(ledger) == (333, 0)
    pay(ledger, replacement)
    assert books(ledger) == (0, 333)
    assert ledger.pending_deliveries() == 1


def test_a_declined_charge_gets_another_tender(ledger: Ledger, refund: AuthorizedRefund) -> None:
    charge = ledger.authorize_charge(a_charge("R1", 250))
    decline(ledger, charge)

    replacement = ledger.replace_tender(a_replacement(charge, round=2))

    assert (replacement.key, replacement.direction, replacement.amount_minor) == (
        "R1-charge-2",
        PaymentDirection.CHARGE,
        250,
    )
    assert books(ledger) == (333, 0)


def test_only_a_declined_intent_is_replaced_and_only_once(ledger: Ledger, refund: AuthorizedRefund) -> None:
    with pytest.raises(IntentNotDeclined):
        ledger.replace_tender(a_replacement(refund.intents[0]))
    decline(ledger, refund.intents[0])
    ledger.replace_tender(a_replacement(refund.intents[0]))

    with pytest.raises(AlreadySuperseded):
        ledger.replace_tender(a_replacement(refund.intents[0], op="replace-2", round=10))
    assert books(ledger) == (333, 0)


def test_a_replacement_keeps_within_what_its_payment_has_left(ledger: Ledger) -> None:
    order = an_order(payments={"P1": 400})
    declined = decline(ledger, open_and_authorize(ledger, "R1", order, {"L1": 1}).intents[0])
    open_and_authorize(ledger, "R2", order, {"L1": 1})

    with pytest.raises(CeilingExceeded, match="P1 of order O-1 has 67 left"):
        ledger.replace_tender(a_replacement(declined))
    assert books(ledger) == (333, 0)


def test_unsettled_intents_come_oldest_first(ledger: Ledger) -> None:
    order = an_order(payments={"P1": 250, "P2": 250, "P3": 250, "P4": 250})
    first = open_and_authorize(ledger, "R1", order, {"L1": 1})
    ledger.open_return(an_opening("R0", order, {"L1": 1}))
    second = ledger.authorize_refund(an_authorization("R0", {"L1": 1}))
    pay(ledger, first.intents[0])
    decline(ledger, first.intents[1])
    ledger.intent_submitted(first.intents[2].key, NOW)
    ledger.intent_unknown(first.intents[2].key, NOW)

    keys = [intent.key for intent in ledger.unsettled_intents(100, NOW)]

    assert keys == [intent.key for intent in (*first.intents[2:], *second.intents)]
    assert [intent.key for intent in ledger.unsettled_intents(2, NOW)] == keys[:2]
    assert ledger.unsettled_intents(100, NOW - timedelta(seconds=1)) == []


def test_an_unknown_key_is_told(ledger: Ledger, refund: AuthorizedRefund) -> None:
    stranger = refund.intents[0].model_copy(update={"key": "R1-refund-7-t0"})
    with pytest.raises(IntentNotFound):
        ledger.payment_intent(stranger.key)
    with pytest.raises(IntentNotFound):
        ledger.intent_submitted(stranger.key, NOW)
    with pytest.raises(IntentNotFound):
        ledger.intent_unknown(stranger.key, NOW)
    with pytest.raises(IntentNotFound):
        ledger.intent_outcome(an_outcome(stranger, IntentState.SUCCEEDED))
    with pytest.raises(IntentNotFound):
        ledger.replace_tender(a_replacement(stranger))
