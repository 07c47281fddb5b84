"""What the warehouse finds: grade, verdict and disposition per quantity (section 8)."""

from enum import StrEnum

from pydantic import Field, model_validator

from domain.record import Identifier, Record


class Grade(StrEnum):
    """A like new, B opened, C damaged, D unsellable, FAIL wrong or counterfeit."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"
    FAIL = "FAIL"


class Disposition(StrEnum):
    """Where the goods go."""

    RESTOCK = "RESTOCK"
    OPEN_BOX = "OPEN_BOX"
    REFURBISH = "REFURBISH"
    RETURN_TO_VENDOR = "RETURN_TO_VENDOR"
    LIQUIDATE = "LIQUIDATE"
    RECYCLE = "RECYCLE"
    DONATE = "DONATE"
    DESTROY = "DESTROY"
    RETURN_TO_CUSTOMER = "RETURN_TO_CUSTOMER"
    HOLD = "HOLD"
    MISSING = "MISSING"


class Verdict(StrEnum):
    """Whether the units are taken back."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"


class Finding(StrEnum):
    """What an expert makes of goods that the customer calls faulty."""

    FAULT = "fault"
    MISUSE = "misuse"
    MISUNDERSTANDING = "misunderstanding"


class ConditionCheck(Record):
    """One check of the category's condition standard, with photo references."""

    code: str = Field(min_length=1, max_length=64)
    passed: bool
    photos: tuple[str, ...] = Field(default=(), max_length=20)


class InspectedUnits(Record):
    """Units of one return line that were found alike.

    `deduction_bps` is the diminished value in basis points of what was paid (rule 8 of section 9): only on
    accepted units, and only with a photographed check as evidence.
    """

    line_id: Identifier
    quantity: int = Field(ge=1, le=100_000)
    verdict: Verdict
    grade: Grade
    disposition: Disposition = Disposition.RESTOCK
    deduction_bps: int = Field(default=0, ge=0, le=10_000)
    checks: tuple[ConditionCheck, ...] = Field(default=(), max_length=50)
    note: str = Field(default="", max_length=2_000)

    @model_validator(mode="after")
    def _is_consistent(self) -> "InspectedUnits":
        if self.deduction_bps and self.verdict is Verdict.REJECTED:
            raise ValueError("deduction_bps: only accepted units can have a deduction")
        if self.deduction_bps and not any(check.photos for check in self.checks):
            raise ValueError("deduction_bps: a deduction needs a check with a photo as evidence")
        if self.verdict is Verdict.REJECTED and not (self.note or self.checks):
            raise ValueError("note: a rejection needs a note or a check that the customer can be shown")
        return self
