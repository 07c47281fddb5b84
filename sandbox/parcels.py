"""Pickups, labels and scans of all carriers: a fold over their books."""

from enum import StrEnum

from pydantic import Field, model_validator

from domain.application import PickupAddress
from domain.record import Identifier, Record, UtcDatetime
from domain.shipping import CarrierEvent, CarrierEventKind, PickupService
from sandbox.bodies import Body, Id, TimedBody, make_id
from sandbox.books import Book, Books, Draft, Entry
from sandbox.clock import ProviderClock
from sandbox.faults import FaultKind, Faults, Target
from sandbox.refusals import Refused

_UNCOVERED_POSTAL_CODES = "999"

_COLLECTED = frozenset(
    {
        CarrierEventKind.PICKED_UP,
        CarrierEventKind.ACCEPTED,
        CarrierEventKind.IN_TRANSIT,
        CarrierEventKind.DELIVERED,
        CarrierEventKind.LOST,
    }
)


class PickupBody(TimedBody):
    """Collect a parcel. Without an address the carrier takes the one that it has on file."""

    reference: Id
    rma_id: str = ""
    warehouse: str = ""
    slot_start: UtcDatetime
    slot_end: UtcDatetime
    address: PickupAddress | None = None
    service: PickupService = PickupService.STANDARD

    @model_validator(mode="after")
    def _slot_has_a_length(self) -> "PickupBody":
        if self.slot_end <= self.slot_start:
            raise ValueError("slot_end must be after slot_start")
        return self


class CancelPickupBody(TimedBody):
    """Withdraw a pickup."""


class LabelBody(TimedBody):
    """Buy a label."""

    reference: Id
    rma_id: str = ""
    warehouse: str = ""


class VoidLabelBody(TimedBody):
    """Void a label."""


class ScanBody(Body):
    """A courier scans a parcel. A repeat of an `event_id` is the same scan, told again.

    `occurred_at` is the scan's own time and the time in the books.
    """

    event_id: Identifier | None = None
    kind: str = Field(min_length=1, max_length=64)
    occurred_at: UtcDatetime


class PickupStatus(StrEnum):
    """How a pickup stands."""

    BOOKED = "booked"
    CANCELLED = "cancelled"


class LabelStatus(StrEnum):
    """How a label stands."""

    LIVE = "live"
    VOIDED = "voided"


class Pickup(Record):
    """A booked collection."""

    pickup_id: str
    carrier: str
    reference: str
    rma_id: str
    tracking_no: str
    slot_start: UtcDatetime
    slot_end: UtcDatetime
    address: PickupAddress | None
    warehouse: str = ""
    service: PickupService = PickupService.STANDARD
    status: PickupStatus


class ParcelLabel(Record):
    """A label that was bought."""

    label_id: str
    carrier: str
    reference: str
    rma_id: str
    tracking_no: str
    url: str
    warehouse: str = ""
    status: LabelStatus = LabelStatus.LIVE


class Parcels:
    """What the carriers know. They honour no idempotency key: every request books anew."""

    def __init__(self, books: Books, faults: Faults, clock: ProviderClock) -> None:
        self._books = books
        self._faults = faults
        self._clock = clock
        self._pickups: dict[str, Pickup] = {}
        self._pickups_by_reference: dict[tuple[str, str], list[str]] = {}
        self._labels: dict[str, ParcelLabel] = {}
        self._labels_by_reference: dict[tuple[str, str], list[str]] = {}
        self._carrier_of: dict[str, str] = {}
        self._scans: dict[str, list[CarrierEvent]] = {}
        self._scan_by_id: dict[str, CarrierEvent] = {}
        books.fold(Book.PICKUPS, self._take_pickup)
        books.fold(Book.LABELS, self._take_label)
        books.fold(Book.SCANS, self._take_scan)

    def book(self, carrier: str, body: PickupBody) -> Pickup:
        """Book a collection.

        Raises:
            Refused: ``not_covered`` for a postal code that starts with 999, or by a fault.
        """
        postal_code = body.address.postal_code if body.address else ""
        fields = {**body.model_dump(), "carrier": carrier}
        if postal_code.startswith(_UNCOVERED_POSTAL_CODES) or self._faults.strike(
            Target.PICKUP, FaultKind.NOT_COVERED, fields
        ):
            raise Refused(409, "not_covered", f"{carrier} does not collect at this address.")
        pickup = Pickup(
            **body.model_dump(exclude={"at"}),
            pickup_id=make_id("pu_", carrier, body.reference, self._books.next_seq),
            carrier=carrier,
            tracking_no=self._tracking_no(carrier, body.reference),
            status=PickupStatus.BOOKED,
        )
        self._books.append(Draft(book=Book.PICKUPS, key=body.reference, at=body.at, data=pickup))
        return pickup

    def pickups(self, carrier: str, reference: str) -> list[Pickup]:
        """Every pickup of a carrier under a reference, oldest first."""
        return [self._pickups[each] for each in self._pickups_by_reference.get((carrier, reference), ())]

    def cancel(self, carrier: str, pickup_id: str, at: UtcDatetime) -> Pickup:
        """Withdraw a pickup; a repeat changes nothing.

        Raises:
            Refused: ``unknown_pickup``, or ``already_collected`` once the parcel was scanned on its way.
        """
        pickup = self._pickups.get(pickup_id)
        if pickup is None or pickup.carrier != carrier:
            raise Refused(404, "unknown_pickup", f"{carrier} has no pickup {pickup_id}.")
        if pickup.status is PickupStatus.CANCELLED:
            return pickup
        if self._is_collected(pickup.tracking_no):
            raise Refused(409, "already_collected", f"The parcel of {pickup_id} was collected.")
        cancelled = pickup.model_copy(update={"status": PickupStatus.CANCELLED})
        self._books.append(Draft(book=Book.PICKUPS, key=pickup.reference, at=at, data=cancelled))
        return cancelled

    def buy_label(self, carrier: str, body: LabelBody) -> ParcelLabel:
        """Buy a label."""
        tracking_no = self._tracking_no(carrier, body.reference)
        label = ParcelLabel(
            label_id=make_id("lb_", carrier, body.reference, self._books.next_seq),
            carrier=carrier,
            reference=body.reference,
            rma_id=body.rma_id,
            tracking_no=tracking_no,
            url=f"https://labels.example/{carrier}/{tracking_no}.pdf",
            warehouse=body.warehouse,
        )
        self._books.append(Draft(book=Book.LABELS, key=body.reference, at=body.at, data=label))
        return label

    def labels(self, carrier: str, reference: str) -> list[ParcelLabel]:
        """Every label of a carrier under a reference, oldest first."""
        return [self._labels[each] for each in self._labels_by_reference.get((carrier, reference), ())]

    def void_label(self, carrier: str, label_id: str, at: UtcDatetime) -> ParcelLabel:
        """Void a label; a repeat changes nothing.

        Raises:
            Refused: ``unknown_label``, or ``label_in_use`` once a parcel was scanned with it.
        """
        label = self._labels.get(label_id)
        if label is None or label.carrier != carrier:
            raise Refused(404, "unknown_label", f"{carrier} has no label {label_id}.")
        if label.status is LabelStatus.VOIDED:
            return label
        if self._is_collected(label.tracking_no):
            raise Refused(409, "label_in_use", f"A parcel travels with {label_id}.")
        voided = label.model_copy(update={"status": LabelStatus.VOIDED})
        self._books.append(Draft(book=Book.LABELS, key=label.reference, at=at, data=voided))
        return voided

    def scan(self, carrier: str, tracking_no: str, body: ScanBody) -> CarrierEvent:
        """Record a scan; a repeat of its id changes nothing.

        A tracking number that nobody booked here is a parcel that a customer handed in.

        Raises:
            Refused: ``other_carrier``, or ``event_id_conflict`` if the id is that of another scan.
        """
        if self._carrier_of.get(tracking_no, carrier) != carrier:
            raise Refused(409, "other_carrier", f"{tracking_no} travels with another carrier.")
        event = CarrierEvent(
            event_id=body.event_id or make_id("ev_", carrier, tracking_no, self._books.next_seq),
            carrier=carrier,
            tracking_no=tracking_no,
            kind=body.kind,
            occurred_at=body.occurred_at + self._clock.ahead,
        )
        if earlier := self._scan_by_id.get(event.event_id):
            if earlier.model_dump(exclude={"occurred_at"}) != event.model_dump(exclude={"occurred_at"}):
                raise Refused(409, "event_id_conflict", f"{event.event_id} is another scan.")
            return earlier
        self._books.append(Draft(book=Book.SCANS, key=tracking_no, at=body.occurred_at, data=event))
        return event

    def scans(self, carrier: str, tracking_no: str) -> list[CarrierEvent]:
        """Every scan of a parcel, as recorded.

        Raises:
            Refused: ``unknown_tracking_no``.
        """
        if self._carrier_of.get(tracking_no) != carrier:
            raise Refused(404, "unknown_tracking_no", f"{carrier} has no parcel {tracking_no}.")
        return list(self._scans.get(tracking_no, ()))

    def _is_collected(self, tracking_no: str) -> bool:
        return any(scan.kind in _COLLECTED for scan in self._scans.get(tracking_no, ()))

    def _tracking_no(self, carrier: str, reference: str) -> str:
        return make_id(f"{carrier.upper()}-", carrier, reference, self._books.next_seq)

    def _take_pickup(self, entry: Entry) -> None:
        pickup = Pickup.model_validate(entry.data)
        if pickup.pickup_id not in self._pickups:
            key = (pickup.carrier, pickup.reference)
            self._pickups_by_reference.setdefault(key, []).append(pickup.pickup_id)
        self._pickups[pickup.pickup_id] = pickup
        self._carrier_of[pickup.tracking_no] = pickup.carrier

    def _take_label(self, entry: Entry) -> None:
        label = ParcelLabel.model_validate(entry.data)
        if label.label_id not in self._labels:
            self._labels_by_reference.setdefault((label.carrier, label.reference), []).append(label.label_id)
        self._labels[label.label_id] = label
        self._carrier_of[label.tracking_no] = label.carrier

    def _take_scan(self, entry: Entry) -> None:
        scan = CarrierEvent.model_validate(entry.data)
        self._scans.setdefault(scan.tracking_no, []).append(scan)
        self._scan_by_id[scan.event_id] = scan
        self._carrier_of.setdefault(scan.tracking_no, scan.carrier)
