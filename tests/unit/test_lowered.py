"""A deduction that a contest lowers: with the refund before it, what the lower one would have given at once."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.application import Locale
from domain.intents import RefundBasis
from domain.lowered import NotDeducted, after_lowering, choose_units, worth_of_lowering
from domain.orders import Discount, OrderSnapshot, paid_by_line
from domain.policy import ClawBack
from domain.refund import LoweredDeduction, RefundQuote, RefundRules, UnitsToSettle
from domain.worksheet import WorksheetRule, sum_of_rows
from domain.worksheet_words import words_for
from tests.unit.quotes import Books, line, order

NO_FEES = RefundRules()


def deducted(quantity: int, bps: int, line_id: str = "A") -> UnitsToSettle:
    return UnitsToSettle(line_id=line_id, quantity=quantity, deduction_bps=bps)


def lowered(quantity: int, from_bps: int, to_bps: int) -> LoweredDeduction:
    return LoweredDeduction(line_id="A", quantity=quantity, from_bps=from_bps, to_bps=to_bps)


def counted(quote: RefundQuote) -> dict[WorksheetRule, int]:
    return {row.rule: row.amount_minor for row in quote.rows if row.rule.counts}


@pytest.mark.parametrize(
    ("paid", "quantity", "units", "first", "difference"),
    [
        # 15 % of 12345 is 1851, 5 % is 617.
        (12_345, 1, 1, 10_494, 1_234),
        # Three units at 9999: 4499 were taken off 29997, 1499 are due.
        (29_997, 3, 3, 25_498, 3_000),
        # One of them: 5 % of 9999 and 15 % of 19998 are due, 499 and 2999.
        (29_997, 3, 1, 25_498, 1_001),
        # Of 1000 over 3, the first unit is 333: 16 and 100 of 150 are due.
        (1_000, 3, 1, 850, 34),
    ],
)
def test_the_difference_is_what_the_lower_deduction_would_have_given(
    paid: int, quantity: int, units: int, first: int, difference: int
) -> None:
    unit_price = -(-paid // quantity)
    books = Books(order([line("A", quantity, unit_price, discount=unit_price * quantity - paid)]), NO_FEES)
    assert books.pay([deducted(quantity, 1_500)]).total_minor == first
    quote = books.pay([], lowered=[lowered(units, 1_500, 500)])
    assert counted(quote) == {WorksheetRule.DEDUCTION_LOWERED: difference}
    assert quote.total_minor == difference


def test_units_are_lowered_once_and_never_more_than_were_deducted() -> None:
    books = Books(order([line("A", 3, 1_000)]), NO_FEES)
    books.pay([deducted(2, 1_500), deducted(1, 0)])
    first = books.pay([], lowered=[lowered(1, 1_500, 500)])
    both = books.quotes[0].model_copy(update={"lowered": first.lowered, "rows": ()})
    books.quotes = [both]
    assert books.pay([], lowered=[lowered(1, 1_500, 0)]).total_minor == 150
    for wrong in (lowered(2, 1_500, 0), lowered(1, 1_000, 0)):
        books.quotes = [both]
        with pytest.raises(NotDeducted, match="units of line A were paid less"):
            books.pay([], lowered=[wrong])


def test_what_the_first_refund_could_not_bear_comes_off_the_difference() -> None:
    """A compensation of before, the freight and a restocking fee, with all but nothing left to take them off."""
    fees = RefundRules(return_freight_minor={"CNY": 700}, restocking_bps=1_000)
    books = Books(order([line("A", 1, 10_000)]), fees)
    books.pay({}, compensations={"A": 3_000}, basis=RefundBasis.AGREEMENT)
    assert books.pay([deducted(1, 9_500)]).total_minor == 0
    quote = books.pay([], lowered=[lowered(1, 9_500, 5_000)])
    assert counted(quote) == {
        WorksheetRule.DEDUCTION_LOWERED: 4_500,
        WorksheetRule.COMPENSATED_BEFORE: -2_500,
        WorksheetRule.RESTOCKING_FEE: -1_000,
        WorksheetRule.RETURN_FREIGHT: -700,
    }
    at_once = Books(books.order, fees)
    at_once.pay({}, compensations={"A": 3_000}, basis=RefundBasis.AGREEMENT)
    assert at_once.pay([deducted(1, 5_000)]).total_minor == quote.total_minor == 300


@st.composite
def orders(draw: st.DrawFn) -> OrderSnapshot:
    lines = [
        line(line_id, draw(st.integers(1, 5)), draw(st.integers(1, 4_000)), draw(st.integers(0, 3)) // 3)
        for line_id in ("A", "B")[: draw(st.integers(1, 2))]
    ]
    net = sum(each.net_minor for each in lines)
    if net < 10 or draw(st.booleans()):
        return order(lines)
    return order(lines, Discount(amount_minor=draw(st.integers(1, net // 5)), threshold_minor=net))


@settings(deadline=None, max_examples=150)
@given(orders(), st.data())
def test_any_lowering_comes_to_what_was_due_at_once(snapshot: OrderSnapshot, data: st.DataObject) -> None:
    """Odd cents, partial quantities, units settled before, and what the first refund could not bear.

    A restocking fee was rounded for the units together, so for that they are lowered together.
    """
    most = snapshot.lines[0].quantity
    before = data.draw(st.integers(0, most - 1))
    units = data.draw(st.integers(1, most - before))
    part = data.draw(st.integers(1, units))
    rules = RefundRules(
        claw_back=data.draw(st.sampled_from(ClawBack)),
        restocking_bps=data.draw(st.sampled_from([0, 1_000])) if part == units else 0,
        return_freight_minor={"CNY": data.draw(st.sampled_from([0, 700]))},
    )
    compensated = data.draw(st.integers(0, paid_by_line(snapshot)["A"]))
    twice, at_once = Books(snapshot, rules), Books(snapshot, rules)
    from_bps = data.draw(st.integers(1, 10_000))
    to_bps = data.draw(st.integers(0, from_bps - 1))
    for books in (twice, at_once):
        if compensated:
            books.pay({}, compensations={"A": compensated}, basis=RefundBasis.AGREEMENT)
        if before:
            books.pay({"A": before})
    twice.pay([deducted(units, from_bps)])
    quote = twice.pay([], lowered=[lowered(part, from_bps, to_bps)])
    rest = [deducted(units - part, from_bps)] if part < units else []
    at_once.pay([deducted(part, to_bps), *rest])

    assert twice.total_minor == at_once.total_minor
    assert sum_of_rows(quote.rows) == quote.total_minor >= 0
    assert twice.left_minor("A", paid_by_line(snapshot)["A"]) >= 0
    for row in quote.rows:
        assert all("?" not in words_for(row, snapshot.currency, locale) for locale in Locale)


def test_the_highest_deductions_are_lowered_first() -> None:
    found = (deducted(2, 500), deducted(1, 3_000), deducted(1, 1_500), deducted(4, 9_000, "B"))
    chosen = choose_units(found, "A", 2, 1_000)
    assert chosen == (lowered(1, 3_000, 1_000), lowered(1, 1_500, 1_000))
    with pytest.raises(NotDeducted):
        choose_units(found, "A", 3, 1_000)
    assert after_lowering(found, chosen) == (
        deducted(2, 500),
        deducted(4, 9_000, "B"),
        deducted(1, 1_000),
        deducted(1, 1_000),
    )
    assert worth_of_lowering(order([line("A", 4, 12_345)]), chosen) == (3_703 - 1_234) + (1_851 - 1_234)
