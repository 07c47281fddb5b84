"""When goods need not come back."""

from pydantic import Field, field_validator

from domain.policy.amounts import PositiveMinor
from domain.reasons import REASON_RULES, ReturnReason
from domain.record import Record


class ReturnlessRules(Record):
    """Refunds without ship-back: for these reasons, up to this value in minor units of each currency.

    Without reasons, or without a limit for the currency, everything comes back.
    """

    reasons: tuple[ReturnReason, ...] = ()
    limits: dict[str, PositiveMinor] = Field(default_factory=dict)

    @field_validator("reasons")
    @classmethod
    def _are_faults(cls, reasons: tuple[ReturnReason, ...]) -> tuple[ReturnReason, ...]:
        for reason in reasons:
            if not REASON_RULES[reason].is_fault:
                raise ValueError(f"{reason} needs no evidence; name faults only")
        return reasons

    def cover(self, reasons: set[ReturnReason], value_minor: int, currency: str) -> bool:
        """Tell whether goods of this value, that came back for these reasons, may stay with the customer."""
        return reasons <= set(self.reasons) and value_minor <= self.limits.get(currency, 0)
