"""Parcels that reach the warehouse without their return being known: matched, divided, or parked (section 8)."""

from collections.abc import Sequence
from enum import StrEnum

from pydantic import Field

from domain.actions import Actor, Role
from domain.inspection import Disposition
from domain.record import Identifier, Quantity, Record, UtcDatetime

RECEIVERS = (Role.WAREHOUSE,)
"""Who may receive a parcel."""

DECIDERS = (Role.WAREHOUSE, Role.AGENT_TIER_2, Role.AGENT_TIER_3, Role.SUPERVISOR)
"""Who may decide on a parked parcel."""


class Goods(Record):
    """Units that were in a parcel. `item_id` is the item's, or the order line's where only that is known."""

    item_id: Identifier
    quantity: int = Field(ge=1, le=100_000)


class BlindReceipt(Record):
    """A parcel at the warehouse's door, described by what can be seen of it.

    Attributes:
        receipt_id: The warehouse's own id; the same one again is the same receipt.
        received_at: The scan's own time, UTC.
        rma_ids: The numbers of returns that are written on the parcel or inside it.
        goods: What is in it; none where it has not been opened.
    """

    receipt_id: Identifier
    actor: Actor
    received_at: UtcDatetime
    carrier: Identifier | None = None
    tracking_no: Identifier | None = None
    rma_ids: tuple[Identifier, ...] = Field(default=(), max_length=20)
    goods: tuple[Goods, ...] = Field(default=(), max_length=500)
    freight_collect: bool = False


class AwaitedLine(Record):
    """Units of a line that a return still waits for; of one that has ended, those that it was about."""

    line_id: str
    item_id: str
    quantity: Quantity


class Candidate(Record):
    """A return that a parcel may belong to.

    Attributes:
        is_named: It is written on the parcel, or its own tracking number is on it.
        header: How it ended; empty while it is open.
    """

    rma_id: str
    is_named: bool
    header: str = ""
    lines: tuple[AwaitedLine, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether the return can still take a receipt."""
        return not self.header


class MatchedUnits(Record):
    """Units of a line of the return that a part of a parcel belongs to."""

    line_id: Identifier
    quantity: int = Field(ge=1, le=100_000)


class MatchedPart(Record):
    """What a return gets of a parcel; no lines: all that is in it.

    Where the return has ended, the part is `late`: it starts a follow-up case.
    """

    rma_id: str
    lines: tuple[MatchedUnits, ...] = ()
    late: bool = False


class DueReceipt(Record):
    """A part of a parcel that its return has not taken yet."""

    part_id: int
    rma_id: str
    receipt: BlindReceipt
    lines: tuple[MatchedUnits, ...] = ()
    late: bool = False
    parcel: int | None = None

    @property
    def request_id(self) -> str:
        """The same for every attempt, so that the return counts the part once."""
        return f"receipt-{self.receipt.receipt_id}-{self.part_id}"


class ParkReason(StrEnum):
    """Why goods are parked for a person."""

    UNKNOWN = "unknown"
    NOT_EXPECTED = "not_expected"
    SEVERAL_RETURNS = "several_returns"
    REFUSED = "refused"


class Matching(Record):
    """What a parcel was divided into.

    Attributes:
        parts: A receipt for each return.
        left: The goods that belong to none of them; with a reason, and empty where the parcel was not opened.
    """

    parts: tuple[MatchedPart, ...] = ()
    left: tuple[Goods, ...] = ()
    reason: ParkReason | None = None


class Received(Record):
    """What became of a receipt: which returns it was passed on to, and what waits for a person.

    Attributes:
        rma_ids: The returns that the goods belong to. One that does not answer gets its part later.
    """

    receipt_id: str
    rma_ids: tuple[str, ...] = ()
    parked_ids: tuple[str, ...] = ()


class ParkedState(StrEnum):
    """A parked parcel waits for a person; that person matches it or says where its goods go."""

    PARKED = "parked"
    MATCHED = "matched"
    DISPOSED = "disposed"


class ParkedParcel(Record):
    """Goods that nobody could be found for."""

    parked_id: str
    state: ParkedState
    reason: ParkReason
    detail: str = ""
    receipt_id: str
    received_at: UtcDatetime
    carrier: str = ""
    tracking_no: str = ""
    rma_ids: tuple[str, ...] = ()
    goods: tuple[Goods, ...] = ()
    rma_id: str = ""
    disposition: Disposition | None = None
    note: str = ""


class ParkedMatch(Record):
    """A person found the return that parked goods belong to; no lines: all that it still waits for.

    `parcel` is the number of the return's parcel, where several are awaited.
    """

    actor: Actor
    rma_id: Identifier
    parcel: int | None = Field(default=None, ge=1, le=1_000)
    lines: tuple[MatchedUnits, ...] = Field(default=(), max_length=500)
    note: str = Field(default="", max_length=2_000)


class ParkedDisposal(Record):
    """A person decided where goods go that belong to no return."""

    actor: Actor
    disposition: Disposition
    note: str = Field(min_length=1, max_length=2_000)


def match(receipt: BlindReceipt, candidates: Sequence[Candidate]) -> Matching:
    """Divide a parcel among the returns that wait for its goods, those that are named first.

    A parcel that was not opened goes to the one return that it names. An ended return gets of its goods what no
    open one waits for, if the parcel names it. What is left belongs to none.
    """
    named = [candidate for candidate in candidates if candidate.is_named]
    if not receipt.goods:
        return _unopened(named)
    in_time, left = _divide(receipt.goods, [candidate for candidate in candidates if candidate.is_open])
    late, left = _divide(left, [candidate for candidate in named if not candidate.is_open])
    parts = (*in_time, *(part.model_copy(update={"late": True}) for part in late))
    if not left:
        return Matching(parts=parts)
    return Matching(parts=parts, left=left, reason=ParkReason.NOT_EXPECTED if named else ParkReason.UNKNOWN)


def _unopened(named: Sequence[Candidate]) -> Matching:
    possible = [candidate for candidate in named if candidate.is_open] or named
    if not possible:
        return Matching(reason=ParkReason.UNKNOWN)
    if len(possible) > 1:
        return Matching(reason=ParkReason.SEVERAL_RETURNS)
    (found,) = possible
    return Matching(parts=(MatchedPart(rma_id=found.rma_id, late=not found.is_open),))


def _divide(
    goods: Sequence[Goods], candidates: Sequence[Candidate]
) -> tuple[tuple[MatchedPart, ...], tuple[Goods, ...]]:
    awaited = {
        (candidate.rma_id, line.line_id): line.quantity for candidate in candidates for line in candidate.lines
    }
    matched: dict[str, dict[str, int]] = {}
    left = []
    for item in goods:
        still = item.quantity
        for candidate in candidates:
            for line in candidate.lines:
                taken = min(still, awaited[candidate.rma_id, line.line_id])
                if not taken or item.item_id not in (line.item_id, line.line_id):
                    continue
                awaited[candidate.rma_id, line.line_id] -= taken
                lines = matched.setdefault(candidate.rma_id, {})
                lines[line.line_id] = lines.get(line.line_id, 0) + taken
                still -= taken
        if still:
            left.append(Goods(item_id=item.item_id, quantity=still))
    parts = tuple(
        MatchedPart(
            rma_id=rma_id,
            lines=tuple(MatchedUnits(line_id=line_id, quantity=count) for line_id, count in lines.items()),
        )
        for rma_id, lines in matched.items()
    )
    return parts, tuple(left)
