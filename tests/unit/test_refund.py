"""What is owed for units that come back, and which payments it is drawn from (section 9)."""

from collections import Counter
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.intents import RefundBasis
from domain.liability import Liability
from domain.orders import Discount, OrderLine, OrderSnapshot, OrderStatus, TaxComponent, TenderKind, paid_by_line
from domain.quote import quote_refund
from domain.reasons import LiableParty
from domain.refund import Circumstances, RefundClaim, RefundQuote, SettledBefore, UnitsToSettle
from domain.tenders import Source, draw_refund


def line(line_id: str, quantity: int, unit_price: int, discount: int = 0, taxes: Sequence[int] = ()) -> OrderLine:
    return OrderLine(
        line_id=line_id,
        item_id=f"item-{line_id}",
        product_id=f"product-{line_id}",
        name="Thing",
        quantity=quantity,
        unit_price_minor=unit_price,
        discount_minor=discount,
        tax=tuple(TaxComponent(name=f"tax-{n}", amount_minor=amount) for n, amount in enumerate(taxes)),
    )


def order(lines: Sequence[OrderLine], discounts: Sequence[int] = ()) -> OrderSnapshot:
    return OrderSnapshot(
        order_id="O-1",
        customer_id="C-1",
        status=OrderStatus.DELIVERED,
        currency="CNY",
        lines=tuple(lines),
        discounts=tuple(Discount(amount_minor=amount) for amount in discounts),
        payments=(),
        payment_methods=(),
    )


def units(line_id: str, quantity: int, bps: int = 0) -> UnitsToSettle:
    return UnitsToSettle(line_id=line_id, quantity=quantity, deduction_bps=bps)


def quote(
    snapshot: OrderSnapshot, settled: Mapping[str, int], entries: Sequence[UnitsToSettle], liable: str = ""
) -> RefundQuote:
    """The quote of accepted units after others; with somebody liable for each."""
    circumstances = Circumstances(
        liability={entry.line_id: Liability.of(LiableParty(liable)) for entry in entries} if liable else {}
    )
    claim = RefundClaim(basis=RefundBasis.INSPECTION, units=tuple(entries), circumstances=circumstances)
    return quote_refund(snapshot, claim, SettledBefore(units=dict(settled)))


TAXED = order([line("A", 3, 9999, 1000, [2996]), line("B", 1, 20000)], [5000])


@pytest.mark.parametrize(
    ("snapshot", "paid"),
    [
        (TAXED, {"A": 26038, "B": 17959}),
        (order([line("A", 1, 600), line("B", 1, 400)], [100]), {"A": 540, "B": 360}),
        (
            order([line("A", 1, 3333), line("B", 1, 3333), line("C", 1, 3334)], [1000]),
            {"A": 3000, "B": 3000, "C": 3000},
        ),
        # The second discount is shared over what the first one left.
        (
            order([line("A", 1, 100), line("B", 1, 100), line("C", 1, 101)], [100, 100]),
            {"A": 33, "B": 34, "C": 34},
        ),
        (order([line("A", 1, 600), line("B", 2, 0)], [600]), {"A": 0, "B": 0}),
        (order([line("A", 1, 600), line("B", 1, 1)], [700]), {"A": 0, "B": 0}),
    ],
)
def test_what_was_paid_for_a_line(snapshot: OrderSnapshot, paid: dict[str, int]) -> None:
    assert paid_by_line(snapshot) == paid


@pytest.mark.parametrize(
    ("prices", "discounts"), [([500], [1000, 1]), ([0], [1]), ([300, 200], [500, 10]), ([100, 500], [700, 1])]
)
def test_discounts_beyond_the_whole_order_leave_nothing_paid(prices: list[int], discounts: list[int]) -> None:
    snapshot = order([line(str(n), 1, price) for n, price in enumerate(prices)], discounts)
    assert set(paid_by_line(snapshot).values()) == {0}


@pytest.mark.parametrize(
    ("settled", "quantity", "gross", "tax"),
    [(0, 1, 8679, 998), (1, 2, 17359, 1998), (0, 3, 26038, 2996), (2, 1, 8680, 999), (3, 0, 0, 0)],
)
def test_the_tax_vector(settled: int, quantity: int, gross: int, tax: int) -> None:
    owed = quote(TAXED, {"A": settled}, [units("A", quantity)])
    assert [(entry.gross_minor, entry.tax_minor) for entry in owed.lines] == [(gross, tax)]
    assert owed.total_minor == gross


def test_a_threshold_promotion_is_taken_back_in_proportion() -> None:
    promoted = order([line("A", 1, 15000), line("B", 1, 6000)], [4200])
    assert quote(promoted, {}, [units("A", 1)]).total_minor == 12000


def test_a_deduction_and_the_outbound_shipping_are_part_of_the_total() -> None:
    shipped = order([line("A", 1, 12345)]).model_copy(update={"shipping_minor": 800})
    owed = quote(shipped, {}, [units("A", 1, bps=1500)], liable="merchant")
    assert (owed.lines[0].deduction_minor, owed.lines[0].net_minor) == (1851, 10494)
    assert (owed.total_minor, owed.currency) == (11294, "CNY")
    assert quote(shipped, {}, [units("A", 1, bps=1500)], liable="customer").total_minor == 10494


def test_entries_of_one_line_follow_on_each_other() -> None:
    """Units of a line that were found in different states are one cumulative series."""
    owed = quote(TAXED, {}, [units("A", 1, bps=1000), units("B", 1), units("A", 2)])
    assert [entry.gross_minor for entry in owed.lines] == [8679, 17959, 17359]
    assert [entry.deduction_minor for entry in owed.lines] == [867, 0, 0]


@pytest.mark.parametrize(
    ("settled", "entries", "error"),
    [
        ({"A": 2}, [units("A", 2)], ValueError),
        ({}, [units("A", 2), units("A", 2)], ValueError),
        ({}, [units("Z", 1)], KeyError),
        ({}, [units("A", 1, bps=10_001)], ValueError),
    ],
)
def test_a_quote_that_goes_beyond_the_order_is_refused(
    settled: dict[str, int], entries: list[UnitsToSettle], error: type[Exception]
) -> None:
    with pytest.raises(error):
        quote(TAXED, settled, entries)


@st.composite
def orders(draw: st.DrawFn) -> OrderSnapshot:
    lines = []
    for number in range(draw(st.integers(1, 4))):
        quantity, price = draw(st.integers(1, 7)), draw(st.integers(0, 10**6))
        discount = draw(st.integers(0, quantity * price))
        taxes = draw(st.lists(st.integers(0, quantity * price - discount), max_size=3))
        lines.append(line(f"L{number}", quantity, price, discount, taxes))
    left = sum(entry.net_minor for entry in lines)
    discounts: list[int] = []
    while left and len(discounts) < 3 and draw(st.booleans()):
        discounts.append(draw(st.integers(0, left)))
        left -= discounts[-1]
    return order(lines, discounts)


@settings(deadline=None)
@given(orders(), st.data())
def test_any_split_of_partial_returns_sums_to_what_was_paid(snapshot: OrderSnapshot, data: st.DataObject) -> None:
    """Every unit comes back once, in any sequence, in any number of quotes with any number of entries."""
    sequence = data.draw(
        st.permutations([entry.line_id for entry in snapshot.lines for _ in range(entry.quantity)])
    )
    settled: Counter[str] = Counter()
    gross: Counter[str] = Counter()
    tax: Counter[str] = Counter()
    rest = list(sequence)
    while rest:
        cut = data.draw(st.integers(1, len(rest)))
        batch, rest = rest[:cut], rest[cut:]
        grouped = Counter(batch).items() if data.draw(st.booleans()) else [(unit, 1) for unit in batch]
        owed = quote(snapshot, settled, [units(name, count) for name, count in grouped])
        for entry in owed.lines:
            gross[entry.line_id] += entry.gross_minor
            tax[entry.line_id] += entry.tax_minor
        settled.update(batch)
    paid = paid_by_line(snapshot)
    net = sum(entry.net_minor for entry in snapshot.lines)
    assert dict(gross) == paid
    assert sum(paid.values()) == net - sum(discount.amount_minor for discount in snapshot.discounts)
    assert dict(tax) == {entry.line_id: sum(part.amount_minor for part in entry.tax) for entry in snapshot.lines}


@settings(deadline=None)
@given(orders(), st.data())
def test_no_component_of_a_quote_is_below_zero(snapshot: OrderSnapshot, data: st.DataObject) -> None:
    entries, settled = [], {}
    for item in snapshot.lines:
        settled[item.line_id] = data.draw(st.integers(0, item.quantity))
        count = data.draw(st.integers(0, item.quantity - settled[item.line_id]))
        entries.append(units(item.line_id, count, data.draw(st.integers(0, 10_000))))
    owed = quote(snapshot, settled, entries)
    for got, asked in zip(owed.lines, entries, strict=True):
        assert 0 <= got.deduction_minor <= got.gross_minor
        assert got.deduction_minor * 10_000 <= got.gross_minor * asked.deduction_bps
        assert got.tax_minor >= 0
        assert got.net_minor == got.gross_minor - got.deduction_minor
    assert 0 <= owed.total_minor == sum(got.net_minor for got in owed.lines)


def source(
    name: str, captured: int, left: int | None = None, method: str = "", tender: TenderKind = TenderKind.MONEY
) -> Source:
    return Source(
        tender=tender,
        payment_id=name,
        method_id=method or f"{name}-method",
        captured_minor=captured,
        left_minor=captured if left is None else left,
    )


CARD, POINTS = source("card", 7000), source("points", 3000)
IN_KIND = source("points", 3000, tender=TenderKind.POINTS)
COUPON = source("coupon", 1000, tender=TenderKind.COUPON)


@pytest.mark.parametrize(
    ("amount", "sources", "destination", "draws"),
    [
        (3333, [CARD, POINTS], None, [("card", "card-method", 2333), ("points", "points-method", 1000)]),
        (3333, [CARD, POINTS], "points-method", [("points", "points-method", 3000), ("card", "card-method", 333)]),
        (3333, [CARD, POINTS], "card-method", [("card", "card-method", 3333)]),
        (3333, [CARD, POINTS], "gift", [("card", "gift", 2333), ("points", "gift", 1000)]),
        (
            2000,
            [source("card", 7000, 500), POINTS],
            None,
            [("card", "card-method", 500), ("points", "points-method", 1500)],
        ),
        # It paid, but has nothing left: the money goes back to where it came from, not to it.
        (100, [source("card", 7000, 0), POINTS], "card-method", [("points", "points-method", 100)]),
        # Two captures on one card.
        (
            90,
            [source("a", 60, method="m"), POINTS, source("b", 40, method="m")],
            "m",
            [("a", "m", 54), ("b", "m", 36)],
        ),
        # Points and coupons return in kind, whatever the customer consents to for the money.
        (3333, [CARD, IN_KIND], None, [("card", "card-method", 2333), ("points", "points-method", 1000)]),
        (3333, [CARD, IN_KIND], "gift", [("card", "gift", 2333), ("points", "points-method", 1000)]),
        (3333, [CARD, IN_KIND], "card-method", [("card", "card-method", 2333), ("points", "points-method", 1000)]),
        (1000, [CARD, IN_KIND], "points-method", [("card", "card-method", 700), ("points", "points-method", 300)]),
        (
            1100,
            [CARD, IN_KIND, COUPON],
            "gift",
            [("card", "gift", 700), ("points", "points-method", 300), ("coupon", "coupon-method", 100)],
        ),
        (0, [CARD, POINTS], "gift", []),
        (0, [], None, []),
    ],
)
def test_which_payments_a_refund_is_drawn_from(
    amount: int, sources: list[Source], destination: str | None, draws: list[tuple[str, str, int]]
) -> None:
    drawn = draw_refund(amount, sources, destination)
    assert [(draw.payment_id, draw.method_id, draw.amount_minor) for draw in drawn] == draws


@pytest.mark.parametrize("destination", [None, "card-method", "gift"])
def test_a_refund_beyond_what_the_payments_have_left_is_refused(destination: str | None) -> None:
    with pytest.raises(ValueError, match="less left"):
        draw_refund(7001, [source("card", 7000), source("points", 3000, 0)], destination)


@st.composite
def payments(draw: st.DrawFn) -> list[Source]:
    methods = st.sampled_from(["card", "points", "wallet"])
    captured = draw(st.lists(st.integers(0, 10**9), min_size=1, max_size=5))
    return [
        source(f"p{number}", amount, draw(st.integers(0, amount)), draw(methods))
        for number, amount in enumerate(captured)
    ]


@settings(deadline=None)
@given(payments(), st.sampled_from([None, "card", "points", "gift"]), st.data())
def test_draws_sum_to_the_amount_within_each_payment(
    sources: list[Source], destination: str | None, data: st.DataObject
) -> None:
    amount = data.draw(st.integers(0, sum(item.left_minor for item in sources)))
    draws = draw_refund(amount, sources, destination)
    by_id = {item.payment_id: item for item in sources}
    assert sum(draw.amount_minor for draw in draws) == amount
    assert len({draw.payment_id for draw in draws}) == len(draws)
    assert all(0 < draw.amount_minor <= by_id[draw.payment_id].left_minor for draw in draws)
    paid_with = {item.method_id for item in sources}
    if destination and destination not in paid_with:
        assert all(draw.method_id == destination for draw in draws)
    else:
        assert all(draw.method_id == by_id[draw.payment_id].method_id for draw in draws)
    if destination in paid_with:
        room = sum(item.left_minor for item in sources if item.method_id == destination)
        filled = sum(draw.amount_minor for draw in draws if draw.method_id == destination)
        assert filled == min(amount, room)
