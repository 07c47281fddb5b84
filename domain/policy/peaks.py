"""Busy times, in which a promise that starts gets longer."""

from datetime import date, datetime, time, timedelta
from typing import Self
from zoneinfo import ZoneInfo

from pydantic import Field, model_validator

from domain.clocks import ClockName, Peak
from domain.policy.durations import PositiveDuration
from domain.record import Record


class PeakRule(Record):
    """A peak by calendar days, both included, in the policy's zone.

    It extends a promise that starts in it, never one that runs already. The promise of the inspection is the
    shop's word to its customers: it may get longer only where that was announced before the peak began.
    """

    name: str = Field(min_length=1, max_length=64)
    clock: ClockName
    first_day: date
    last_day: date
    extension: PositiveDuration
    announced_on: date | None = None

    @model_validator(mode="after")
    def _is_announced_in_time(self) -> Self:
        if self.last_day < self.first_day:
            raise ValueError("last_day must not be before first_day")
        announced = self.announced_on is not None and self.announced_on < self.first_day
        if self.clock is ClockName.INSPECTION and not announced:
            raise ValueError("the inspection promise is extended only if announced_on is before first_day")
        return self

    def in_zone(self, zone: ZoneInfo) -> Peak:
        """The peak as moments."""
        return Peak(
            name=self.name,
            clock=self.clock,
            starts_at=datetime.combine(self.first_day, time(), zone),
            ends_at=datetime.combine(self.last_day + timedelta(days=1), time(), zone),
            extension=self.extension,
        )
