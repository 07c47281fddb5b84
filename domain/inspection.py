"""What the warehouse finds: grade, verdict and disposition per quantity (section 8)."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Literal

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


class SerialCheck(StrEnum):
    """Whether the serial number is the one that was sold."""

    MATCH = "match"
    MISMATCH = "mismatch"


class InspectedUnits(Record):
    """Units of one return line that were found alike.

    `deduction_bps` is the diminished value in basis points of what was paid (rule 8 of section 9): only on
    accepted units, and only with a photographed check as evidence. `repairable` is the diagnosis of units that
    came to be repaired.
    """

    line_id: Identifier
    quantity: int = Field(ge=1, le=100_000)
    verdict: Verdict
    grade: Grade
    disposition: Disposition = Disposition.RESTOCK
    deduction_bps: int = Field(default=0, ge=0, le=10_000)
    repairable: bool = True
    serial: SerialCheck | None = None
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


class Unexpected(StrEnum):
    """EXTRA: more than was to come, or of the order and not of the return. WRONG: not what was sold at all."""

    EXTRA = "extra"
    WRONG = "wrong"


class UnexpectedGoods(Record):
    """Goods in a parcel that do not belong to the return. They are a result, and never refunded by themselves.

    `item` is an order line, an item, or in plain words what it is.
    """

    item: str = Field(min_length=1, max_length=200)
    quantity: int = Field(ge=1, le=100_000)
    kind: Unexpected
    grade: Grade = Grade.FAIL
    disposition: Literal[Disposition.HOLD, Disposition.RETURN_TO_CUSTOMER] = Disposition.HOLD
    photos: tuple[str, ...] = Field(default=(), max_length=20)
    note: str = Field(default="", max_length=2_000)


def sort_out(
    units: Sequence[InspectedUnits], expected: Mapping[str, int]
) -> tuple[tuple[InspectedUnits, ...], tuple[UnexpectedGoods, ...]]:
    """Tell the units that were to come from those that were not.

    Where more of a line came than was expected, what was accepted counts first, in the customer's favour; the
    surplus is held. `expected` are the units of the parcel by line.
    """
    left = dict(expected)
    ours: list[InspectedUnits] = []
    surplus: list[UnexpectedGoods] = []
    for entry in sorted(units, key=lambda entry: entry.verdict is Verdict.REJECTED):
        counted = min(entry.quantity, left.get(entry.line_id, 0))
        left[entry.line_id] = left.get(entry.line_id, 0) - counted
        if counted:
            ours.append(entry.model_copy(update={"quantity": counted}))
        if counted < entry.quantity:
            surplus.append(_extra(entry, entry.quantity - counted))
    return tuple(ours), tuple(surplus)


def _extra(entry: InspectedUnits, quantity: int) -> UnexpectedGoods:
    back = entry.disposition is Disposition.RETURN_TO_CUSTOMER
    return UnexpectedGoods(
        item=entry.line_id,
        quantity=quantity,
        kind=Unexpected.EXTRA,
        grade=entry.grade,
        disposition=Disposition.RETURN_TO_CUSTOMER if back else Disposition.HOLD,
        photos=tuple(photo for check in entry.checks for photo in check.photos)[:20],
        note=entry.note,
    )
