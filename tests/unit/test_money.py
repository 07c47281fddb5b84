"""Amounts: the golden vectors and the rules 2, 3, 8 and 10 of section 9."""

from datetime import date
from fractions import Fraction

import pytest
from babel.core import get_global
from babel.numbers import get_currency_precision, get_territory_currencies, list_currencies
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from domain.currencies import is_known_currency, minor_unit_exponent
from domain.money import (
    cumulative_target,
    diminished_value,
    refund_for_units,
    split_by_largest_remainder,
    split_over_tenders,
)
from domain.money_text import format_minor

AMOUNTS = st.integers(0, 10**15)


@pytest.mark.parametrize(
    ("total", "weights", "shares"),
    [
        (100, [600, 400], [60, 40]),
        (1000, [3333, 3333, 3334], [333, 333, 334]),
        (5000, [28997, 20000], [2959, 2041]),
        (100, [1, 1, 1], [34, 33, 33]),
        (2, [1, 1, 1], [1, 1, 0]),
        (1, [1, 2, 2], [0, 1, 0]),
        (5, [0, 3, 0, 3], [0, 3, 0, 2]),
        (0, [0, 0], [0, 0]),
        (0, [], []),
        (10**15, [1, 10**15 - 1], [1, 10**15 - 1]),
    ],
)
def test_a_split_goes_to_the_largest_remainders_ties_to_the_earliest(
    total: int, weights: list[int], shares: list[int]
) -> None:
    assert split_by_largest_remainder(total, weights) == shares


@pytest.mark.parametrize(("total", "weights"), [(-1, [1]), (1, [2, -1]), (1, [0, 0]), (1, [])])
def test_a_split_that_cannot_be_exact_is_refused(total: int, weights: list[int]) -> None:
    with pytest.raises(ValueError, match=r"never negative|all zero"):
        split_by_largest_remainder(total, weights)


@settings(deadline=None)
@given(AMOUNTS, st.lists(AMOUNTS, min_size=1, max_size=12))
def test_a_split_is_exact_and_fair(total: int, weights: list[int]) -> None:
    assume(sum(weights))
    shares = split_by_largest_remainder(total, weights)
    assert sum(shares) == total
    for share, weight in zip(shares, weights, strict=True):
        assert share >= 0
        assert abs(share - Fraction(total * weight, sum(weights))) < 1


@pytest.mark.parametrize(
    ("paid", "quantity", "steps", "refunds"),
    [
        (1000, 3, [1, 1, 1], [333, 333, 334]),
        (26038, 3, [1, 2], [8679, 17359]),
        (2996, 3, [1, 2], [998, 1998]),
        (26038, 3, [2, 1], [17358, 8680]),
        (2, 3, [1, 1, 1], [0, 1, 1]),
        (0, 2, [1, 1], [0, 0]),
    ],
)
def test_partial_returns_follow_the_cumulative_target(
    paid: int, quantity: int, steps: list[int], refunds: list[int]
) -> None:
    assert [refund_for_units(paid, quantity, sum(steps[:n]), step) for n, step in enumerate(steps)] == refunds


@settings(deadline=None)
@given(AMOUNTS, st.lists(st.integers(1, 40), min_size=1, max_size=10), st.integers(0, 40))
def test_any_split_of_partial_returns_sums_to_the_target(paid: int, steps: list[int], kept: int) -> None:
    quantity = sum(steps) + kept
    refunds = [refund_for_units(paid, quantity, sum(steps[:n]), step) for n, step in enumerate(steps)]
    assert min(refunds) >= 0
    assert sum(refunds) == cumulative_target(paid, sum(steps), quantity)
    assert sum(refunds) + refund_for_units(paid, quantity, sum(steps), kept) == paid
    for refund, step in zip(refunds, steps, strict=True):
        assert abs(refund - Fraction(paid * step, quantity)) < 1


@pytest.mark.parametrize(
    ("quantity", "settled", "units"), [(3, 2, 2), (3, 3, 1), (3, -1, 1), (1, 1, -2), (0, 0, 1)]
)
def test_more_units_than_the_line_holds_are_refused(quantity: int, settled: int, units: int) -> None:
    with pytest.raises(ValueError, match="units must lie between"):
        refund_for_units(1000, quantity, settled, units)


@pytest.mark.parametrize(
    ("gross", "bps", "deduction"),
    [(12345, 1500, 1851), (12345, 0, 0), (12345, 10_000, 12345), (9_999, 1, 0), (10_000, 1, 1), (0, 5000, 0)],
)
def test_a_deduction_is_rounded_for_the_customer(gross: int, bps: int, deduction: int) -> None:
    assert diminished_value(gross, bps) == deduction


@pytest.mark.parametrize("bps", [-1, 10_001])
def test_a_deduction_beyond_the_whole_is_refused(bps: int) -> None:
    with pytest.raises(ValueError, match="basis points"):
        diminished_value(100, bps)


@pytest.mark.parametrize(
    ("amount", "paid", "left", "shares"),
    [
        (3333, [7000, 3000], [7000, 3000], [2333, 1000]),
        (4000, [7000, 3000], [1000, 3000], [1000, 3000]),
        (2000, [7000, 3000], [1000, 3000], [1000, 1000]),
        (100, [50, 50], [50, 50], [50, 50]),
        (90, [50, 50, 100], [5, 50, 100], [5, 28, 57]),
        (3, [1, 1], [3, 3], [2, 1]),
        (10, [0, 0], [4, 12], [3, 7]),
        (10, [100, 0], [4, 12], [4, 6]),
        (0, [100], [0], [0]),
        (0, [], [], []),
    ],
)
def test_a_refund_is_shared_over_tenders_pro_rata_and_capped(
    amount: int, paid: list[int], left: list[int], shares: list[int]
) -> None:
    assert split_over_tenders(amount, paid, left) == shares


def test_tenders_never_give_more_than_they_have_left() -> None:
    with pytest.raises(ValueError, match="less left"):
        split_over_tenders(101, [1000, 1000], [50, 50])


@st.composite
def tenders(draw: st.DrawFn) -> tuple[int, list[int], list[int]]:
    paid = draw(st.lists(AMOUNTS, min_size=1, max_size=6))
    left = [draw(st.integers(0, amount)) for amount in paid]
    return draw(st.integers(0, sum(left))), paid, left


@settings(deadline=None)
@given(tenders())
@example((11, [0, 10, 10], [5, 3, 3]))
def test_tender_shares_sum_within_their_caps(case: tuple[int, list[int], list[int]]) -> None:
    amount, paid, left = case
    shares = split_over_tenders(amount, paid, left)
    assert sum(shares) == amount
    assert all(0 <= share <= cap for share, cap in zip(shares, left, strict=True))
    assert split_over_tenders(amount, tuple(paid), tuple(left)) == shares


@settings(deadline=None)
@given(st.lists(st.integers(1, 10**12), min_size=1, max_size=6), st.data())
def test_tenders_that_have_all_left_share_by_largest_remainder(paid: list[int], data: st.DataObject) -> None:
    amount = data.draw(st.integers(0, sum(paid)))
    assert split_over_tenders(amount, paid, paid) == split_by_largest_remainder(amount, paid)


@pytest.mark.parametrize(("currency", "exponent"), [("JPY", 0), ("CNY", 2), ("USD", 2), ("KWD", 3)])
def test_minor_units_are_those_of_iso_4217(currency: str, exponent: int) -> None:
    assert minor_unit_exponent(currency) == exponent


@pytest.mark.parametrize(("currency", "exponent"), [("IQD", 3), ("RSD", 2), ("MMK", 2)])
def test_minor_units_are_not_the_digits_that_people_commonly_write(currency: str, exponent: int) -> None:
    assert minor_unit_exponent(currency) == exponent


@pytest.mark.parametrize(
    ("amount", "currency", "locale", "text"),
    [
        (123456, "CNY", "zh-CN", "¥1,234.56"),
        (123456, "CNY", "en", "CN¥1,234.56"),
        (5000, "JPY", "en", "¥5,000"),
        (12345, "KWD", "en", "KWD12.345"),
        (1, "USD", "en", "$0.01"),
        (10**15 + 1, "USD", "en", "$10,000,000,000,000.01"),
        (5, "RSD", "en", "RSD0.05"),
    ],
)
def test_an_amount_is_written_for_a_person(amount: int, currency: str, locale: str, text: str) -> None:
    assert format_minor(amount, currency, locale).replace("\xa0", "") == text


@pytest.mark.parametrize(
    ("code", "known"),
    [("CNY", True), ("KWD", True), ("cny", False), ("XAU", False), ("QQQ", False), ("CN", False), ("", False)],
)
def test_currency_codes(code: str, known: bool) -> None:
    assert is_known_currency(code) is known


def test_the_table_of_currencies_agrees_with_babel_but_for_minor_units_out_of_daily_use() -> None:
    known = {code for code in list_currencies() if is_known_currency(code)}
    in_use = {code for territory in get_global("territory_currencies") for code in _tender(territory)}
    assert in_use <= known
    differing = {code for code in known if minor_unit_exponent(code) != get_currency_precision(code)}
    assert differing == {
        *("AFN", "ALL", "IQD", "IRR", "KPW", "LAK", "LBP"),
        *("MGA", "MMK", "RSD", "SOS", "SYP", "YER"),
    }


def _tender(territory: str) -> list[str]:
    return get_territory_currencies(territory, date(2026, 1, 2), tender=True, non_tender=False)
