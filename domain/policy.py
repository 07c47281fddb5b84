"""The policy: every window, clock, amount and list that a merchant may set, as versioned data.

A return keeps the version that it opened under. The file format is TOML; durations are ISO 8601.
"""

import tomllib
from datetime import timedelta
from typing import Annotated, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from domain.application import DeclaredCondition
from domain.money import is_known_currency
from domain.record import MinorUnits, Record


def _has_a_unit(value: object) -> object:
    if isinstance(value, int | float):
        raise ValueError("write a duration in ISO 8601, such as PT48H")
    return value


PositiveDuration = Annotated[
    timedelta, Field(gt=timedelta(0), le=timedelta(days=366)), BeforeValidator(_has_a_unit)
]


class ClockDurations(Record):
    """How long each promise runs (the table of section 2). Wall clock, except business days by name."""

    manual_review: PositiveDuration = timedelta(hours=24)
    evidence: PositiveDuration = timedelta(days=7)
    appeal: PositiveDuration = timedelta(days=7)
    acceptance_scan: PositiveDuration = timedelta(hours=2)
    handover: PositiveDuration = timedelta(days=7)
    handover_reminders: tuple[PositiveDuration, ...] = (timedelta(days=3), timedelta(days=6))
    transit_trace: PositiveDuration = timedelta(hours=72)
    transit_lost: PositiveDuration = timedelta(days=10)
    inspection: PositiveDuration = timedelta(hours=48)
    inspection_management: PositiveDuration = timedelta(hours=96)
    contest: PositiveDuration = timedelta(hours=72)
    refund_unknown: PositiveDuration = timedelta(hours=1)
    payment_method: PositiveDuration = timedelta(hours=72)
    settlement_business_days: int = Field(default=3, ge=1, le=60)

    @model_validator(mode="after")
    def _orders_its_steps(self) -> Self:
        if self.transit_lost <= self.transit_trace:
            raise ValueError("transit_lost must be longer than transit_trace")
        if self.inspection_management <= self.inspection:
            raise ValueError("inspection_management must be longer than inspection")
        reminders = list(self.handover_reminders)
        if reminders != sorted(reminders) or any(at >= self.handover for at in reminders):
            raise ValueError("handover_reminders must be ascending and before handover ends")
        return self


class PickupRules(Record):
    """Who collects, and when."""

    carriers: tuple[str, ...] = Field(min_length=1)
    attempts_per_carrier: int = Field(default=2, ge=1, le=10)
    lead: PositiveDuration = timedelta(hours=2)
    slot: PositiveDuration = timedelta(hours=4)

    @field_validator("carriers")
    @classmethod
    def _names_each_once(cls, carriers: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(carriers)) != len(carriers):
            raise ValueError("names a carrier twice")
        return carriers


class CurrencyAmounts(Record):
    """The amounts that are set per currency, in its minor unit."""

    inspection_coupon_minor: MinorUnits = Field(gt=0)


class Policy(BaseModel):
    """One version of the policy. Unknown keys are refused, so that a misspelt one is never ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str = Field(min_length=1, max_length=64)
    timezone: str
    return_window_days: int = Field(ge=7, le=3650)
    max_applications_per_line: int = Field(ge=1, le=100)
    resale_unaffected: dict[str, tuple[DeclaredCondition, ...]]
    currencies: dict[str, CurrencyAmounts] = Field(min_length=1)
    pickup: PickupRules
    clocks: ClockDurations = ClockDurations()

    @field_validator("timezone")
    @classmethod
    def _is_a_timezone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"{name!r} is not an IANA time zone") from error
        return name

    @field_validator("resale_unaffected")
    @classmethod
    def _has_a_general_standard(
        cls, standards: dict[str, tuple[DeclaredCondition, ...]]
    ) -> dict[str, tuple[DeclaredCondition, ...]]:
        if "general" not in standards:
            raise ValueError("needs a standard for the category 'general'")
        return standards

    @field_validator("currencies")
    @classmethod
    def _are_currencies(cls, currencies: dict[str, CurrencyAmounts]) -> dict[str, CurrencyAmounts]:
        if unknown := [code for code in currencies if not is_known_currency(code)]:
            raise ValueError(f"not ISO 4217 currencies: {', '.join(unknown)}")
        return currencies

    @property
    def zone(self) -> ZoneInfo:
        """The zone whose calendar days count for windows."""
        return ZoneInfo(self.timezone)


def parse_policy(text: str) -> Policy:
    """Read a policy from TOML.

    Raises:
        ValueError: If the text is not TOML (with the line) or not a policy (with the key).
    """
    return Policy.model_validate(tomllib.loads(text), extra="forbid")
