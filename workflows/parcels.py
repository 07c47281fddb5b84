"""The parcels of one return, and the axes of the return that follow from theirs (section 2)."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from domain.actions import ContestState
from domain.application import ShipBackMethod
from domain.quantities import Packing, ParcelLine, total
from domain.shipping import CarrierEvent
from domain.status import InspectionStatus, Logistics, derive_inspection, derive_logistics
from workflows.parcel import Note, Parcel

_BY_URGENCY = (ContestState.CONTESTED, ContestState.EXPERT, ContestState.OPEN, ContestState.CLOSED)


class Parcels:
    """Every parcel, in the sequence of their numbers. A return has none before it is approved."""

    def __init__(self, opened_at: datetime, note: Note) -> None:
        self._opened_at = opened_at
        self._note = note
        self._all: list[Parcel] = []
        self._early_scans: list[CarrierEvent] = []

    def __iter__(self) -> Iterator[Parcel]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    def numbered(self, number: int | None) -> Parcel | None:
        """The parcel of a number; None where there is none."""
        return next((parcel for parcel in self._all if parcel.number == number), None)

    def add(self, lines: Packing) -> Parcel:
        """Add a parcel."""
        number = len(self._all) + 1

        def note(what: str, detail: str, at: datetime | None) -> None:
            self._note(what if len(self._all) == 1 else f"parcel {number} {what}", detail, at)

        parcel = Parcel(number, lines, self._opened_at, note)
        self._all.append(parcel)
        return parcel

    def room(self, parcel: Parcel, line_id: str) -> int:
        """The units of a line that a parcel may bring: its own, and those of others that have not come."""
        return parcel.line(line_id).expected + sum(
            other.line(line_id).expected - other.line(line_id).received for other in self._lenders(parcel)
        )

    def repack(self, parcel: Parcel, came: Mapping[str, int]) -> None:
        """Take units that came in a parcel out of the others that they were planned for: a plan is only a plan."""
        for line_id, quantity in came.items():
            for other in self._lenders(parcel):
                short = quantity - parcel.line(line_id).expected
                spare = other.line(line_id).expected - other.line(line_id).received
                moved = min(short, spare)
                if moved > 0:
                    other.count(other.line(line_id).expecting(-moved))
                    parcel.count(parcel.line(line_id).expecting(moved))

    def _lenders(self, parcel: Parcel) -> list[Parcel]:
        return [
            other
            for other in self._all
            if other is not parcel and other.is_on_its_way and other.inspection is InspectionStatus.PENDING
        ]

    def follow(self, parcel: Parcel, carrier: str, tracking_no: str, by: ShipBackMethod) -> None:
        """Follow a tracking number of a parcel, and take the scans of it that came before we knew it.

        `by` is how a parcel with this number travels.
        """
        parcel.follow(carrier, tracking_no, by)
        early, self._early_scans = self._early_scans, []
        for event in early:
            self.scan(event)

    def scan(self, event: CarrierEvent) -> None:
        """Take a scan. One of an unknown tracking number is kept until that is known."""
        for parcel in self._all:
            if parcel.follows(event.tracking_no):
                parcel.take(event)
                return
        self._early_scans.append(event)

    @property
    def first(self) -> Parcel | None:
        """The first parcel."""
        return self._all[0] if self._all else None

    @property
    def decisions(self) -> int:
        """How often it was decided which units are accepted."""
        return sum(parcel.decisions for parcel in self._all)

    @property
    def logistics(self) -> Logistics:
        """Where the goods are."""
        going = [parcel.logistics for parcel in self._all if not parcel.is_withdrawn]
        return derive_logistics(going or [parcel.logistics for parcel in self._all])

    @property
    def inspection(self) -> InspectionStatus:
        """What was found."""
        return derive_inspection([(parcel.inspection, parcel.is_on_its_way) for parcel in self._all])

    @property
    def contest(self) -> ContestState:
        """How far the customer and we are about what was not accepted, in any parcel."""
        states = [parcel.contest for parcel in self._all]
        return next((state for state in _BY_URGENCY if state in states), ContestState.NONE)

    def is_last(self, parcel: Parcel) -> bool:
        """Whether every other parcel is at the end of its way."""
        return all(other.is_done or other is parcel for other in self._all)

    def close_contests(self) -> None:
        """The return is over, and what could be contested with it."""
        for parcel in self._all:
            if parcel.contest is not ContestState.NONE:
                parcel.contest = ContestState.CLOSED

    @property
    def are_awaited(self) -> bool:
        """Whether the inspection of some parcel is still to be expected."""
        return any(parcel.is_on_its_way and parcel.inspection is InspectionStatus.PENDING for parcel in self._all)

    @property
    def first_scan_at(self) -> datetime | None:
        """When a carrier first had goods of the return, by the scan's own time."""
        return min((parcel.first_scan_at for parcel in self._all if parcel.first_scan_at), default=None)

    def line(self, line_id: str) -> ParcelLine:
        """What became of a line's units in all parcels together."""
        return total([parcel.lines for parcel in self._all], line_id)
