"""A parcel, as its scans tell it. They may come late, twice or out of order; each counts once."""

from datetime import datetime

from temporalio import workflow

from domain.shipping import CarrierEvent, CarrierEventKind
from domain.status import Logistics
from workflows.case import ReturnCase

_PROGRESS = (
    Logistics.NOT_REQUIRED,
    Logistics.AWAITING_LABEL,
    Logistics.AWAITING_HANDOVER,
    Logistics.PICKUP_FAILED,
    Logistics.PICKUP_BOOKED,
    Logistics.PICKED_UP,
    Logistics.IN_TRANSIT,
    Logistics.DELIVERED,
    Logistics.PARTIALLY_RECEIVED,
    Logistics.RECEIVED,
)

_HAS_THE_PARCEL = (
    CarrierEventKind.PICKED_UP,
    CarrierEventKind.ACCEPTED,
    CarrierEventKind.IN_TRANSIT,
    CarrierEventKind.DELIVERED,
)

_KNOWN_KINDS = tuple(kind.value for kind in CarrierEventKind)


class Parcel:
    """Where the parcel is, by the scans' own times. A parcel never moves backwards."""

    def __init__(self, case: ReturnCase) -> None:
        self._case = case
        self._tracking_nos: dict[str, str] = {}
        self._seen: dict[tuple[str, str], None] = {}
        self._early: list[CarrierEvent] = []
        self.picked_up_at: datetime | None = None
        self.accepted_at: datetime | None = None
        self.delivered_at: datetime | None = None
        self.received_at: datetime | None = None
        self.last_scan_at: datetime | None = None
        self.failed_tracking_no = ""
        self.reported_lost = False
        self.is_proven = False

    @property
    def is_handed_over(self) -> bool:
        """Whether a carrier has the parcel, or had it."""
        return self.picked_up_at is not None or self.has_arrived

    @property
    def is_accepted(self) -> bool:
        """Whether the carrier's network has scanned the parcel."""
        return self.accepted_at is not None or self.has_arrived or self.reported_lost

    @property
    def has_arrived(self) -> bool:
        """Whether the parcel is at the warehouse, by the carrier's word or by ours."""
        return self.delivered_at is not None or self.received_at is not None

    @property
    def arrived_at(self) -> datetime | None:
        """The start of the inspection clock: the earlier of the delivery scan and our receipt scan."""
        moments = [moment for moment in (self.delivered_at, self.received_at) if moment]
        return min(moments) if moments else None

    def follow(self, carrier: str, tracking_no: str) -> None:
        """Follow a tracking number, and take the scans of it that came before we knew it."""
        self._tracking_nos[tracking_no] = carrier
        self._case.carrier = carrier
        self._case.tracking_no = tracking_no
        early, self._early = self._early, []
        for event in early:
            self.take(event)

    def take(self, event: CarrierEvent) -> None:
        """Take a scan. One of an unknown tracking number is kept until that is known."""
        if (event.carrier, event.event_id) in self._seen:
            return
        if event.tracking_no not in self._tracking_nos:
            self._early.append(event)
            return
        self._seen[event.carrier, event.event_id] = None
        self._apply(event)

    def receive(self, at: datetime) -> None:
        """Take our own receipt scan."""
        self.received_at = at

    def collected_unseen(self, at: datetime) -> None:
        """Take the carrier's word that its courier has the parcel, though no scan says so yet."""
        self.is_proven = True
        if not self.is_handed_over:
            self.picked_up_at = at
            self._case.move(Logistics.PICKED_UP, "by the carrier's word", at=at)

    def _apply(self, event: CarrierEvent) -> None:
        # A carrier's clock may be wrong: a parcel of this return moves after its application and never tomorrow.
        event = event.model_copy(
            update={"occurred_at": min(max(event.occurred_at, self._case.opened_at), workflow.now())}
        )
        moment = event.occurred_at
        if event.kind not in _KNOWN_KINDS:
            self._case.note("scan ignored", event.kind)
            return
        if event.kind in _HAS_THE_PARCEL:
            self._case.scanned_by_a_carrier(moment)
        self.is_proven = True
        self.last_scan_at = max(self.last_scan_at or moment, moment)
        match CarrierEventKind(event.kind):
            case CarrierEventKind.PICKED_UP:
                self.picked_up_at = min(self.picked_up_at or moment, moment)
                self._advance(Logistics.PICKED_UP, event)
            case CarrierEventKind.PICKUP_FAILED:
                self.failed_tracking_no = event.tracking_no
            case CarrierEventKind.ACCEPTED | CarrierEventKind.IN_TRANSIT:
                self.picked_up_at = self.picked_up_at or moment
                self.accepted_at = min(self.accepted_at or moment, moment)
                self._advance(Logistics.IN_TRANSIT, event)
            case CarrierEventKind.DELIVERED:
                self.picked_up_at = self.picked_up_at or moment
                self.delivered_at = min(self.delivered_at or moment, moment)
                self._advance(Logistics.DELIVERED, event)
            case CarrierEventKind.LOST:
                self.picked_up_at = self.picked_up_at or moment
                # A later scan has seen the parcel since.
                self.reported_lost = moment == self.last_scan_at
                self._advance(Logistics.IN_TRANSIT, event)

    def _advance(self, state: Logistics, event: CarrierEvent) -> None:
        self._case.carrier = self._tracking_nos[event.tracking_no]
        self._case.tracking_no = event.tracking_no
        if self._case.logistics in _PROGRESS and _PROGRESS.index(state) > _PROGRESS.index(self._case.logistics):
            self._case.move(state, f"{event.carrier} {event.tracking_no}", at=event.occurred_at)
            for line_id, line in self._case.lines.items():
                self._case.set_line(line_id, shipped=line.authorized)
