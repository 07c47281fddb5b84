"""An advance in the books: on account, earned by later refunds, and the rest recovered."""

from typing import Any

import pytest

from domain.bookkeeping import (
    AdvanceEnd,
    AuthorizedRefund,
    ChargebackDecision,
    ChargebackReport,
    RecoveryAuthorization,
)
from domain.chargebacks import ChargebackState
from domain.intents import IntentState, PaymentDirection, RefundBasis
from domain.refund import LineCompensation, RefundRules, UnitsToSettle
from domain.worksheet import sum_of_rows
from ledger.errors import AdvanceNotFound, CeilingExceeded, NothingToRecover, UnitsNotHeld
from ledger.ledger import Ledger
from tests.unit.ledger_builders import (
    NOW,
    SHOP_IS_LIABLE,
    a_closing,
    a_line,
    a_message,
    a_replacement,
    an_authorization,
    an_opening,
    an_order,
    an_outcome,
    decline,
    pay,
    row_counts,
)

pytest_plugins = ["tests.unit.ledger_fixtures"]

ORDER = an_order(lines=(a_line("L1", 3, 1000),), shipping_minor=100)


def advanced(ledger: Ledger, rma_id: str = "R1", units: int = 2) -> AuthorizedRefund:
    """A return whose units are paid in advance, by a refund that arrived."""
    ledger.open_return(an_opening(rma_id, ORDER, {"L1": units}))
    advance = ledger.authorize_refund(an_advance(rma_id, units))
    for intent in advance.intents:
        pay(ledger, intent)
    return advance


def an_advance(rma_id: str, units: int) -> Any:
    return an_authorization(rma_id, {"L1": units}, op="advance-1", round=1, basis=RefundBasis.ADVANCE)


def a_final(
    ledger: Ledger, units: int, deduction_bps: int = 0, number: int = 2, **fields: Any
) -> AuthorizedRefund:
    entry = [UnitsToSettle(line_id="L1", quantity=units, deduction_bps=deduction_bps)]
    return ledger.authorize_refund(an_authorization("R1", entry, op=f"settle-{number}", round=number, **fields))


def a_recovery(op: str = "recovery-1", round_: int = 7) -> RecoveryAuthorization:
    return RecoveryAuthorization(rma_id="R1", op=op, at=NOW, round=round_, method_id="M1")


def lose_chargeback(ledger: Ledger, amount_minor: int) -> None:
    about: dict[str, Any] = {"rma_id": "R1", "at": NOW, "chargeback_id": "CB1"}
    ledger.report_chargeback(ChargebackReport(op="cb", payment_id="P1", amount_minor=amount_minor, **about))
    ledger.decide_chargeback(ChargebackDecision(op="cb-lost", state=ChargebackState.LOST, **about))


def amounts(refund: AuthorizedRefund) -> list[int]:
    return [intent.amount_minor for intent in refund.intents]


def test_an_advance_pays_the_units_and_leaves_them_held(ledger: Ledger) -> None:
    advance = advanced(ledger)

    assert [(intent.key, intent.amount_minor) for intent in advance.intents] == [("R1-refund-1-t0", 666)]
    balance = ledger.order_balance("O-1")
    assert (balance.lines[0].held, balance.lines[0].settled, balance.refunded_minor) == (2, 0, 666)
    assert ledger.authorize_refund(an_advance("R1", 2)) == advance
    assert ledger.advance_account("R1").outstanding_minor == 666


def test_what_was_advanced_is_not_paid_again(ledger: Ledger) -> None:
    advanced(ledger)

    final = a_final(ledger, 2)

    assert (amounts(final), final.paid_in_advance_minor, final.quote.total_minor) == ([], 666, 666)
    assert ledger.order_balance("O-1").refunded_minor == 666
    assert ledger.advance_account("R1").outstanding_minor == 0
    with pytest.raises(NothingToRecover):
        ledger.authorize_recovery(a_recovery())


def test_what_is_worth_more_is_topped_up(ledger: Ledger) -> None:
    advanced(ledger)

    assert amounts(a_final(ledger, 2, circumstances=SHOP_IS_LIABLE)) == [100]


def test_what_is_worth_less_is_recovered_and_can_be_refunded_later(ledger: Ledger) -> None:
    advanced(ledger)
    final = a_final(ledger, 1, deduction_bps=1000)
    assert (amounts(final), final.quote.total_minor) == ([], 300)

    charge = ledger.authorize_recovery(a_recovery())
    assert (charge.direction, charge.amount_minor, charge.method_id) == (PaymentDirection.CHARGE, 366, "M1")
    pay(ledger, charge)

    assert ledger.advance_account("R1").outstanding_minor == 0
    balance = ledger.order_balance("O-1")
    assert (balance.captured_minor, balance.refunded_minor) == (1100 + 366, 666)


def test_results_that_come_one_by_one_use_the_advance_up(ledger: Ledger) -> None:
    advanced(ledger)

    assert amounts(a_final(ledger, 1, number=2)) == []
    assert ledger.advance_account("R1").outstanding_minor == 333
    assert amounts(a_final(ledger, 1, number=3, circumstances=SHOP_IS_LIABLE)) == [100]


def test_an_advance_beside_another_return_never_pays_the_line_twice(ledger: Ledger) -> None:
    advanced(ledger, units=1)
    ledger.open_return(an_opening("R2", ORDER, {"L1": 2}))
    other = ledger.authorize_refund(an_authorization("R2", {"L1": 2}))

    last = a_final(ledger, 1)

    assert (amounts(other), amounts(last)) == ([666], [1])
    assert 333 + 666 + 1 == 1000


def test_an_advance_leaves_out_what_a_lost_chargeback_gave(ledger: Ledger) -> None:
    ledger.open_return(an_opening("R1", ORDER, {"L1": 2}))
    lose_chargeback(ledger, 400)
    advance = ledger.authorize_refund(an_advance("R1", 2))
    assert amounts(advance) == [266]
    assert advance.quote.total_minor + sum_of_rows(advance.adjustments) == 266

    final = a_final(ledger, 2)

    assert (amounts(final), final.paid_in_advance_minor) == ([], 266)
    assert ledger.advance_account("R1").outstanding_minor == 0


def test_nothing_is_advanced_where_a_lost_chargeback_gave_it_all(ledger: Ledger) -> None:
    ledger.open_return(an_opening("R1", ORDER, {"L1": 2}))
    lose_chargeback(ledger, 700)
    with pytest.raises(CeilingExceeded):
        ledger.authorize_refund(an_advance("R1", 2))
    with pytest.raises(AdvanceNotFound):
        ledger.advance_account("R1")


def test_an_advance_leaves_out_what_the_line_was_compensated_with(ledger: Ledger) -> None:
    order = an_order(lines=(a_line("L1", 1, 1000), a_line("L2", 1, 1000)))
    ledger.open_return(an_opening("R0", order, {"L1": 1}))
    compensation = LineCompensation(line_id="L1", amount_minor=900)
    ledger.authorize_refund(an_authorization("R0", compensations=(compensation,), basis=RefundBasis.AGREEMENT))
    ledger.close_return(a_closing("R0"))
    ledger.open_return(an_opening("R1", order, {"L1": 1}))

    assert amounts(ledger.authorize_refund(an_advance("R1", 1))) == [100]
    assert amounts(a_final(ledger, 1)) == []
    assert ledger.advance_account("R1").outstanding_minor == 0


def test_advances_granted_side_by_side_stay_within_the_limit(ledger: Ledger) -> None:
    rules = RefundRules(advance_limits_minor={"CNY": 1_000})
    for number in (1, 2):
        order = an_order(lines=(a_line("L1", 3, 1000),), order_id=f"O-{number}")
        ledger.open_return(an_opening(f"R{number}", order, {"L1": 2}))

    first = ledger.authorize_refund(an_advance("R1", 2), rules)

    assert ledger.authorize_refund(an_advance("R1", 2), rules) == first
    with pytest.raises(CeilingExceeded, match="limit is 1000"):
        ledger.authorize_refund(an_advance("R2", 2), rules)
    a_final(ledger, 2)
    assert amounts(ledger.authorize_refund(an_advance("R2", 2), rules)) == [666]


def test_an_exchange_that_falls_through_does_not_pay_the_advance_again(ledger: Ledger) -> None:
    advanced(ledger)
    exchange = a_final(ledger, 2, basis=RefundBasis.EXCHANGE_DIFFERENCE, less_minor=666)
    assert exchange.owed_by_customer_minor == 666

    payout = a_final(ledger, 2, number=3, instead_of="settle-2")

    assert amounts(payout) == []
    assert ledger.order_balance("O-1").refunded_minor == 666


@pytest.mark.parametrize("is_paid", [True, False])
def test_what_is_being_charged_back_is_not_set_against_a_refund(ledger: Ledger, is_paid: bool) -> None:
    advanced(ledger)
    a_final(ledger, 1)
    charge = ledger.authorize_recovery(a_recovery())
    ledger.intent_submitted(charge.key, NOW)

    assert amounts(a_final(ledger, 1, number=3)) == [333]

    ledger.intent_outcome(an_outcome(charge, IntentState.SUCCEEDED if is_paid else IntentState.DECLINED))
    assert ledger.advance_account("R1").outstanding_minor == (0 if is_paid else 333)


def test_an_advance_needs_the_units_and_the_money(ledger: Ledger) -> None:
    ledger.open_return(an_opening("R1", ORDER, {"L1": 1}))
    counts = row_counts(ledger.engine)

    with pytest.raises(UnitsNotHeld):
        ledger.authorize_refund(an_advance("R1", 2))
    poor = an_order(lines=(a_line("L1", 3, 1000),), payments={"P1": 100}, order_id="O-2")
    ledger.open_return(an_opening("R2", poor, {"L1": 1}))
    with pytest.raises(CeilingExceeded):
        ledger.authorize_refund(an_advance("R2", 1))

    assert row_counts(ledger.engine)["advances"] == counts["advances"] == 0


def test_a_recovery_is_charged_once_at_a_time_and_by_another_means_if_declined(ledger: Ledger) -> None:
    advanced(ledger)
    charge = ledger.authorize_recovery(a_recovery())
    assert ledger.authorize_recovery(a_recovery()) == charge
    with pytest.raises(NothingToRecover):
        ledger.authorize_recovery(a_recovery("recovery-2", 8))

    decline(ledger, charge)
    other = ledger.replace_tender(a_replacement(charge))
    pay(ledger, other)

    assert ledger.advance_account("R1").recovered_minor == 666
    with pytest.raises(NothingToRecover):
        ledger.authorize_recovery(a_recovery("recovery-3", 10))


def test_another_means_is_charged_only_for_what_is_left_by_then(ledger: Ledger) -> None:
    advanced(ledger)
    charge = ledger.authorize_recovery(a_recovery())
    decline(ledger, charge)
    assert amounts(a_final(ledger, 1)) == []

    other = ledger.replace_tender(a_replacement(charge))
    assert other.amount_minor == 333
    pay(ledger, other)

    account = ledger.advance_account("R1")
    assert (account.earned_minor, account.recovered_minor, account.outstanding_minor) == (333, 333, 0)


@pytest.mark.parametrize("meanwhile", ["settled", "charged anew", "waived"])
def test_nothing_is_charged_by_another_means_once_nothing_is_left(ledger: Ledger, meanwhile: str) -> None:
    advanced(ledger)
    charge = ledger.authorize_recovery(a_recovery())
    decline(ledger, charge)
    match meanwhile:
        case "settled":
            a_final(ledger, 2)
        case "charged anew":
            ledger.authorize_recovery(a_recovery("recovery-2", 8))
        case _:
            ledger.end_advance(AdvanceEnd(rma_id="R1", op="end-1", at=NOW, is_waived=True))

    with pytest.raises(NothingToRecover):
        ledger.replace_tender(a_replacement(charge))


def test_what_is_being_charged_back_is_not_waived(ledger: Ledger) -> None:
    advanced(ledger)
    charge = ledger.authorize_recovery(a_recovery())
    ledger.intent_submitted(charge.key, NOW)

    ledger.end_advance(AdvanceEnd(rma_id="R1", op="end-1", at=NOW, is_waived=True))
    ledger.intent_outcome(an_outcome(charge, IntentState.SUCCEEDED))

    account = ledger.advance_account("R1")
    assert (account.waived_minor, account.recovered_minor, account.outstanding_minor) == (0, 666, 0)


def test_what_a_supervisor_waives_is_not_owed(ledger: Ledger) -> None:
    advanced(ledger)
    end = AdvanceEnd(rma_id="R1", op="end-1", at=NOW, is_waived=True, outbox=(a_message("kept"),))

    ledger.end_advance(end)
    ledger.end_advance(end)

    account = ledger.advance_account("R1")
    assert (account.waived_minor, account.outstanding_minor) == (666, 0)
    assert ledger.unpaid_advances() == []
    assert ledger.pending_deliveries() == 1
    ledger.close_return(a_closing("R1"))
    again = ledger.open_return(an_opening("R2", ORDER, {"L1": 2}))
    assert again.refusal is not None, "what was waived is paid for"


def test_what_is_not_paid_back_waits_for_a_person_until_it_is(ledger: Ledger) -> None:
    advanced(ledger)
    charge = ledger.authorize_recovery(a_recovery())
    decline(ledger, charge)

    ledger.end_advance(AdvanceEnd(rma_id="R1", op="end-1", at=NOW, is_waived=False))

    assert [each.rma_id for each in ledger.unpaid_advances()] == ["R1"]
    history = ledger.advance_history("C-1", "CNY")
    assert (history.open_minor, history.unpaid) == (666, 1)
    assert ledger.advance_history("C-1", "USD").open_minor == 0
    later = ledger.replace_tender(a_replacement(charge))
    ledger.intent_outcome(an_outcome(later, IntentState.SUCCEEDED))
    assert ledger.unpaid_advances() == []
    assert ledger.advance_history("C-1", "CNY").open_minor == 0


def test_without_an_advance_there_is_no_account(ledger: Ledger) -> None:
    ledger.open_return(an_opening("R1", ORDER, {"L1": 1}))

    for refused in (
        lambda: ledger.advance_account("R1"),
        lambda: ledger.authorize_recovery(a_recovery()),
        lambda: ledger.end_advance(AdvanceEnd(rma_id="R1", op="end-1", at=NOW, is_waived=True)),
    ):
        with pytest.raises(AdvanceNotFound):
            refused()
