"""How long goods may come back: the merchant's window, and what widens or replaces it."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from domain.orders import CustomerTier
from domain.record import Record

LEGAL_FLOOR_DAYS = 7
"""The return without a reason of distance selling in China: 7 days. No window is shorter."""

WindowDays = Annotated[int, Field(strict=True, ge=LEGAL_FLOOR_DAYS, le=3650)]


class Anchor(StrEnum):
    """The day that a window is counted after; the later one where the customer confirms the receipt."""

    DELIVERY = "delivery"
    CONFIRMED_RECEIPT = "confirmed_receipt"


class Season(Record):
    """A longer window for goods that are delivered from one day to another, both included."""

    first_day: date
    last_day: date
    days: WindowDays

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.last_day < self.first_day:
            raise ValueError("last_day: lies before first_day")
        return self


class WindowRules(Record):
    """Windows beside the merchant's general one, in days.

    A category has its own window in the place of the general one, longer or shorter, never below the floor. A
    tier of customers and a season only ever widen it.
    """

    anchor: Anchor = Anchor.DELIVERY
    categories: dict[str, WindowDays] = Field(default_factory=dict)
    tiers: dict[CustomerTier, WindowDays] = Field(default_factory=dict)
    seasons: tuple[Season, ...] = ()

    def days(self, general: int, category: str, tier: CustomerTier, delivered_on: date) -> int:
        """The window of goods of a category, for a customer of a tier, delivered on a local day."""
        seasonal = [each.days for each in self.seasons if each.first_day <= delivered_on <= each.last_day]
        return max(self.categories.get(category, general), self.tiers.get(tier, 0), *seasonal, LEGAL_FLOOR_DAYS)
