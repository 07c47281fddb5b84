"""What a return says of itself that follows from its parcels and disputes."""

from collections.abc import Mapping
from datetime import datetime

from domain.actions import ContestState
from domain.chargebacks import Chargeback, ChargebackState
from domain.complaints import ComplaintState
from domain.status import InspectionStatus, Logistics
from workflows.contracts import LineStatus
from workflows.parcels import Parcels


class ParcelsView:
    """The axes, quantities and disputes of a return, read from what it is made of."""

    parcels: Parcels
    complaint: ComplaintState
    freezes: list[str]
    chargebacks: dict[str, Chargeback]
    _lines: dict[str, LineStatus]

    @property
    def logistics(self) -> Logistics:
        """Where the goods are."""
        return self.parcels.logistics

    @property
    def inspection(self) -> InspectionStatus:
        """What was found."""
        return self.parcels.inspection

    @property
    def contest(self) -> ContestState:
        """How far the customer and we are about what was not accepted."""
        return self.parcels.contest

    @property
    def is_contested(self) -> bool:
        """Whether the customer may still earn, or waits for, more than the inspection accepted."""
        return self.contest in (ContestState.OPEN, ContestState.CONTESTED, ContestState.EXPERT)

    @property
    def is_disputed(self) -> bool:
        """Whether a dispute may still move money."""
        return self.is_contested or self.complaint.is_pending or bool(self.freezes)

    def open_chargebacks(self) -> list[Chargeback]:
        """The chargebacks that wait for a decision."""
        return [entry for entry in self.chargebacks.values() if entry.state is ChargebackState.OPEN]

    @property
    def carrier(self) -> str:
        """The carrier of the first parcel."""
        return self.parcels.first.carrier if self.parcels.first else ""

    @property
    def tracking_no(self) -> str:
        """The tracking number of the first parcel."""
        return self.parcels.first.tracking_no if self.parcels.first else ""

    @property
    def first_scan_at(self) -> datetime | None:
        """When a carrier first had goods of the return, by the scan's own time."""
        return self.parcels.first_scan_at

    @property
    def lines(self) -> Mapping[str, LineStatus]:
        """The quantities of each line: what was asked and authorised, and what became of it in all parcels."""
        if not len(self.parcels):
            return dict(self._lines)
        return {
            line_id: line.model_copy(update=self.parcels.line(line_id).model_dump(exclude={"line_id", "expected"}))
            for line_id, line in self._lines.items()
        }
