"""Replacements: the stock held for them and their release (section 6)."""

from collections.abc import Collection, Sequence
from datetime import datetime

from domain.application import Remedy, ReturnApplication
from domain.orders import OrderSnapshot, Variant
from domain.policy import ClockDurations
from domain.reasons import LiableParty, ReturnReason
from domain.record import Record, UtcDatetime
from domain.terms import Terms

_SIZES = (ReturnReason.SIZE_TOO_SMALL, ReturnReason.SIZE_TOO_LARGE)


class StockHold(Record):
    """Hold one unit of each item for a return, under our reference.

    `until` is the end of the lease, UTC: the stock frees the units by itself then. The same request with a later
    end renews it, and takes the units again if the lease has ended and they are still there. Without an end the
    units are held until they are given back.
    """

    reference: str
    item_ids: tuple[str, ...]
    at: UtcDatetime
    until: UtcDatetime | None = None


class HoldAnswer(Record):
    """Whether the stock is held; nothing is held in part."""

    held: bool
    missing_item_id: str = ""


class HoldRelease(Record):
    """Give held stock back."""

    reference: str
    at: UtcDatetime


class ReplacementOrder(Record):
    """Release the replacement to the customer out of the held stock, under our reference."""

    reference: str
    order_id: str
    item_ids: tuple[str, ...]
    at: UtcDatetime


class ReplacementAnswer(Record):
    """The order that carries the replacement, or why there is none."""

    released: bool
    replacement_order_id: str = ""
    why: str = ""


def are_variants_of(
    line_ids: Sequence[str], item_ids: Sequence[str], order: OrderSnapshot | None, variants: Sequence[Variant]
) -> bool:
    """Whether each item can take the place of the unit at its position: of the same product, and in stock."""
    known = {variant.item_id: variant for variant in variants}
    if order is None or len(line_ids) != len(item_ids):
        return False
    for line_id, item_id in zip(line_ids, item_ids, strict=True):
        line, variant = order.line(line_id), known.get(item_id)
        if line is None or variant is None or not variant.available or variant.product_id != line.product_id:
            return False
    return True


def first_lease_until(approved_at: datetime, clocks: ClockDurations) -> datetime:
    """The end of the first lease: a parcel that is handed over and inspected in time needs no other."""
    return lease_until(approved_at + clocks.handover, clocks)


def lease_until(next_promise: datetime, clocks: ClockDurations) -> datetime:
    """The end of a lease that outlasts the return's next promise, the way of the parcel and its inspection."""
    return next_promise + clocks.transit_trace + clocks.inspection


def is_free_size_swap(application: ReturnApplication, order: OrderSnapshot, categories: Collection[str]) -> bool:
    """Whether an exchange only swaps sizes of goods whose size swap is free.

    The replacements are variants of the same products: the facts were checked for that.
    """
    categories_returned = [
        line.category for asked in application.lines if (line := order.line(asked.line_id)) is not None
    ]
    return (
        application.desired_resolution is Remedy.EXCHANGE
        and all(asked.reason in _SIZES for asked in application.lines)
        and all(category in categories for category in categories_returned)
    )


def with_free_freight(terms: Terms) -> Terms:
    """The terms of a free size swap: the shop pays the way back, also of a parcel sent freight-collect."""
    return terms.model_copy(update={"freight": LiableParty.MERCHANT, "collect_authorized": True})
