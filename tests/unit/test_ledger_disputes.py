"""Money in a dispute in the books: deductions that are lowered, and an amount that the platform ruled."""

import pytest

from domain.bookkeeping import AdvanceEnd, AuthorizedRefund
from domain.compensation import share_over_lines
from domain.intents import RefundBasis
from domain.refund import LoweredDeduction, RefundRules, UnitsToSettle
from domain.worksheet import WorksheetRule, sum_of_rows
from ledger.errors import CeilingExceeded, ReturnNotFound, UnitsNotDeducted
from ledger.ledger import Ledger
from tests.unit.ledger_builders import (
    NOW,
    a_line,
    an_authorization,
    an_opening,
    an_order,
    open_and_authorize,
    pay,
    row_counts,
)

pytest_plugins = ["tests.unit.ledger_fixtures"]

NO_FEES = RefundRules()
ORDER = an_order(lines=(a_line("L1", 3, 1000), a_line("L2", 1, 500), a_line("L3", 1, 700)))


def deducted(ledger: Ledger, quantity: int = 3, bps: int = 1_500) -> AuthorizedRefund:
    """A return of L1 whose units are paid less a deduction."""
    ledger.open_return(an_opening("R1", ORDER, {"L1": quantity}))
    units = [UnitsToSettle(line_id="L1", quantity=quantity, deduction_bps=bps)]
    return ledger.authorize_refund(an_authorization("R1", units))


def lower(
    ledger: Ledger,
    quantity: int,
    to_bps: int,
    number: int = 2,
    rma_id: str = "R1",
    rules: RefundRules = NO_FEES,
) -> AuthorizedRefund:
    lowered = LoweredDeduction(line_id="L1", quantity=quantity, from_bps=1_500, to_bps=to_bps)
    return ledger.authorize_refund(
        an_authorization(rma_id, op=f"refund-{number}", round=number, lowered=(lowered,)), rules
    )


def rule(ledger: Ledger, amount_minor: int, number: int = 2, rma_id: str = "R1") -> AuthorizedRefund:
    return ledger.authorize_refund(
        an_authorization(
            rma_id,
            op=f"refund-{number}",
            round=number,
            basis=RefundBasis.ARBITRATION,
            ruled_minor=amount_minor,
        )
    )


def drawn(refund: AuthorizedRefund) -> int:
    return sum(intent.amount_minor for intent in refund.intents)


def test_a_lowered_deduction_is_an_intent_of_its_own_and_a_repeat_gives_nothing_more(ledger: Ledger) -> None:
    assert drawn(deducted(ledger)) == 850
    first = lower(ledger, 1, 500)
    rows = row_counts(ledger.engine)
    assert lower(ledger, 1, 500) == first
    assert row_counts(ledger.engine) == rows
    # The rest of the line, 1000 - 333 = 667, was paid less 100; then the second unit, 333, is worth all of it.
    assert [drawn(first), drawn(lower(ledger, 1, 0, number=3)), drawn(lower(ledger, 1, 0, number=4))] == [
        34,
        50,
        50,
    ]
    assert ledger.order_balance("O-1").reserved_minor == 1000 - 16
    with pytest.raises(UnitsNotDeducted, match="0 units of line L1 were paid less 1500 basis points"):
        lower(ledger, 1, 0, number=5)


def test_only_what_this_return_was_paid_less_is_given_back(ledger: Ledger) -> None:
    deducted(ledger, quantity=1)
    open_and_authorize(ledger, "R2", ORDER, {"L1": 1})
    before = row_counts(ledger.engine)
    for rma_id, units in (("R1", 2), ("R2", 1)):
        with pytest.raises(UnitsNotDeducted):
            lower(ledger, units, 0, rma_id=rma_id)
    assert row_counts(ledger.engine) == before


@pytest.mark.parametrize(("ruled", "given_back"), [(99, [0, 0]), (60, [39, 0]), (30, [50, 19])])
def test_what_was_ruled_since_is_not_given_back_once_more(
    ledger: Ledger, ruled: int, given_back: list[int]
) -> None:
    """99 were taken off R1; a ruling on another return of the line gives some of it away meanwhile."""
    assert drawn(deducted(ledger, quantity=2)) == 567
    open_and_authorize(ledger, "R2", ORDER, {"L1": 1})
    rule(ledger, ruled, rma_id="R2")
    lowered = [lower(ledger, 1, 0, number=number) for number in (3, 4)]
    assert [drawn(refund) for refund in lowered] == given_back
    for refund in lowered:
        assert sum_of_rows(refund.quote.rows) == refund.quote.total_minor
    assert ledger.remainder("R1").for_a_ruling_minor == max(99 - ruled - sum(given_back), 0)


def test_no_restocking_fee_is_made_up_for_units_that_never_came(ledger: Ledger) -> None:
    """One unit was lost and paid in full, one accepted at 333 less 49 and a fee of 33; 16 are due after all."""
    fees = RefundRules(restocking_bps=1_000)
    ledger.open_return(an_opening("R1", ORDER, {"L1": 2}))
    lost = an_authorization("R1", {"L1": 1}, op="lost", round=3, basis=RefundBasis.LOST_IN_TRANSIT)
    units = [UnitsToSettle(line_id="L1", quantity=1, deduction_bps=1_500)]
    assert drawn(ledger.authorize_refund(lost, fees)) == 333
    assert drawn(ledger.authorize_refund(an_authorization("R1", units), fees)) == 333 - 49 - 33
    assert drawn(lower(ledger, 1, 500, rules=fees)) == 49 - 16


def test_what_is_still_owed_for_a_replacement_comes_off_the_difference(ledger: Ledger) -> None:
    deducted(ledger)
    lowered = LoweredDeduction(line_id="L1", quantity=3, from_bps=1_500, to_bps=500)
    refund = ledger.authorize_refund(
        an_authorization(
            "R1",
            op="refund-2",
            round=2,
            basis=RefundBasis.EXCHANGE_DIFFERENCE,
            lowered=(lowered,),
            less_minor=150,
        )
    )
    assert (refund.intents, refund.owed_by_customer_minor) == ((), 50)
    assert sum_of_rows((*refund.quote.rows, *refund.adjustments)) == 0


def test_a_ruled_amount_is_shared_by_what_each_line_has_left(ledger: Ledger) -> None:
    """L1 has 667 left after one unit of three, L2 500; L3 is not of the return."""
    ledger.open_return(an_opening("R1", ORDER, {"L1": 1, "L2": 1}))
    ledger.authorize_refund(an_authorization("R1", {"L1": 1}))
    assert ledger.remainder("R1").for_a_ruling_minor == 667 + 500
    refund = rule(ledger, 100)
    assert {each.line_id: each.amount_minor for each in refund.quote.compensations} == {"L1": 57, "L2": 43}
    assert {row.rule for row in refund.quote.rows} == {WorksheetRule.ARBITRATION}
    assert drawn(refund) == 100
    assert ledger.remainder("R1").for_a_ruling_minor == 1067
    before = row_counts(ledger.engine)
    with pytest.raises(CeilingExceeded, match="have 1067 left to pay back, 1068 were ruled"):
        rule(ledger, 1068, number=3)
    assert row_counts(ledger.engine) == before
    assert drawn(rule(ledger, 1067, number=3)) == 1067
    assert ledger.remainder("R1").for_a_ruling_minor == 0


def test_what_a_waived_advance_gave_is_not_left_for_a_ruling(ledger: Ledger) -> None:
    ledger.open_return(an_opening("R1", ORDER, {"L1": 3}))
    advance = an_authorization("R1", {"L1": 3}, op="advance", basis=RefundBasis.ADVANCE)
    for intent in ledger.authorize_refund(advance).intents:
        pay(ledger, intent)
    ledger.end_advance(AdvanceEnd(rma_id="R1", op="end", at=NOW, is_waived=True))
    assert ledger.remainder("R1").for_a_ruling_minor == 0
    with pytest.raises(CeilingExceeded):
        rule(ledger, 1)


def test_a_return_that_was_never_opened_has_nothing_left(ledger: Ledger) -> None:
    assert ledger.remainder("R9").for_a_ruling_minor == 0
    with pytest.raises(ReturnNotFound):
        rule(ledger, 1, rma_id="R9")


@pytest.mark.parametrize(
    ("amount", "left", "shares"),
    [
        (10, {"A": 1, "B": 1, "C": 1_000}, {"C": 10}),
        (1_001, {"A": 1, "B": 1, "C": 1_000}, {"A": 1, "B": 1, "C": 999}),
        (100, {"A": 333, "B": 333, "C": 334}, {"A": 33, "B": 33, "C": 34}),
        (5, {"A": 0, "B": 5}, {"B": 5}),
    ],
)
def test_no_line_gets_more_of_a_ruling_than_it_has_left(
    amount: int, left: dict[str, int], shares: dict[str, int]
) -> None:
    assert {each.line_id: each.amount_minor for each in share_over_lines(amount, left)} == shares
    with pytest.raises(ValueError, match="less left"):
        share_over_lines(sum(left.values()) + 1, left)
