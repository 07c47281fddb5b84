"""One version of the policy, and how it is read from TOML."""

import tomllib
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, field_validator

from domain.application import DeclaredCondition
from domain.money import is_known_currency
from domain.policy.clocks import ClockDurations
from domain.policy.currencies import CurrencyAmounts
from domain.policy.pickup import PickupRules


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
