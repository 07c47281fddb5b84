"""Compensations, promotions and tenders in kind under the ledger's ceilings, and the quote of an opening."""

import pytest

from domain.intents import RefundBasis
from domain.orders import Discount, OrderSnapshot, Payment, PaymentMethod, TenderKind
from domain.policy import ClawBack
from domain.refund import LineCompensation, RefundClaim, RefundRules, UnitsToSettle
from domain.worksheet import WorksheetRule, sum_of_rows
from ledger.errors import CeilingExceeded, UnitsNotHeld
from ledger.ledger import Ledger
from tests.unit.ledger_builders import (
    SHOP_IS_LIABLE,
    a_closing,
    a_line,
    an_authorization,
    an_opening,
    an_order,
    open_and_authorize,
)

pytest_plugins = ["tests.unit.ledger_fixtures"]

ORDER = an_order(lines=(a_line("L1", 3, 3000), a_line("L2", 1, 500)))
REPRICE = RefundRules(policy_version="p-1", claw_back=ClawBack.REPRICE)


def compensate(ledger: Ledger, rma_id: str, line_id: str, amount_minor: int, round_: int = 1) -> int:
    """Pay a compensation without settling a unit; the units go free when the return closes."""
    refund = ledger.authorize_refund(
        an_authorization(
            rma_id,
            op=f"compensate-{round_}",
            round=round_,
            basis=RefundBasis.AGREEMENT,
            compensations=(LineCompensation(line_id=line_id, amount_minor=amount_minor),),
        )
    )
    return sum(intent.amount_minor for intent in refund.intents)


def test_a_compensation_settles_no_unit_and_shrinks_later_refunds(ledger: Ledger) -> None:
    ledger.open_return(an_opening("R1", ORDER, {"L1": 3}))
    assert compensate(ledger, "R1", "L1", 600) == 600
    ledger.close_return(a_closing("R1"))
    assert ledger.order_balance("O-1").lines[0].settled == 0

    totals = [open_and_authorize(ledger, f"R{n}", ORDER, {"L1": 1}).quote.total_minor for n in (2, 3, 4)]

    assert totals == [800, 800, 800]
    assert ledger.order_balance("O-1").reserved_minor == 3000


def test_a_compensation_of_units_that_a_return_did_not_accept_leaves_its_others_alone(ledger: Ledger) -> None:
    ledger.open_return(an_opening("R1", ORDER, {"L1": 3}))
    assert compensate(ledger, "R1", "L1", 600) == 600
    accepted = ledger.authorize_refund(an_authorization("R1", {"L1": 2}, op="units", round=2))
    ledger.close_return(a_closing("R1"))

    assert accepted.quote.total_minor == 2000
    assert open_and_authorize(ledger, "R2", ORDER, {"L1": 1}).quote.total_minor == 400
    assert ledger.order_balance("O-1").reserved_minor == 3000


def test_a_line_is_never_compensated_beyond_what_it_has_left(ledger: Ledger) -> None:
    open_and_authorize(ledger, "R1", ORDER, {"L1": 1})
    ledger.open_return(an_opening("R2", ORDER, {"L1": 2}))
    before = ledger.order_balance("O-1")

    with pytest.raises(CeilingExceeded, match="line L1 of order O-1 has 2000 left"):
        compensate(ledger, "R2", "L1", 2001)

    assert ledger.order_balance("O-1") == before
    assert compensate(ledger, "R2", "L1", 1500) == 1500
    with pytest.raises(CeilingExceeded, match="has 500 left"):
        compensate(ledger, "R2", "L1", 501, round_=2)
    assert compensate(ledger, "R2", "L1", 500, round_=3) == 500
    assert ledger.authorize_refund(an_authorization("R2", {"L1": 2}, op="units", round=4)).intents == ()


def test_only_a_line_of_the_return_is_compensated(ledger: Ledger) -> None:
    ledger.open_return(an_opening("R1", ORDER, {"L1": 1}))
    with pytest.raises(UnitsNotHeld, match="L2"):
        compensate(ledger, "R1", "L2", 100)


def promoted() -> OrderSnapshot:
    lines = (a_line("L1", 1, 15000), a_line("L2", 1, 6000))
    discount = Discount(amount_minor=4200, threshold_minor=20000)
    return an_order(lines, {"P1": 16800}).model_copy(update={"discounts": (discount,)})


def test_a_lost_promotion_is_taken_off_and_given_back_by_the_next_return(ledger: Ledger) -> None:
    ledger.open_return(an_opening("R1", promoted(), {"L1": 1}))
    first = ledger.authorize_refund(an_authorization("R1", {"L1": 1}), REPRICE)
    ledger.open_return(an_opening("R2", promoted(), {"L2": 1}))
    second = ledger.authorize_refund(an_authorization("R2", {"L2": 1}), REPRICE)

    assert (first.quote.total_minor, second.quote.total_minor) == (10800, 6000)
    assert first.quote.policy_version == "p-1"
    assert ledger.order_balance("O-1").reserved_minor == 16800


def test_an_exchange_that_fell_through_counts_as_returned(ledger: Ledger) -> None:
    ledger.open_return(an_opening("R1", promoted(), {"L1": 1}))
    exchange = an_authorization("R1", {"L1": 1}, basis=RefundBasis.EXCHANGE_DIFFERENCE, less_minor=12000)
    assert ledger.authorize_refund(exchange, REPRICE).quote.promotion_lost_minor == 0
    payout = an_authorization("R1", {"L1": 1}, op="payout", round=2, instead_of="refund-1")
    assert ledger.authorize_refund(payout, REPRICE).quote.total_minor == 12000
    ledger.open_return(an_opening("R2", promoted(), {"L2": 1}))

    # Everything is back: nothing is kept that could lose the promotion.
    assert ledger.authorize_refund(an_authorization("R2", {"L2": 1}), REPRICE).quote.total_minor == 4800


def with_points() -> OrderSnapshot:
    return an_order(lines=(a_line("L1", 3, 10000),), payments={"P1": 7000, "P2": 3000}).model_copy(
        update={
            "payments": (
                Payment(payment_id="P1", method_id="CARD", captured_minor=7000),
                Payment(payment_id="P2", method_id="POINTS", captured_minor=3000, tender=TenderKind.POINTS),
            ),
            "payment_methods": (PaymentMethod(method_id="CREDIT", source="store_credit"),),
        }
    )


@pytest.mark.parametrize(("destination", "money_to"), [(None, "CARD"), ("CARD", "CARD"), ("CREDIT", "CREDIT")])
def test_points_return_in_kind_wherever_the_money_goes(
    ledger: Ledger, destination: str | None, money_to: str
) -> None:
    refund = open_and_authorize(ledger, "R1", with_points(), {"L1": 1}, destination=destination)
    drawn = {intent.payment_id: (intent.method_id, intent.amount_minor) for intent in refund.intents}
    assert drawn == {"P1": (money_to, 2333), "P2": ("POINTS", 1000)}


def test_the_rows_come_to_what_the_intents_draw(ledger: Ledger) -> None:
    order = an_order(lines=(a_line("L1", 2, 2000),), shipping_minor=100)
    exchange = open_and_authorize(ledger, "R1", order, {"L1": 1}, less_minor=1300, circumstances=SHOP_IS_LIABLE)
    assert sum_of_rows((*exchange.quote.rows, *exchange.adjustments)) == 0 == len(exchange.intents)
    assert {row.rule: row.amount_minor for row in exchange.adjustments} == {
        WorksheetRule.REPLACEMENT: -1300,
        WorksheetRule.OWED_BY_CUSTOMER: 200,
    }
    whole = an_order(payments={"P1": 1010}, order_id="O-2")
    cancelled = open_and_authorize(ledger, "R2", whole, {"L1": 3}, order_entirely=True)
    assert [(row.rule, row.amount_minor) for row in cancelled.adjustments] == [(WorksheetRule.ORDER_REMAINDER, 10)]
    assert sum_of_rows((*cancelled.quote.rows, *cancelled.adjustments)) == 1010


def test_an_opening_quotes_what_is_expected_after_earlier_returns(ledger: Ledger) -> None:
    order = an_order(shipping_minor=90)
    open_and_authorize(ledger, "R1", order, {"L1": 1}, circumstances=SHOP_IS_LIABLE)
    claim = RefundClaim(
        basis=RefundBasis.INSPECTION,
        units=(UnitsToSettle(line_id="L1", quantity=2),),
        circumstances=SHOP_IS_LIABLE,
    )
    opening = an_opening("R2", order, {"L1": 2}, expected=claim, rules=REPRICE)
    review = ledger.open_return(opening)

    assert review.quote is not None
    assert (review.quote.total_minor, review.quote.policy_version) == (667, "p-1")
    assert ledger.open_return(opening) == review
    executed = ledger.authorize_refund(an_authorization("R2", {"L1": 2}, circumstances=SHOP_IS_LIABLE), REPRICE)
    assert executed.quote == review.quote


def test_the_quote_of_a_cancellation_is_the_whole_order(ledger: Ledger) -> None:
    claim = RefundClaim(basis=RefundBasis.CANCELLATION, order_entirely=True)
    review = ledger.open_return(an_opening("R1", an_order(shipping_minor=90), {"L1": 3}, expected=claim))
    assert review.quote is not None
    assert review.quote.total_minor == 1090
    assert ledger.order_balance("O-1").shipping_granted_minor == 0
