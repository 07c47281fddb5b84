"""Trade-in: what the shop offers for old appliances (section 12)."""

from domain.application import ReturnApplication
from domain.money import cumulative_target
from domain.orders import OrderSnapshot
from domain.policy import Policy


def trade_in_offer(application: ReturnApplication, order: OrderSnapshot, policy: Policy) -> int:
    """What the policy offers for the units, in minor units; 0 if it has no offer for every one of them."""
    offers = policy.currencies[order.currency].trade_in_minor
    total = 0
    for asked in application.lines:
        line = order.line(asked.line_id)
        if line is None or line.category not in offers:
            return 0
        total += offers[line.category] * asked.quantity
    return total


def trade_in_share(agreed_minor: int, units: int, paid_before: int, accepted: int) -> int:
    """What `accepted` of the `units` that were agreed on are paid, after `paid_before` of them; minor units."""
    whole = cumulative_target(agreed_minor, paid_before + accepted, units)
    return whole - cumulative_target(agreed_minor, paid_before, units)
