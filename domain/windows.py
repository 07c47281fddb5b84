"""Until when goods may come back: the window of an order line (section 4)."""

from datetime import date, datetime, timedelta

from domain.orders import OrderLine, OrderSnapshot
from domain.policy import Anchor, Policy
from domain.record import Record, UtcDatetime


class ReturnWindow(Record):
    """A window of whole local days. `ends_at` is the end of its last day."""

    days: int
    last_day: date
    ends_at: UtcDatetime


def return_window(order: OrderSnapshot, line: OrderLine, policy: Policy) -> ReturnWindow | None:
    """The window of a line; None if nobody knows when it was delivered."""
    if order.delivered_at is None:
        return None
    delivered_on = order.delivered_at.astimezone(policy.zone).date()
    days = policy.windows.days(policy.return_window_days, line.category, order.customer_tier, delivered_on)
    return count_window(_anchor(order, order.delivered_at, policy), days, policy)


def count_window(anchored_at: datetime, days: int, policy: Policy) -> ReturnWindow:
    """Count whole days in the policy's zone from the day after the anchor."""
    local = anchored_at.astimezone(policy.zone)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    return ReturnWindow(
        days=days,
        last_day=local.date() + timedelta(days=days),
        ends_at=midnight + timedelta(days=days + 1),
    )


def _anchor(order: OrderSnapshot, delivered_at: datetime, policy: Policy) -> datetime:
    """The customer's confirmation counts where the policy says so, and never shortens the window."""
    if policy.windows.anchor is Anchor.CONFIRMED_RECEIPT and order.receipt_confirmed_at:
        return max(delivered_at, order.receipt_confirmed_at)
    return delivered_at
