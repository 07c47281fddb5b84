"""Shipping that is given back, and fees that are taken off (rules 6 to 8 of section 9)."""

from domain.application import ShipBackMethod
from domain.intents import RefundBasis
from domain.orders import OrderSnapshot
from domain.reasons import LiableParty
from domain.refund import FeeKind, FeeLine, RefundClaim, RefundLine, RefundRules, SettledBefore

_PREPAID_BY_THE_SHOP = (ShipBackMethod.PICKUP, ShipBackMethod.LABEL, ShipBackMethod.QR_DROPOFF)


def owed_shipping(order: OrderSnapshot, claim: RefundClaim, before: SettledBefore) -> int:
    """The outbound shipping in minor units: once per order, when another than the customer is liable (rule 6)."""
    is_owed = claim.order_entirely or any(
        not claim.circumstances.is_customers(entry.line_id) for entry in claim.units
    )
    return order.shipping_minor - before.shipping_minor if is_owed else 0


def customer_bears_freight(claim: RefundClaim) -> bool:
    """Whether the return freight of goods that came back is the customer's (rule 7).

    What was agreed counts first. Otherwise the customer bears it only if liable for everything that is paid for.
    """
    came_back = claim.basis in (RefundBasis.INSPECTION, RefundBasis.EXCHANGE_DIFFERENCE)
    if not came_back or claim.circumstances.ship_back is None or not claim.units:
        return False
    if claim.circumstances.freight is not None:
        return claim.circumstances.freight is LiableParty.CUSTOMER
    return all(claim.circumstances.is_customers(entry.line_id) for entry in claim.units)


def return_freight(
    claim: RefundClaim, before: SettledBefore, rules: RefundRules, currency: str, most_minor: int
) -> tuple[FeeLine, ...]:
    """The freight that the shop laid out for a return: taken off once, and never more than there is (rule 7).

    What the first refund of the return could not bear is taken off its next.
    """
    laid_out = claim.circumstances.ship_back in _PREPAID_BY_THE_SHOP
    if not laid_out or not customer_bears_freight(claim):
        return ()
    due_minor = max(rules.return_freight_minor.get(currency, 0) - before.freight_minor, 0)
    amount_minor = min(due_minor, most_minor)
    return (FeeLine(kind=FeeKind.RETURN_FREIGHT, amount_minor=amount_minor),) if amount_minor else ()


def restocking_fee(
    claim: RefundClaim, line: RefundLine, rules: RefundRules, most_minor: int
) -> tuple[FeeLine, ...]:
    """The restocking fee for units that were inspected: none where the seller is liable (rule 8)."""
    if claim.basis is not RefundBasis.INSPECTION or not claim.circumstances.is_customers(line.line_id):
        return ()
    amount_minor = min(line.gross_minor * rules.restocking_bps // 10_000, most_minor)
    if not amount_minor:
        return ()
    return (FeeLine(kind=FeeKind.RESTOCKING, amount_minor=amount_minor, line_id=line.line_id),)
