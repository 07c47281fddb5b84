"""The amounts that are set per currency."""

from pydantic import Field

from domain.policy.amounts import PositiveMinor
from domain.record import MinorUnits, Record


class CurrencyAmounts(Record):
    """The amounts that are set per currency, in its minor unit.

    Attributes:
        inspection_coupon_minor: The coupon for an inspection later than promised.
        store_credit_bonus_bps: What a refund to store credit is worth more, in basis points.
        trade_in_minor: What is offered for an old unit, by the category of its line.
    """

    inspection_coupon_minor: MinorUnits = Field(gt=0)
    store_credit_bonus_bps: int = Field(default=0, strict=True, ge=0, le=10_000)
    trade_in_minor: dict[str, PositiveMinor] = Field(default_factory=dict)
