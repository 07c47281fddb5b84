"""Promotions, fees, compensations and the worksheet of a quote (section 9)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.application import Locale, ShipBackMethod
from domain.intents import RefundBasis
from domain.liability import Liability
from domain.orders import Discount, FreightInsurance, Funder, LineDiscount, OrderSnapshot, paid_by_line
from domain.policy import ClawBack
from domain.reasons import LiableParty
from domain.refund import FeeKind, RefundRules
from domain.shipping import PickupService
from domain.worksheet import WorksheetRule, sum_of_rows
from domain.worksheet_words import words_for
from tests.unit.quotes import Books, liable, line, order

REPRICE = RefundRules(claw_back=ClawBack.REPRICE)
PROPORTIONAL = RefundRules()
PROMOTED = order([line("A", 1, 15000), line("B", 1, 6000)], Discount(amount_minor=4200, threshold_minor=20000))
FREIGHT = RefundRules(policy_version="p-1", return_freight_minor={"CNY": 1000})


@pytest.mark.parametrize(("rules", "first", "second"), [(PROPORTIONAL, 12000, 4800), (REPRICE, 10800, 6000)])
def test_the_promotion_vector(rules: RefundRules, first: int, second: int) -> None:
    """A 15000 + B 6000 - 4200: A alone loses the promotion if what is kept is priced anew; B gives it back."""
    books = Books(PROMOTED, rules)
    assert books.pay({"A": 1}).total_minor == first
    assert books.pay({"B": 1}).total_minor == second
    assert books.total_minor == 16800


def test_a_promotion_whose_threshold_is_still_reached_is_kept() -> None:
    snapshot = order([line("A", 3, 10000), line("B", 1, 1000)], Discount(amount_minor=3100, threshold_minor=20000))
    books = Books(snapshot, REPRICE)
    assert books.pay({"A": 1}).total_minor == 9000
    assert books.pay({"A": 1}).promotion_lost_minor == 1000 + 100
    assert books.pay({"A": 1, "B": 1}).promotion_lost_minor == -1100
    assert books.total_minor == 27900


def test_a_lost_promotion_never_makes_a_refund_negative() -> None:
    snapshot = order([line("A", 1, 100), line("B", 1, 20000)], Discount(amount_minor=15000, threshold_minor=20100))
    books = Books(snapshot, REPRICE)
    cheap = books.pay({"A": 1})
    assert (cheap.lines[0].net_minor, cheap.promotion_lost_minor, cheap.total_minor) == (25, 25, 0)
    assert books.pay({"B": 1}).total_minor == 5075 + 25
    assert books.total_minor == 5100


def test_goods_that_are_replaced_or_kept_lose_no_promotion() -> None:
    books = Books(PROMOTED, REPRICE)
    assert books.pay({"A": 1}, basis=RefundBasis.EXCHANGE_DIFFERENCE).total_minor == 12000
    # The replacement of A is with the customer: what is kept still reaches 15000, not 20000.
    assert books.pay({"B": 1}).promotion_lost_minor == 3000


def test_a_change_of_the_policy_takes_nothing_more_and_gives_back_what_was_taken() -> None:
    books = Books(PROMOTED, REPRICE)
    books.pay({"A": 1})
    books.rules = PROPORTIONAL
    assert books.pay({"B": 1}).total_minor == 6000


# Fees and shipping


@pytest.mark.parametrize(
    ("party", "ship_back", "agreed", "fee"),
    [
        (LiableParty.CUSTOMER, ShipBackMethod.PICKUP, None, 1000),
        (LiableParty.CUSTOMER, ShipBackMethod.LABEL, None, 1000),
        (LiableParty.CUSTOMER, ShipBackMethod.CUSTOMER_SHIPS, None, 0),
        (LiableParty.CUSTOMER, None, None, 0),
        (LiableParty.MERCHANT, ShipBackMethod.PICKUP, None, 0),
        (LiableParty.CARRIER, ShipBackMethod.PICKUP, None, 0),
        (LiableParty.CUSTOMER, ShipBackMethod.PICKUP, LiableParty.MERCHANT, 0),
        (LiableParty.MERCHANT, ShipBackMethod.LABEL, LiableParty.CUSTOMER, 1000),
    ],
)
def test_return_freight_follows_the_liability_and_what_was_agreed(
    party: LiableParty, ship_back: ShipBackMethod | None, agreed: LiableParty | None, fee: int
) -> None:
    books = Books(order([line("A", 1, 5000)]), FREIGHT)
    quote = books.pay({"A": 1}, liability=liable(party, "A"), ship_back=ship_back, freight=agreed)
    assert quote.total_minor == 5000 - fee
    assert [entry.kind for entry in quote.fees] == ([FeeKind.RETURN_FREIGHT] if fee else [])


@pytest.mark.parametrize(
    ("party", "ship_back", "agreed", "fee", "is_told"),
    [
        (LiableParty.CUSTOMER, ShipBackMethod.PICKUP, None, 0, True),
        (LiableParty.CUSTOMER, ShipBackMethod.LABEL, None, 1000, False),
        (LiableParty.CUSTOMER, ShipBackMethod.PICKUP, LiableParty.CUSTOMER, 1000, False),
        (LiableParty.MERCHANT, ShipBackMethod.PICKUP, None, 0, False),
    ],
)
def test_a_premium_pickup_is_free_and_the_worksheet_says_so_where_it_counts(
    party: LiableParty, ship_back: ShipBackMethod, agreed: LiableParty | None, fee: int, is_told: bool
) -> None:
    quote = Books(order([line("A", 1, 5000)]), FREIGHT).pay(
        {"A": 1},
        liability=liable(party, "A"),
        ship_back=ship_back,
        freight=agreed,
        pickup_service=PickupService.PREMIUM,
    )
    assert quote.total_minor == 5000 - fee
    told = [(row.amount_minor, row.inputs) for row in quote.rows if row.rule is WorksheetRule.PREMIUM_PICKUP]
    assert told == ([(0, {"fee_minor": 1000, "share_bps": 10_000})] if is_told else [])


def test_return_freight_is_capped_at_the_refund_and_its_rest_is_taken_off_the_next_of_the_return() -> None:
    books = Books(order([line("A", 2, 600)]), FREIGHT)
    assert books.pay({"A": 1}).total_minor == 0
    assert books.pay({"A": 1}, same_return=True).total_minor == 600 - 400


def test_one_fault_in_a_parcel_frees_the_customer_of_its_freight() -> None:
    books = Books(order([line("A", 1, 5000), line("B", 1, 5000)]), FREIGHT)
    assert books.pay({"A": 1, "B": 1}, liability=liable(LiableParty.MERCHANT, "B")).total_minor == 10000


def test_a_shared_fault_shares_the_freight_in_the_customers_favour() -> None:
    mixed = Liability(shares={LiableParty.CUSTOMER: 3_333, LiableParty.MERCHANT: 6_667})
    books = Books(order([line("A", 1, 5000)], shipping=700), RefundRules(return_freight_minor={"CNY": 1000}))
    quote = books.pay({"A": 1}, liability=liable(mixed, "A"))
    assert [fee.amount_minor for fee in quote.fees] == [333]
    assert quote.total_minor == 5000 + 700 - 333
    picky = Books(order([line("A", 1, 5000)]), RefundRules(restocking_bps=1000))
    assert picky.pay({"A": 1}, liability=liable(mixed, "A")).fees == ()


@pytest.mark.parametrize("basis", [RefundBasis.LOST_IN_TRANSIT, RefundBasis.CANCELLATION])
def test_goods_that_did_not_come_back_cost_no_freight(basis: RefundBasis) -> None:
    assert Books(order([line("A", 1, 5000)]), FREIGHT).pay({"A": 1}, basis=basis).total_minor == 5000


def test_outbound_shipping_is_paid_back_once() -> None:
    books = Books(order([line("A", 2, 5000)], shipping=800), FREIGHT)
    assert books.pay({"A": 1}, liability=liable(LiableParty.PLATFORM, "A")).total_minor == 5800
    assert books.pay({"A": 1}, liability=liable(LiableParty.PLATFORM, "A")).total_minor == 5000


@pytest.mark.parametrize(("party", "fee"), [(LiableParty.CUSTOMER, 999), (LiableParty.MERCHANT, 0)])
def test_no_restocking_fee_where_the_seller_is_liable(party: LiableParty, fee: int) -> None:
    books = Books(order([line("A", 1, 9999)]), RefundRules(restocking_bps=1000))
    assert books.pay({"A": 1}, liability=liable(party, "A")).total_minor == 9999 - fee


def test_fees_never_come_to_more_than_there_is() -> None:
    rules = FREIGHT.model_copy(update={"restocking_bps": 10_000})
    quote = Books(order([line("A", 1, 1234)]), rules).pay({"A": 1}, deduction_bps=5000)
    assert quote.total_minor == 0
    assert sum(fee.amount_minor for fee in quote.fees) == quote.lines[0].net_minor


def test_freight_insurance_is_told_and_counts_for_nothing() -> None:
    insured = order([line("A", 1, 5000)]).model_copy(
        update={"freight_insurance": FreightInsurance(insurer="Ping", cover_minor=1200)}
    )
    quote = Books(insured, FREIGHT).pay({"A": 1})
    (row,) = [row for row in quote.rows if row.rule is WorksheetRule.FREIGHT_INSURANCE]
    assert (row.amount_minor, row.rule.counts, quote.total_minor) == (1200, False, 4000)
    merchant = Books(insured, FREIGHT).pay({"A": 1}, liability=liable(LiableParty.MERCHANT, "A"))
    assert all(row.rule is not WorksheetRule.FREIGHT_INSURANCE for row in merchant.rows)


# Funders


def test_a_line_carries_discounts_with_their_funders() -> None:
    given = [LineDiscount(funder=Funder.PLATFORM, amount_minor=300), LineDiscount(amount_minor=100)]
    snapshot = order(
        [line("A", 2, 1000, discount=50, discounts=given)], Discount(funder=Funder.PROMOTER, amount_minor=155)
    )
    assert paid_by_line(snapshot) == {"A": 2000 - 450 - 155}
    quote = Books(snapshot, PROPORTIONAL).pay({"A": 1})
    funded = {
        row.inputs["funder"]: row.amount_minor for row in quote.rows if row.rule is WorksheetRule.DISCOUNT_FUNDER
    }
    assert funded == {"platform": 150, "promoter": 77}
    assert quote.total_minor == 697


# Compensations


def test_a_compensation_makes_later_units_worth_less() -> None:
    books = Books(order([line("A", 3, 1000)]), PROPORTIONAL)
    assert books.pay({}, compensations={"A": 600}, basis=RefundBasis.AGREEMENT).total_minor == 600
    assert [books.pay({"A": 1}).total_minor for _ in range(3)] == [800, 800, 800]
    assert books.total_minor == 3000


def test_a_compensation_after_a_unit_came_back_weighs_on_the_others() -> None:
    books = Books(order([line("A", 3, 1000)]), PROPORTIONAL)
    assert books.pay({"A": 1}).total_minor == 1000
    books.pay({}, compensations={"A": 2000}, basis=RefundBasis.AGREEMENT)
    assert books.pay({"A": 2}).total_minor == 0
    assert books.total_minor == 3000


# The worksheet


@st.composite
def orders(draw: st.DrawFn) -> OrderSnapshot:
    lines = []
    for number in range(draw(st.integers(1, 3))):
        quantity, price = draw(st.integers(1, 5)), draw(st.integers(0, 5000))
        given = draw(st.integers(0, quantity * price))
        funded = [LineDiscount(funder=draw(st.sampled_from(Funder)), amount_minor=given)]
        taxes = draw(st.lists(st.integers(0, quantity * price - given), max_size=2))
        lines.append(line(f"L{number}", quantity, price, taxes=taxes, discounts=funded))
    total = sum(each.net_minor for each in lines)
    discounts = [
        Discount(
            funder=draw(st.sampled_from(Funder)),
            amount_minor=draw(st.integers(0, total)),
            threshold_minor=draw(st.integers(0, total)),
        )
        for _ in range(draw(st.integers(0, 2)))
    ]
    shipping = draw(st.integers(0, 900))
    return order(lines, *discounts, shipping=shipping, currency=draw(st.sampled_from(["JPY", "CNY", "KWD"])))


@st.composite
def rules(draw: st.DrawFn) -> RefundRules:
    return RefundRules(
        claw_back=draw(st.sampled_from(ClawBack)),
        restocking_bps=draw(st.sampled_from([0, 0, 700])),
        return_freight_minor=dict.fromkeys(("JPY", "CNY", "KWD"), draw(st.sampled_from([0, 0, 800]))),
    )


@settings(deadline=None, max_examples=60)
@given(orders(), rules(), st.data())
def test_rows_add_up_and_no_sequence_pays_more_than_was_paid(
    snapshot: OrderSnapshot, given_rules: RefundRules, data: st.DataObject
) -> None:
    """Units and compensations in any sequence: nothing goes below zero or above what a line was paid."""
    books = Books(snapshot, given_rules)
    paid = paid_by_line(snapshot)
    rest = {each.line_id: each.quantity for each in snapshot.lines}
    for _ in range(data.draw(st.integers(1, 4))):
        compensated = data.draw(st.sampled_from([None, *paid]))
        most = books.left_minor(compensated, paid[compensated]) if compensated else 0
        if compensated and most:
            amount = data.draw(st.integers(1, most))
            quote = books.pay({}, compensations={compensated: amount}, basis=RefundBasis.AGREEMENT)
            assert quote.total_minor == amount
        batch = {name: data.draw(st.integers(0, left)) for name, left in rest.items()}
        rest = {name: left - batch[name] for name, left in rest.items()}
        quote = books.pay(
            batch,
            deduction_bps=data.draw(st.sampled_from([0, 0, 1500, 10_000])),
            liability=liable(data.draw(st.sampled_from(LiableParty)), *batch),
            basis=data.draw(st.sampled_from([RefundBasis.INSPECTION, RefundBasis.EXCHANGE_DIFFERENCE])),
        )
        assert sum_of_rows(quote.rows) == quote.total_minor >= 0
        assert all(each.net_minor >= 0 for each in quote.lines)
        assert all(books.left_minor(name, amount) >= 0 for name, amount in paid.items())
        for row in quote.rows:
            assert all("?" not in words_for(row, snapshot.currency, locale) for locale in Locale)
    assert books.total_minor <= sum(paid.values()) + snapshot.shipping_minor


@settings(deadline=None, max_examples=40)
@given(orders(), st.sampled_from(ClawBack), st.data())
def test_without_fees_any_split_sums_to_exactly_what_was_paid(
    snapshot: OrderSnapshot, claw_back: ClawBack, data: st.DataObject
) -> None:
    books = Books(snapshot, RefundRules(claw_back=claw_back))
    units = [each.line_id for each in snapshot.lines for _ in range(each.quantity)]
    for line_id in data.draw(st.permutations(units)):
        books.pay({line_id: 1})
    assert books.total_minor == sum(paid_by_line(snapshot).values())
