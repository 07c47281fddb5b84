"""What the warehouse finds, and what is said of it."""

from pydantic import Field

from domain.inspection import InspectedUnits, UnexpectedGoods
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
    """The customer accepts the result of the inspection."""


class Contest(ParcelRequest):
    """The customer contests what the inspection rejected."""

    note: str = Field(min_length=1, max_length=2_000)


class ContestedLine(Record):
    """Units of a line that are accepted after all."""

    line_id: Identifier
    quantity: int = Field(ge=1, le=100_000)


class ContestVerdict(ParcelRequest):
    """The supervisor's decision on a contest: what is accepted after all, and why."""

    note: str = Field(min_length=1, max_length=2_000)
    accepted: tuple[ContestedLine, ...] = Field(default=(), max_length=500)
