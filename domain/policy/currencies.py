"""The amounts that are set per currency."""

from pydantic import Field

from domain.policy.authority import PayoutCaps
from domain.record import MinorUnits, Record


class CurrencyAmounts(Record):
    """The amounts that are set per currency, in its minor unit."""

    inspection_coupon_minor: MinorUnits = Field(gt=0)
    payout_caps: PayoutCaps
