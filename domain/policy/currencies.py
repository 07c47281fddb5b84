"""The amounts that are set per currency."""

from pydantic import Field

from domain.policy.authority import PayoutCaps
from domain.record import MinorUnits, Record


class CurrencyAmounts(Record):
    """The amounts that are set per currency, in its minor unit.

    `return_freight_minor` is what a prepaid label or a pickup takes off the refund of a customer who is liable.
    """

    inspection_coupon_minor: MinorUnits = Field(gt=0)
    return_freight_minor: MinorUnits = 0
    payout_caps: PayoutCaps
