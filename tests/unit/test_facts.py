"""Requests that are wrong in fact: each refusal with its field, and which of several counts (section 4)."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import Any

import pytest

from domain.application import ApplicationLine, PickupWindow, Remedy, ReturnApplication
from domain.facts import check_facts, check_pickup_window, price_difference, settling_method_id
from domain.orders import OrderLine, OrderSnapshot, OrderStatus, Payment, PaymentMethod, TenderKind, Variant
from domain.refusals import RefusalCode

CURRENCIES = frozenset({"CNY", "USD", "QQQ"})


@dataclass(frozen=True)
class Case:
    """A request with the facts about it; right in fact as it stands."""

    application: ReturnApplication
    order: OrderSnapshot
    variants: dict[str, Variant]

    def refusal(self) -> tuple[RefusalCode, str] | None:
        refusal = check_facts(self.application, self.order, self.variants, CURRENCIES)
        return (refusal.code, refusal.field) if refusal else None

    def asks(self, **fields: Any) -> "Case":
        return replace(self, application=self.application.model_copy(update=fields))

    def asks_line(self, index: int, **fields: Any) -> "Case":
        lines = list(self.application.lines)
        lines[index] = lines[index].model_copy(update=fields)
        return self.asks(lines=tuple(lines))

    def has(self, **fields: Any) -> "Case":
        return replace(self, order=self.order.model_copy(update=fields))

    def sells(self, item_id: str, **fields: Any) -> "Case":
        return replace(self, variants={**self.variants, item_id: self.variants[item_id].model_copy(update=fields)})


def variant(item_id: str, product_id: str, price: int) -> Variant:
    return Variant(item_id=item_id, product_id=product_id, available=True, unit_price_minor=price)


def methods(balance: int | None) -> tuple[PaymentMethod, ...]:
    return (
        PaymentMethod(method_id="card-1", source="credit_card"),
        PaymentMethod(method_id="card-2", source="credit_card"),
        PaymentMethod(method_id="gift-1", source="gift_card", balance_minor=balance),
    )


# Line 1: 3 units for 29997 at 9999; line 2: one for 5000. Paid with card-1.
ORDER = OrderSnapshot(
    order_id="O-1",
    customer_id="C-1",
    status=OrderStatus.DELIVERED,
    currency="CNY",
    lines=(
        OrderLine(line_id="1", item_id="a", product_id="A", name="Shirt", quantity=3, unit_price_minor=9999),
        OrderLine(line_id="2", item_id="b", product_id="B", name="Lamp", quantity=1, unit_price_minor=5000),
    ),
    payments=(Payment(payment_id="P-1", method_id="card-1", captured_minor=34997),),
    payment_methods=methods(balance=3),
)
VARIANTS = {"a2": variant("a2", "A", 10000), "a": variant("a", "A", 9999), "b2": variant("b2", "B", 5001)}

REFUND = Case(
    ReturnApplication(
        order_id="O-1",
        customer_id="C-1",
        desired_resolution=Remedy.RETURN_AND_REFUND,
        lines=(ApplicationLine(line_id="1", quantity=2), ApplicationLine(line_id="2", quantity=1)),
        payment_method_id="card-1",
    ),
    ORDER,
    {},
)
# Two units at 10000 for 19998 and one at 5001 for 5000: 3 dearer, and just as much is on the gift card.
EXCHANGE = Case(
    ReturnApplication(
        order_id="O-1",
        customer_id="C-1",
        desired_resolution=Remedy.EXCHANGE,
        lines=(
            ApplicationLine(line_id="1", quantity=2, replacement_item_ids=("a2", "a2")),
            ApplicationLine(line_id="2", quantity=1, replacement_item_ids=("b2",)),
        ),
        payment_method_id="gift-1",
    ),
    ORDER,
    VARIANTS,
)
CANCEL = Case(
    ReturnApplication(order_id="O-1", customer_id="C-1", desired_resolution=Remedy.CANCEL_ORDER),
    ORDER.model_copy(update={"status": OrderStatus.PENDING}),
    {},
)

PARTS = Case(
    ReturnApplication(
        order_id="O-1",
        customer_id="C-1",
        desired_resolution=Remedy.REISSUE_PARTS,
        lines=(
            ApplicationLine(line_id="1", quantity=1, part_item_ids=("screw",)),
            ApplicationLine(line_id="2", quantity=1, part_item_ids=("screw", "bulb")),
        ),
    ),
    ORDER,
    {"screw": variant("screw", "S", 10), "bulb": variant("bulb", "B", 10)},
)
NEVER_CAME = Case(REFUND.application.model_copy(update={"desired_resolution": Remedy.REFUND_ONLY}), ORDER, {})

Fault = tuple[str, str, Callable[[Case], Case]]

STRANGER: Fault = ("customer_mismatch", "customer_id", lambda case: case.asks(customer_id="C-2"))
CURRENCY: Fault = ("currency_not_supported", "order.currency", lambda case: case.has(currency="EUR"))
NO_CURRENCY: Fault = ("currency_not_supported", "order.currency", lambda case: case.has(currency="QQQ"))
UNDELIVERED: Fault = ("order_not_delivered", "order_id", lambda case: case.has(status=OrderStatus.PROCESSED))
SHIPPING: Fault = ("order_not_pending", "order_id", lambda case: case.has(status=OrderStatus.PROCESSED))
NO_LINE: Fault = ("item_not_in_order", "lines[1].line_id", lambda case: case.asks_line(1, line_id="9"))
TOO_MANY: Fault = ("item_not_in_order", "lines[1].quantity", lambda case: case.asks_line(1, quantity=2))
COUNT: Fault = (
    "item_count_mismatch",
    "lines[1].replacement_item_ids",
    lambda case: case.asks_line(1, replacement_item_ids=("b2", "b2")),
)
NONE_NAMED: Fault = (
    "item_count_mismatch",
    "lines[0].replacement_item_ids",
    lambda case: case.asks_line(0, replacement_item_ids=()),
)
# On the first line, so that a count on the second one must win over it.
OUT_OF_STOCK: Fault = (
    "replacement_unavailable",
    "lines[0].replacement_item_ids[0]",
    lambda case: case.sells("a2", available=False),
)
OTHER_PRODUCT: Fault = (
    "replacement_unavailable",
    "lines[0].replacement_item_ids[1]",
    lambda case: case.asks_line(0, replacement_item_ids=("a2", "b2")),
)
NOT_SOLD: Fault = (
    "replacement_unavailable",
    "lines[1].replacement_item_ids[0]",
    lambda case: case.asks_line(1, replacement_item_ids=("nothing",)),
)
FOREIGN: Fault = (
    "payment_method_unknown",
    "payment_method_id",
    lambda case: case.asks(payment_method_id="card-9"),
)
NOT_PAID_WITH: Fault = (
    "refund_method_not_allowed",
    "payment_method_id",
    lambda case: case.asks(payment_method_id="card-2"),
)
TOO_LITTLE: Fault = (
    "gift_card_balance_too_low",
    "payment_method_id",
    lambda case: case.has(payment_methods=methods(balance=2)),
)
NO_BALANCE: Fault = (
    "gift_card_balance_too_low",
    "payment_method_id",
    lambda case: case.sells("a2", unit_price_minor=9999).has(payment_methods=methods(balance=None)),
)

NO_PART: Fault = (
    "part_unknown",
    "lines[1].part_item_ids[1]",
    lambda case: case.asks_line(1, part_item_ids=("screw", "nut")),
)

# The faults that each remedy can have, in the order in which they count. Alternatives of a rank are in a group.
RANKED: list[tuple[str, Case, list[list[Fault]]]] = [
    ("refund", REFUND, [[STRANGER], [CURRENCY], [UNDELIVERED], [NO_LINE, TOO_MANY], [FOREIGN, NOT_PAID_WITH]]),
    (
        "exchange",
        EXCHANGE,
        [
            [STRANGER],
            [CURRENCY, NO_CURRENCY],
            [UNDELIVERED],
            [NO_LINE, TOO_MANY],
            [COUNT, NONE_NAMED],
            [OUT_OF_STOCK, NOT_SOLD, OTHER_PRODUCT],
            [FOREIGN],
            [TOO_LITTLE, NO_BALANCE],
        ],
    ),
    ("parts", PARTS, [[STRANGER], [CURRENCY], [UNDELIVERED], [NO_LINE, TOO_MANY], [NO_PART]]),
    ("refund-only", NEVER_CAME, [[STRANGER], [CURRENCY], [NO_LINE, TOO_MANY], [FOREIGN, NOT_PAID_WITH]]),
    ("cancel", CANCEL, [[STRANGER], [CURRENCY], [SHIPPING], [FOREIGN, NOT_PAID_WITH]]),
]
SINGLE = [
    pytest.param(case, fault, id=f"{name}-{fault[0]}-{fault[1]}")
    for name, case, ranks in RANKED
    for rank in ranks
    for fault in rank
]
# Some faults rewrite the same field, so the later one is made first and the earlier one must still win.
PAIRS = [
    pytest.param(case, first, second, id=f"{name}-{first[0]}-{first[1]}-before-{second[0]}-{second[1]}")
    for name, case, ranks in RANKED
    for earlier, later in combinations(ranks, 2)
    for first in earlier
    for second in later
]


@pytest.mark.parametrize(("case", "fault"), SINGLE)
def test_each_fault_has_its_code_and_field(case: Case, fault: Fault) -> None:
    code, field, make = fault
    assert make(case).refusal() == (code, field)


@pytest.mark.parametrize(("case", "first", "second"), PAIRS)
def test_of_two_faults_the_first_in_the_stated_order_counts(case: Case, first: Fault, second: Fault) -> None:
    assert first[2](second[2](case)).refusal() == first[:2]


@pytest.mark.parametrize("case", [REFUND, EXCHANGE, CANCEL], ids=["refund", "exchange", "cancel"])
def test_an_order_that_does_not_exist_counts_before_all_else(case: Case) -> None:
    refusal = check_facts(case.asks(customer_id="C-2").application, None, {}, frozenset())
    assert refusal is not None
    assert (refusal.code, refusal.field) == (RefusalCode.ORDER_NOT_FOUND, "order_id")
    assert "O-1" in refusal.detail


@pytest.mark.parametrize(
    ("case", "right"),
    [
        (CANCEL, {OrderStatus.PENDING}),
        (REFUND, {OrderStatus.DELIVERED}),
        (EXCHANGE, {OrderStatus.DELIVERED}),
        (PARTS, {OrderStatus.DELIVERED}),
        (NEVER_CAME, {OrderStatus.DELIVERED, OrderStatus.PROCESSED}),
    ],
    ids=["cancel", "refund", "exchange", "parts", "refund-only"],
)
@pytest.mark.parametrize("status", OrderStatus)
def test_the_state_of_the_order_decides_the_remedy(
    case: Case, right: set[OrderStatus], status: OrderStatus
) -> None:
    assert (case.has(status=status).refusal() is None) is (status in right)


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(REFUND.asks_line(0, quantity=3), id="the-whole-line"),
        pytest.param(REFUND.asks(payment_method_id="gift-1"), id="a-gift-card-by-consent"),
        pytest.param(REFUND.asks(payment_method_id=None), id="back-to-where-it-came-from"),
        pytest.param(EXCHANGE.asks_line(0, replacement_item_ids=("a", "a2")), id="the-same-variant-again"),
        pytest.param(PARTS.sells("screw", available=False), id="a-part-that-ran-out-is-a-choice-later"),
        pytest.param(EXCHANGE.asks(payment_method_id="card-2"), id="another-card-settles-an-exchange"),
        pytest.param(
            EXCHANGE.has(payment_methods=methods(None)).asks(payment_method_id=None),
            id="the-card-that-paid-has-no-balance",
        ),
        pytest.param(
            EXCHANGE.sells("a2", unit_price_minor=9998).has(payment_methods=methods(None)),
            id="a-cheaper-exchange-needs-none",
        ),
    ],
)
def test_requests_that_are_right_in_fact(case: Case) -> None:
    assert case.refusal() is None


def test_the_gift_card_that_paid_settles_an_exchange_unless_another_means_is_named() -> None:
    paid = (Payment(payment_id="P-1", method_id="gift-1", captured_minor=34997),)
    case = TOO_LITTLE[2](EXCHANGE.has(payments=paid).asks(payment_method_id=None))
    assert settling_method_id(case.application, case.order) == "gift-1"
    assert case.refusal() == TOO_LITTLE[:2]
    assert case.asks(payment_method_id="card-1").refusal() is None


@pytest.mark.parametrize(
    ("case", "difference"),
    [
        (EXCHANGE, 3),
        (EXCHANGE.sells("a2", unit_price_minor=9000), 2 * -999 + 1),
        (EXCHANGE.asks_line(0, replacement_item_ids=("a", "a2")), 2),
        # 1 of 3 units of a line that cost 29996 after a discount of 1: floor(29996 / 3) = 9998 were paid for it.
        (
            EXCHANGE.has(lines=(ORDER.lines[0].model_copy(update={"discount_minor": 1}),)).asks(
                lines=(ApplicationLine(line_id="1", quantity=1, replacement_item_ids=("a",)),)
            ),
            1,
        ),
    ],
)
def test_the_price_difference_is_against_what_was_paid(case: Case, difference: int) -> None:
    assert price_difference(case.application, case.order, case.variants) == difference


def test_an_exchange_of_an_order_without_payments_is_answered() -> None:
    free = EXCHANGE.has(payments=()).asks(payment_method_id=None)
    check_facts(free.application, free.order, free.variants, CURRENCIES)


IN_POINTS = (
    Payment(payment_id="P-1", method_id="points-1", captured_minor=4997, tender=TenderKind.POINTS),
    Payment(payment_id="P-2", method_id="card-1", captured_minor=30000),
)
ACCOUNTS = (
    *methods(balance=3),
    PaymentMethod(method_id="points-1", source="points"),
    PaymentMethod(method_id="credit-1", source="store_credit"),
)


def test_money_is_not_put_on_points_but_on_store_credit_by_consent() -> None:
    case = REFUND.has(payments=IN_POINTS, payment_methods=ACCOUNTS)
    not_allowed = (RefusalCode.REFUND_METHOD_NOT_ALLOWED, "payment_method_id")
    assert case.asks(payment_method_id="points-1").refusal() == not_allowed
    assert case.asks(payment_method_id="credit-1").refusal() is None


def test_a_difference_is_not_settled_in_points_by_itself() -> None:
    case = EXCHANGE.has(payments=IN_POINTS, payment_methods=ACCOUNTS).asks(payment_method_id=None)
    assert settling_method_id(case.application, case.order) == "card-1"


@pytest.mark.parametrize(("days", "refused"), [(6, False), (7, False), (8, True)])
def test_a_pickup_after_the_time_for_the_hand_over_is_refused(days: int, refused: bool) -> None:
    applied_at = datetime(2026, 11, 22, 8, tzinfo=UTC)
    start = applied_at + timedelta(days=days)
    window = PickupWindow(start=start, end=start + timedelta(hours=2))
    application = ReturnApplication(
        order_id="O-1",
        customer_id="C-1",
        desired_resolution=Remedy.RETURN_AND_REFUND,
        lines=(ApplicationLine(line_id="1", quantity=1),),
        pickup_window=window,
    )
    refusal = check_pickup_window(application, applied_at + timedelta(days=7))
    assert (refusal is not None) is refused
    if refusal:
        assert (refusal.code, refusal.field) == (RefusalCode.PICKUP_WINDOW_TOO_LATE, "pickup_window.start")
