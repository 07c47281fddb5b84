"""Parcels, the scans of carriers, and goods whose return is not known."""

from datetime import datetime

from domain.receiving import (
    BlindReceipt,
    DueReceipt,
    ParkedDisposal,
    ParkedMatch,
    ParkedParcel,
    ParkedState,
    Received,
)
from domain.shipping import CarrierEvent
from ledger import (
    parcels,
    receiving,
)
from ledger.answers import ParkedEvent
from ledger.doors.base import Door
from ledger.engine import reading, writing


class InboundDoor(Door):
    """Parcels, the scans of carriers, and goods whose return is not known."""

    # Parcels and the scans of carriers

    def find_parcel(self, carrier: str, tracking_no: str) -> str | None:
        """The RMA id of a parcel's return; None if no return registered it."""
        with reading(self.engine) as session:
            return parcels.find(session, carrier, tracking_no)

    def accept_event(self, event: CarrierEvent, received_at: datetime) -> tuple[str | None, bool]:
        """Keep a scan, once for its carrier and event id.

        Returns:
            The RMA id of its parcel, None while that is unknown, and whether the scan was delivered before.
        """
        with writing(self.engine) as session:
            return parcels.accept(session, event, received_at)

    def event_delivered(self, carrier: str, event_id: str, at: datetime) -> None:
        """Note that a scan has reached its return.

        Raises:
            EventNotFound: If the scan was never accepted.
        """
        with writing(self.engine) as session:
            parcels.event_delivered(session, carrier, event_id, at)

    def undelivered_events(
        self, limit: int = 100, received_before: datetime | None = None
    ) -> list[tuple[str, CarrierEvent]]:
        """Scans that have not reached their return although it is known by now, oldest first."""
        with reading(self.engine) as session:
            return parcels.undelivered(session, limit, received_before)

    def event_refused(self, carrier: str, event_id: str, error: str) -> bool:
        """Count a refusal of a scan, and tell whether it is parked by now.

        Raises:
            EventNotFound: If the scan was never accepted.
        """
        with writing(self.engine) as session:
            return parcels.event_refused(session, carrier, event_id, error)

    def parked_events(self) -> list[ParkedEvent]:
        """The scans that were refused too often, oldest first."""
        with reading(self.engine) as session:
            return parcels.parked_events(session)

    def retry_event(self, carrier: str, event_id: str) -> None:
        """Have a parked scan passed on again.

        Raises:
            EventNotFound: If the scan was never accepted.
        """
        with writing(self.engine) as session:
            parcels.retry_event(session, carrier, event_id)

    # Parcels that came without their return being known

    def accept_receipt(self, receipt: BlindReceipt) -> Received:
        """Keep a receipt, once for its id: divided among the returns that wait for its goods, the rest parked.

        Raises:
            ReceiptIdReused: If its id was used for another parcel.
        """
        with writing(self.engine) as session:
            receiving.accept(session, receipt)
            return receiving.received(session, receipt.receipt_id)

    def received(self, receipt_id: str) -> Received:
        """What became of a receipt so far."""
        with reading(self.engine) as session:
            return receiving.received(session, receipt_id)

    def due_receipts(self, limit: int = 100, receipt_id: str | None = None) -> list[DueReceipt]:
        """The parts that their returns have not taken yet, oldest first; those of one receipt if it is named."""
        with reading(self.engine) as session:
            return receiving.due(session, limit, receipt_id)

    def receipt_taken(self, part_id: int, rma_id: str, at: datetime) -> None:
        """Note which return has taken a part of a receipt."""
        with writing(self.engine) as session:
            receiving.taken(session, part_id, rma_id, at)

    def receipt_refused(self, part_id: int, detail: str) -> None:
        """Park what a return refused of a receipt."""
        with writing(self.engine) as session:
            receiving.refused(session, part_id, detail)

    def parked_parcels(self, state: ParkedState = ParkedState.PARKED, limit: int = 100) -> list[ParkedParcel]:
        """Parked goods in a state, oldest first."""
        with reading(self.engine) as session:
            return receiving.parked(session, state, limit)

    def match_parked(self, parked_id: str, decision: ParkedMatch, at: datetime) -> ParkedParcel:
        """Give parked goods to the return that a person found.

        Raises:
            ParkedNotFound: If there are none under the id.
            AlreadyDecided: If somebody decided before, and otherwise.
            ReturnNotFound: If there is no such return.
        """
        with writing(self.engine) as session:
            return receiving.match_parked(session, parked_id, decision, at)

    def dispose_parked(self, parked_id: str, decision: ParkedDisposal, at: datetime) -> ParkedParcel:
        """Write down where parked goods go that belong to no return.

        Raises:
            ParkedNotFound: If there are none under the id.
            AlreadyDecided: If somebody decided before, and otherwise.
        """
        with writing(self.engine) as session:
            return receiving.dispose_parked(session, parked_id, decision, at)
