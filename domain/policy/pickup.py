"""Who collects parcels, and when."""

from datetime import timedelta

from pydantic import Field, field_validator

from domain.policy.durations import PositiveDuration
from domain.record import Identifier, Record


class PickupRules(Record):
    """Who collects, and when."""

    carriers: tuple[Identifier, ...] = Field(min_length=1)
    attempts_per_carrier: int = Field(default=2, strict=True, ge=1, le=10)
    lead: PositiveDuration = timedelta(hours=2)
    slot: PositiveDuration = timedelta(hours=4)

    @field_validator("carriers")
    @classmethod
    def _names_each_once(cls, carriers: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(carriers)) != len(carriers):
            raise ValueError("names a carrier twice")
        return carriers
