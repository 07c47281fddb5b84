"""The amounts that are set per currency."""

from pydantic import Field

from domain.policy.amounts import PositiveMinor
from domain.policy.authority import PayoutCaps
from domain.record import MinorUnits, Record


class CurrencyAmounts(Record):
    """The amounts that are set per currency, in its minor unit.

    Attributes:
        inspection_coupon_minor: The coupon for an inspection later than promised.
        return_freight_minor: What a prepaid label or a pickup takes off the refund of a customer who is liable.
        payout_caps: What each role may grant alone.
        store_credit_bonus_bps: What a refund to store credit is worth more, in basis points.
        trade_in_minor: What is offered for an old unit, by the category of its line.
        missed_scan_minor: What the carriers' contract pays for a missed acceptance scan; 0 makes no claim for it.
    """

    inspection_coupon_minor: MinorUnits = Field(gt=0)
    return_freight_minor: MinorUnits = 0
    payout_caps: PayoutCaps
    store_credit_bonus_bps: int = Field(default=0, strict=True, ge=0, le=10_000)
    trade_in_minor: dict[str, PositiveMinor] = Field(default_factory=dict)
    missed_scan_minor: MinorUnits = 0
