"""A payment hold in the books: placed, renewed, captured once, and what was captured can be refunded."""

from datetime import timedelta
from typing import Any

import pytest

from domain.bookkeeping import CaptureAuthorization, HoldAuthorization
from domain.holds import HoldState, units_that_never_came
from domain.inspection import Disposition, Grade, InspectedUnits, Verdict
from domain.intents import IntentState, PaymentDirection, PaymentIntent
from domain.refund import UnitsToSettle
from ledger.errors import CeilingExceeded, HoldNotFound, HoldNotOpen, UnitsNotHeld
from ledger.ledger import Ledger
from tests.unit.ledger_builders import (
    NOW,
    a_closing,
    a_line,
    an_authorization,
    an_opening,
    an_order,
    an_outcome,
    decline,
    pay,
)

pytest_plugins = ["tests.unit.ledger_fixtures"]

ORDER = an_order(lines=(a_line("L1", 3, 1000),))
WEEK = timedelta(days=7)


def some_units(count: int) -> tuple[UnitsToSettle, ...]:
    return (UnitsToSettle(line_id="L1", quantity=count),)


def a_hold(units: int = 2, number: int = 1) -> HoldAuthorization:
    op = f"hold-{number}"
    return HoldAuthorization(rma_id="R1", op=op, at=NOW, round=number, method_id="M1", units=some_units(units))


def a_capture(units: int, number: int = 1, **fields: Any) -> CaptureAuthorization:
    entry = {"rma_id": "R1", "op": f"capture-{number}", "at": NOW, "hold_key": "R1-hold-1", **fields}
    return CaptureAuthorization(round=number, units=some_units(units), **entry)


def placed(ledger: Ledger, units: int = 2) -> PaymentIntent:
    """A return of two of three units, whose worth is held for a week."""
    ledger.open_return(an_opening("R1", ORDER, {"L1": 2}))
    hold = ledger.authorize_hold(a_hold(units))
    ledger.intent_submitted(hold.key, NOW)
    return ledger.intent_outcome(an_outcome(hold, IntentState.SUCCEEDED, expires_at=NOW + WEEK))


def test_a_hold_is_worth_the_units_and_moves_no_money(ledger: Ledger) -> None:
    hold = placed(ledger)

    assert (hold.key, hold.direction, hold.amount_minor) == ("R1-hold-1", PaymentDirection.HOLD, 666)
    assert ledger.authorize_hold(a_hold()).key == hold.key
    balance = ledger.order_balance("O-1")
    assert (balance.captured_minor, balance.reserved_minor, balance.lines[0].held) == (1000, 0, 2)
    assert ledger.payment_hold(hold.key).expires_at == NOW + WEEK


def test_a_hold_whose_outcome_is_unknown_is_left_to_the_reconciliation(ledger: Ledger) -> None:
    ledger.open_return(an_opening("R1", ORDER, {"L1": 2}))
    hold = ledger.authorize_hold(a_hold())
    ledger.intent_submitted(hold.key, NOW)
    ledger.intent_unknown(hold.key, NOW)

    assert [each.key for each in ledger.unsettled_intents(10, NOW)] == [hold.key]
    with pytest.raises(HoldNotFound):
        ledger.payment_hold(hold.key)
    with pytest.raises(HoldNotFound):
        ledger.authorize_capture(a_capture(1))


def test_a_provider_that_does_not_say_when_a_hold_lapses_is_not_believed(ledger: Ledger) -> None:
    ledger.open_return(an_opening("R1", ORDER, {"L1": 2}))
    hold = ledger.authorize_hold(a_hold())

    with pytest.raises(ValueError, match="when hold R1-hold-1 lapses"):
        ledger.intent_outcome(an_outcome(hold, IntentState.SUCCEEDED))


def test_what_is_captured_is_a_payment_that_can_be_refunded_if_the_units_turn_up(ledger: Ledger) -> None:
    placed(ledger)
    ledger.authorize_refund(an_authorization("R1", {"L1": 1}, less_minor=333))

    capture = ledger.authorize_capture(a_capture(1))
    assert (capture.key, capture.payment_id, capture.amount_minor) == ("R1-capture-1", "R1-hold-1", 333)
    pay(ledger, capture)
    ledger.close_return(a_closing("R1"))

    assert ledger.payment_hold("R1-hold-1").state is HoldState.CAPTURED
    balance = ledger.order_balance("O-1")
    assert [payment.captured_minor for payment in balance.payments] == [1000, 333]
    ledger.open_return(an_opening("R1-2", ORDER, {"L1": 1}))
    late = ledger.authorize_refund(an_authorization("R1-2", {"L1": 1}))
    assert sum(intent.amount_minor for intent in late.intents) == 333


def test_the_database_refuses_more_than_was_captured(ledger: Ledger) -> None:
    """A capture raises the ceiling by what it took, and by no more."""
    placed(ledger)
    pay(ledger, ledger.authorize_capture(a_capture(1)))
    everything = ledger.authorize_refund(an_authorization("R1", {}, order_entirely=True))

    assert sum(intent.amount_minor for intent in everything.intents) == 1000 + 333
    ledger.open_return(an_opening("R2", ORDER, {"L1": 1}))
    with pytest.raises(CeilingExceeded):
        ledger.authorize_refund(an_authorization("R2", {"L1": 1}))


def test_nothing_is_captured_without_an_open_hold(ledger: Ledger) -> None:
    ledger.open_return(an_opening("R1", ORDER, {"L1": 2}))
    with pytest.raises(HoldNotFound):
        ledger.authorize_capture(a_capture(1))
    decline(ledger, ledger.authorize_hold(a_hold()))
    with pytest.raises(HoldNotOpen, match="DECLINED"):
        ledger.authorize_capture(a_capture(1))


@pytest.mark.parametrize("how", ["released", "lapsed", "captured", "of another return", "more units"])
def test_a_hold_that_is_not_there_any_more_captures_nothing(ledger: Ledger, how: str) -> None:
    placed(ledger)
    request = a_capture(1, number=5)
    error: type[Exception] = HoldNotOpen
    match how:
        case "released":
            ledger.hold_ended("R1-hold-1", HoldState.RELEASED)
        case "lapsed":
            request = a_capture(1, number=5, at=NOW + WEEK)
        case "captured":
            ledger.authorize_capture(a_capture(1))
        case "of another return":
            ledger.open_return(an_opening("R2", ORDER, {"L1": 1}))
            request = a_capture(1, number=5, rma_id="R2")
        case _:
            request, error = a_capture(3, number=5), UnitsNotHeld

    with pytest.raises(error):
        ledger.authorize_capture(request)


def test_a_renewed_hold_is_captured_later(ledger: Ledger) -> None:
    placed(ledger)
    ledger.hold_renewed("R1-hold-1", NOW + 2 * WEEK)
    ledger.hold_renewed("R1-hold-1", NOW + WEEK)

    assert ledger.authorize_capture(a_capture(2, at=NOW + WEEK)).amount_minor == 666


def test_a_capture_never_takes_more_than_is_held(ledger: Ledger) -> None:
    placed(ledger, units=1)

    assert ledger.authorize_capture(a_capture(2)).amount_minor == 333


def test_a_hold_ends_once(ledger: Ledger) -> None:
    placed(ledger)
    ledger.hold_ended("R1-hold-1", HoldState.RELEASED)
    ledger.hold_ended("R1-hold-1", HoldState.CAPTURED)

    assert ledger.payment_hold("R1-hold-1").state is HoldState.RELEASED
    with pytest.raises(HoldNotFound):
        ledger.hold_ended("R9-hold-1", HoldState.RELEASED)


def test_only_what_never_came_is_charged_for() -> None:
    def rejected(count: int, grade: Grade) -> InspectedUnits:
        return InspectedUnits(
            line_id="L1",
            quantity=count,
            verdict=Verdict.REJECTED,
            grade=grade,
            disposition=Disposition.HOLD,
            note="see photo",
        )

    found = (rejected(2, Grade.FAIL), rejected(1, Grade.D))
    assert units_that_never_came({"L1": 1}, {"L1": 3}, found) == some_units(3)
    assert units_that_never_came({"L1": 0}, {"L1": 1}, found) == some_units(1)
    assert units_that_never_came({"L1": 0}, {"L1": 0}, found) == ()


def test_a_lost_unit_that_came_after_all_is_not_charged() -> None:
    assert units_that_never_came({"A": -1}, {"A": 0}, ()) == ()
