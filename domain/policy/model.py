"""One version of the policy, and how it is read from TOML."""

import tomllib
from typing import Annotated, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from domain.application import DeclaredCondition
from domain.clocks import Peak
from domain.currencies import is_known_currency
from domain.policy.advances import AdvanceRules
from domain.policy.agreement import AgreementRules
from domain.policy.claims import ClaimRules
from domain.policy.clocks import ClockDurations
from domain.policy.currencies import CurrencyAmounts
from domain.policy.customers import FormRules, PriorityRules
from domain.policy.departments import DEPARTMENTS, Departments
from domain.policy.errors import PolicyRefused, model_problems, syntax_problem
from domain.policy.evidence import EvidenceRules
from domain.policy.exchange import ExchangeRules
from domain.policy.exclusions import ExclusionRules
from domain.policy.fees import FeeRules
from domain.policy.peaks import PeakRule
from domain.policy.pickup import PickupRules
from domain.policy.promotions import PromotionRules
from domain.policy.returnless import ReturnlessRules
from domain.policy.risk import RiskRules
from domain.policy.routing import RoutingRules
from domain.policy.trade_in import TradeInRules
from domain.policy.windows import WindowDays, WindowRules

CheckCode = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]


class Policy(BaseModel):
    """One version of the policy. Unknown keys are refused, so that a misspelt one is never ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str = Field(max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    timezone: str
    return_window_days: WindowDays
    max_applications_per_line: int = Field(strict=True, ge=1, le=100)
    windows: WindowRules = WindowRules()
    exclusions: ExclusionRules = ExclusionRules()
    evidence: EvidenceRules = EvidenceRules()
    resale_unaffected: dict[str, tuple[DeclaredCondition, ...]]
    inspection_checks: dict[str, tuple[CheckCode, ...]] = Field(default_factory=dict)
    form: FormRules = FormRules()
    priority: PriorityRules = PriorityRules()
    risk: RiskRules = RiskRules()
    routing: RoutingRules = RoutingRules()
    departments: Departments = DEPARTMENTS
    currencies: dict[str, CurrencyAmounts] = Field(min_length=1)
    pickup: PickupRules
    exchange: ExchangeRules = ExchangeRules()
    advances: AdvanceRules = AdvanceRules()
    clocks: ClockDurations = ClockDurations()
    claims: ClaimRules = ClaimRules()
    promotions: PromotionRules = PromotionRules()
    returnless: ReturnlessRules = ReturnlessRules()
    peaks: tuple[PeakRule, ...] = ()
    fees: FeeRules = FeeRules()
    agreement: AgreementRules = AgreementRules()
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
        for table, amounts in (
            ("returnless.limits", self.returnless.limits),
            ("risk.value", self.risk.value),
            ("advances.limits", self.advances.limits),
        ):
            if lacking := [code for code in amounts if code not in self.currencies]:
                raise ValueError(f"{table}.{lacking[0]}: is in use, but there is no [currencies.{lacking[0]}]")
        return self

    @model_validator(mode="after")
    def _has_no_window_without_effect(self) -> Self:
        widened = {f"windows.tiers.{tier.value}": days for tier, days in self.windows.tiers.items()}
        widened |= {f"windows.seasons.{n}.days": each.days for n, each in enumerate(self.windows.seasons)}
        for key, days in widened.items():
            if days <= self.return_window_days:
                raise ValueError(f"{key}: is not longer than return_window_days ({self.return_window_days})")
        return self

    def can_be_sold_again(self, category: str, condition: DeclaredCondition) -> bool:
        """Tell whether goods of a category in this condition are as good as new; unopened ones always are."""
        standard = self.resale_unaffected.get(category, self.resale_unaffected["general"])
        return condition is DeclaredCondition.UNOPENED or condition in standard

    def checks(self, category: str) -> tuple[str, ...]:
        """What an inspection of goods of a category looks at."""
        return self.inspection_checks.get(category, self.inspection_checks.get("general", ()))

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
