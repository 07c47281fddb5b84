"""The free size swap and the lease: pure rules of an exchange."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.application import ApplicationLine, Remedy, ReturnApplication
from domain.exchange import first_lease_until, is_free_size_swap, with_free_freight
from domain.orders import OrderLine, OrderSnapshot, OrderStatus
from domain.policy import ClockDurations
from domain.reasons import LiableParty, ReturnReason
from domain.terms import Terms


def an_order(*categories: str) -> OrderSnapshot:
    lines = tuple(
        OrderLine(
            line_id=f"L{number}",
            item_id=f"I{number}",
            product_id="P",
            name="thing",
            category=category,
            quantity=1,
            unit_price_minor=100,
        )
        for number, category in enumerate(categories)
    )
    return OrderSnapshot(
        order_id="O",
        customer_id="C",
        status=OrderStatus.DELIVERED,
        currency="CNY",
        lines=lines,
        payments=(),
        payment_methods=(),
    )


def an_exchange(*reasons: ReturnReason, **changes: Any) -> ReturnApplication:
    lines = tuple(
        ApplicationLine(line_id=f"L{number}", quantity=1, reason=reason) for number, reason in enumerate(reasons)
    )
    return ReturnApplication(
        **{"order_id": "O", "customer_id": "C", "desired_resolution": Remedy.EXCHANGE, "lines": lines} | changes
    )


@pytest.mark.parametrize(
    ("reasons", "categories", "free"),
    [
        ([ReturnReason.SIZE_TOO_SMALL], ["apparel"], True),
        ([ReturnReason.SIZE_TOO_SMALL, ReturnReason.SIZE_TOO_LARGE], ["apparel", "apparel"], True),
        ([ReturnReason.SIZE_TOO_SMALL, ReturnReason.CHANGED_MIND], ["apparel", "apparel"], False),
        ([ReturnReason.SIZE_TOO_SMALL, ReturnReason.SIZE_TOO_SMALL], ["apparel", "electronics"], False),
        ([ReturnReason.COLOR_DIFFERS], ["apparel"], False),
    ],
)
def test_only_a_swap_of_sizes_within_its_category_is_free(
    reasons: list[ReturnReason], categories: list[str], free: bool
) -> None:
    assert is_free_size_swap(an_exchange(*reasons), an_order(*categories), ("apparel",)) is free


def test_a_refund_for_the_wrong_size_is_no_swap() -> None:
    refund = an_exchange(ReturnReason.SIZE_TOO_SMALL, desired_resolution=Remedy.RETURN_AND_REFUND)
    assert not is_free_size_swap(refund, an_order("apparel"), ("apparel",))


def test_a_free_swap_puts_the_freight_on_the_shop_and_allows_collect() -> None:
    terms = with_free_freight(Terms(remedy=Remedy.EXCHANGE, item_ids=("A",)))
    assert (terms.freight, terms.collect_authorized, terms.item_ids) == (LiableParty.MERCHANT, True, ("A",))


def test_the_first_lease_covers_hand_over_transit_and_inspection() -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    assert first_lease_until(now, ClockDurations()) == now + timedelta(days=7, hours=72 + 48)
