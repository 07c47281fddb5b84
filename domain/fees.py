"""Shipping that is given back, and fees that are taken off (rules 6 to 8 of section 9)."""

from collections.abc import Collection, Iterable

from domain.application import ShipBackMethod
from domain.intents import RefundBasis
from domain.liability import CUSTOMERS, WHOLE_BPS, freight_bps_of_customer, owes_outbound_shipping
from domain.orders import OrderSnapshot
from domain.reasons import LiableParty
from domain.refund import FeeKind, FeeLine, RefundClaim, RefundLine, RefundRules, SettledBefore
from domain.shipping import PickupService

_PREPAID_BY_THE_SHOP = (ShipBackMethod.PICKUP, ShipBackMethod.LABEL, ShipBackMethod.QR_DROPOFF)
_BY_WHAT_IT_COSTS = (ShipBackMethod.LABEL, ShipBackMethod.QR_DROPOFF, ShipBackMethod.PICKUP)
"""A pickup comes last: it may be a free one."""


def way_that_counts(ways: Iterable[ShipBackMethod | None]) -> ShipBackMethod:
    """How goods of several parcels travelled, as far as it decides about the freight: what we carried is charged.

    A parcel of which nobody knows how it came was no parcel of ours: then it came by the customer's own means.
    """
    known = set(ways)
    return next((way for way in _BY_WHAT_IT_COSTS if way in known), ShipBackMethod.CUSTOMER_SHIPS)


def owed_shipping(order: OrderSnapshot, claim: RefundClaim, before: SettledBefore) -> int:
    """The outbound shipping in minor units: once per order, when another than the customer is liable (rule 6)."""
    is_owed = claim.order_entirely or owes_outbound_shipping(
        claim.circumstances.of(entry.line_id) for entry in claim.units
    )
    return order.shipping_minor - before.shipping_minor if is_owed else 0


def customers_freight_bps(claim: RefundClaim) -> int:
    """The customer's share of the return freight of goods that came back, in basis points (rule 7).

    What was agreed counts first, then that a premium pickup is free. Otherwise it follows from the liability for
    everything that is paid for.
    """
    return 0 if spared_freight_bps(claim) else _freight_bps(claim)


def spared_freight_bps(claim: RefundClaim) -> int:
    """The share of the return freight that the customer would bear if the pickup were not a free premium one."""
    circumstances = claim.circumstances
    is_free = circumstances.pickup_service is PickupService.PREMIUM and circumstances.freight is None
    return _freight_bps(claim) if is_free and circumstances.ship_back is ShipBackMethod.PICKUP else 0


def _freight_bps(claim: RefundClaim) -> int:
    circumstances = claim.circumstances
    came_back = claim.basis in (RefundBasis.INSPECTION, RefundBasis.EXCHANGE_DIFFERENCE)
    if not came_back or circumstances.ship_back is None or not claim.line_ids:
        return 0
    if circumstances.freight is not None:
        return WHOLE_BPS if circumstances.freight is LiableParty.CUSTOMER else 0
    return freight_bps_of_customer(circumstances.of(line_id) for line_id in claim.line_ids)


def return_freight(
    claim: RefundClaim, before: SettledBefore, rules: RefundRules, currency: str, most_minor: int
) -> tuple[FeeLine, ...]:
    """The customer's share of the freight that the shop laid out for a return: taken off once (rule 7).

    It is rounded in the customer's favour, and never more than there is; what the first refund of the return could
    not bear is taken off its next.
    """
    if claim.circumstances.ship_back not in _PREPAID_BY_THE_SHOP:
        return ()
    share_minor = rules.return_freight_minor.get(currency, 0) * customers_freight_bps(claim) // WHOLE_BPS
    amount_minor = min(max(share_minor - before.freight_minor, 0), most_minor)
    return (FeeLine(kind=FeeKind.RETURN_FREIGHT, amount_minor=amount_minor),) if amount_minor else ()


def restocking_fee(
    claim: RefundClaim, line: RefundLine, rules: RefundRules, most_minor: int
) -> tuple[FeeLine, ...]:
    """The restocking fee for inspected units: none where the seller is liable, be it in part (rule 8)."""
    amount_minor = _restocking_due(claim, line.line_id, (line,), rules)
    return _restocking(line.line_id, min(amount_minor, most_minor))


def restocking_left(
    claim: RefundClaim,
    line_id: str,
    corrected: Collection[str],
    before: SettledBefore,
    rules: RefundRules,
    most_minor: int,
) -> tuple[FeeLine, ...]:
    """What a line could not bear of its restocking fee before its deduction was lowered (rule 8).

    `corrected` are the ops of the refunds whose deduction is lowered. Other refunds of the return bore a fee of
    their own, or owed none: for a parcel that was lost there is none.
    """
    lines = tuple(
        line
        for op, quote in before.of_return.items()
        for line in quote.lines
        if op in corrected and line.line_id == line_id
    )
    taken_minor = sum(
        fee.amount_minor
        for op, quote in before.of_return.items()
        for fee in quote.fees
        if fee.kind is FeeKind.RESTOCKING
        and fee.line_id == line_id
        and (op in corrected or any(each.of in corrected for each in quote.lowered))
    )
    left_minor = _restocking_due(claim, line_id, lines, rules) - taken_minor
    return _restocking(line_id, min(max(left_minor, 0), most_minor))


def _restocking_due(claim: RefundClaim, line_id: str, lines: tuple[RefundLine, ...], rules: RefundRules) -> int:
    if claim.basis is not RefundBasis.INSPECTION or claim.circumstances.of(line_id) != CUSTOMERS:
        return 0
    return sum(line.gross_minor * rules.restocking_bps // WHOLE_BPS for line in lines)


def _restocking(line_id: str, amount_minor: int) -> tuple[FeeLine, ...]:
    if not amount_minor:
        return ()
    return (FeeLine(kind=FeeKind.RESTOCKING, amount_minor=amount_minor, line_id=line_id),)
