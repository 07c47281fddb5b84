"""One version of the policy, and how it is read from TOML."""

import tomllib
from typing import Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from domain.application import DeclaredCondition
from domain.clocks import Peak
from domain.money import is_known_currency
from domain.policy.clocks import ClockDurations
from domain.policy.currencies import CurrencyAmounts
from domain.policy.errors import PolicyRefused, model_problems, syntax_problem
from domain.policy.exchange import ExchangeRules
from domain.policy.peaks import PeakRule
from domain.policy.pickup import PickupRules
from domain.policy.promotions import PromotionRules
from domain.policy.returnless import ReturnlessRules
from domain.policy.trade_in import TradeInRules


class Policy(BaseModel):
    """One version of the policy. Unknown keys are refused, so that a misspelt one is never ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str = Field(max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    timezone: str
    return_window_days: int = Field(strict=True, ge=7, le=3650)
    max_applications_per_line: int = Field(strict=True, ge=1, le=100)
    resale_unaffected: dict[str, tuple[DeclaredCondition, ...]]
    currencies: dict[str, CurrencyAmounts] = Field(min_length=1)
    pickup: PickupRules
    exchange: ExchangeRules = ExchangeRules()
    clocks: ClockDurations = ClockDurations()
    promotions: PromotionRules = PromotionRules()
    returnless: ReturnlessRules = ReturnlessRules()
    peaks: tuple[PeakRule, ...] = ()
    trade_in: TradeInRules = TradeInRules()

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
        for code in currencies:
            if not is_known_currency(code):
                raise ValueError(f"{code}: is no ISO 4217 currency")
        return currencies

    @model_validator(mode="after")
    def _has_amounts_for_every_currency_in_use(self) -> Self:
        for code in self.returnless.limits:
            if code not in self.currencies:
                raise ValueError(f"returnless.limits.{code}: is in use, but there is no [currencies.{code}]")
        return self

    @property
    def zone(self) -> ZoneInfo:
        """The zone whose calendar days count for windows."""
        return ZoneInfo(self.timezone)

    def busy_times(self) -> tuple[Peak, ...]:
        """The peaks as moments."""
        return tuple(peak.in_zone(self.zone) for peak in self.peaks)


def parse_policy(text: str) -> Policy:
    """Read a policy from TOML.

    Raises:
        PolicyRefused: If the text is not TOML or not a policy; it names the line of each fault.
    """
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PolicyRefused([syntax_problem(error, text)]) from error
    try:
        return Policy.model_validate(content, extra="forbid")
    except ValidationError as error:
        raise PolicyRefused(model_problems(error, text, Policy)) from error
