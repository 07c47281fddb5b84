"""Who is trusted with an advance, and how long a payment hold is kept alive."""

from datetime import timedelta

from pydantic import Field

from domain.orders import CustomerTier
from domain.policy.amounts import PositiveMinor
from domain.policy.durations import PositiveDuration
from domain.record import Record


class AdvanceRules(Record):
    """Who gets an advance, and up to what.

    Attributes:
        tiers: The tiers that are trusted.
        limits: What a customer's open advances may come to together, in minor units by currency.
        hold_margin: How long before it lapses a payment hold is renewed.
    """

    tiers: tuple[CustomerTier, ...] = ()
    limits: dict[str, PositiveMinor] = Field(default_factory=dict)
    hold_margin: PositiveDuration = timedelta(hours=24)
