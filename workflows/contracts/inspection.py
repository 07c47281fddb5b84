"""What the warehouse finds, and what is said of it."""

from pydantic import Field

from domain.application import MOST_EVIDENCE, Evidence
from domain.inspection import Finding, InspectedUnits, UnexpectedGoods
from domain.record import Identifier, Record
from workflows.contracts.base import ParcelRequest


class InspectionReport(ParcelRequest):
    """The finished inspection: every unit that came is in it; what is not in it is missing.

    A parcel that was empty has no units. Units beyond those that were to come, and goods that do not belong to
    the return at all (`unexpected`), are results too: they are held or sent back, and never refunded.
    """

    units: tuple[InspectedUnits, ...] = Field(max_length=1_000)
    unexpected: tuple[UnexpectedGoods, ...] = Field(default=(), max_length=200)
    tracking_no: Identifier | None = None


class ResultAcceptance(ParcelRequest):
    """The customer accepts the result of the inspection, and may have what was not accepted sent back."""

    return_rejected: bool = False


class Contest(ParcelRequest):
    """The customer contests what the inspection did not accept or deducted, once, with evidence if there is any.

    What is not accepted in the end either may be sent back.
    """

    note: str = Field(min_length=1, max_length=2_000)
    evidence: tuple[Evidence, ...] = Field(default=(), max_length=MOST_EVIDENCE)
    return_rejected: bool = False


class ExpertRequest(ParcelRequest):
    """Have technical support look at contested goods before the supervisor decides."""

    note: str = Field(min_length=1, max_length=2_000)


class ExpertOpinion(ParcelRequest):
    """What technical support found; it binds the supervisor's decision. Photos are references, never bytes."""

    finding: Finding
    note: str = Field(min_length=1, max_length=2_000)
    photos: tuple[str, ...] = Field(default=(), max_length=20)


class ContestedLine(Record):
    """Units of a line that are accepted after all."""

    line_id: Identifier
    quantity: int = Field(ge=1, le=100_000)


class ContestedDeduction(Record):
    """Accepted units of a line whose deduction is lowered to `deduction_bps`, in basis points of what was paid.

    Of a line whose units were deducted differently, those with the highest deduction count first.
    """

    line_id: Identifier
    quantity: int = Field(ge=1, le=100_000)
    deduction_bps: int = Field(ge=0, le=9_999)


class ContestVerdict(ParcelRequest):
    """The supervisor's decision on a contest: what is accepted after all, what deductions are lowered, and why."""

    note: str = Field(min_length=1, max_length=2_000)
    accepted: tuple[ContestedLine, ...] = Field(default=(), max_length=500)
    deductions: tuple[ContestedDeduction, ...] = Field(default=(), max_length=500)
