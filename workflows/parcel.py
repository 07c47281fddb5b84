"""A parcel of a return: what is in it, where it is, and what its scans tell. They may come late or twice."""

from collections.abc import Callable
from datetime import datetime

from temporalio import workflow

from domain.actions import ContestState
from domain.application import ShipBackMethod
from domain.inspection import Finding, UnexpectedGoods
from domain.quantities import Packing, ParcelLine
from domain.refund import UnitsToSettle
from domain.shipping import CarrierEvent, CarrierEventKind
from domain.status import LOGISTICS_PROGRESS, InspectionStatus, Logistics
from workflows.contracts import Receipt

Note = Callable[[str, str, datetime | None], None]
"""Writes to the timeline: what happened, a detail, and the event's own time where that differs from now."""

_HAS_THE_PARCEL = (
    CarrierEventKind.PICKED_UP,
    CarrierEventKind.ACCEPTED,
    CarrierEventKind.IN_TRANSIT,
    CarrierEventKind.DELIVERED,
)

_KNOWN_KINDS = tuple(kind.value for kind in CarrierEventKind)


class Parcel:
    """One parcel, by the scans' own times. It never moves backwards, and each scan counts once.

    `payable` are the units by line that were not paid for before; None where nothing was.
    """

    def __init__(self, number: int, lines: Packing, opened_at: datetime, note: Note) -> None:
        self.number = number
        self.lines = lines
        self.unexpected: tuple[UnexpectedGoods, ...] = ()
        self.deducted: tuple[UnitsToSettle, ...] = ()
        self.logistics = Logistics.NOT_REQUIRED
        self.inspection = InspectionStatus.PENDING
        self.contest = ContestState.NONE
        self.finding: Finding | None = None
        self.payable: dict[str, int] | None = None
        self.carrier = ""
        self.tracking_no = ""
        self.is_withdrawn = False
        self.was_lost = False
        self.is_done = False
        self.picked_up_at: datetime | None = None
        self.accepted_at: datetime | None = None
        self.delivered_at: datetime | None = None
        self.received_at: datetime | None = None
        self.first_scan_at: datetime | None = None
        self.last_scan_at: datetime | None = None
        self.failed_tracking_no = ""
        self.reported_lost = False
        self.is_proven = False
        self.collect_refusals = 0
        self.decisions = 0
        self._opened_at = opened_at
        self._note = note
        self.travelled_by: ShipBackMethod | None = None
        self._tracking_nos: dict[str, str] = {}
        self._ways: dict[str, ShipBackMethod] = {}
        self._way_is_scanned = False
        self._receipts: list[Receipt] = []
        self._seen: dict[tuple[str, str], None] = {}

    @property
    def subject(self) -> str:
        """What tells this parcel's clocks from those of others; the first parcel's have none."""
        return "" if self.number == 1 else str(self.number)

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

    @property
    def is_on_its_way(self) -> bool:
        """Whether a result of its inspection is still to be expected."""
        return not self.is_withdrawn and self.logistics not in (Logistics.LOST, Logistics.EXPIRED)

    @property
    def is_refused_collect(self) -> bool:
        """Whether it was sent back at the door and another way is awaited."""
        return self.logistics is Logistics.REFUSED_COLLECT

    def task(self, name: str) -> str:
        """What somebody has to do for this parcel; with its number, where it is not the first."""
        return name if self.number == 1 else f"{name} {self.number}"

    def quantities(self) -> dict[str, int]:
        """The units that are in it, by line."""
        return {line_id: line.expected for line_id, line in self.lines.items()}

    def line(self, line_id: str) -> ParcelLine:
        """The units of a line that are in it; none, where the line travels in another parcel."""
        return self.lines.get(line_id) or ParcelLine(line_id=line_id, expected=0)

    def not_accepted(self, line_id: str) -> int:
        """The units of a line that the inspection did not accept and that nobody paid for before."""
        line = self.line(line_id)
        left = line.expected - line.accepted
        return left if self.payable is None else min(left, self.payable.get(line_id, 0))

    def move(self, axis: Logistics | InspectionStatus, detail: str = "", at: datetime | None = None) -> None:
        """Move one of the parcel's axes and write it to the timeline; to stand still writes nothing."""
        current: object
        if isinstance(axis, Logistics):
            current, self.logistics = self.logistics, axis
            self.was_lost = self.was_lost or axis is Logistics.LOST
        else:
            current, self.inspection = self.inspection, axis
        if current is not axis:
            self._note(f"{type(axis).__name__.removesuffix('Status').lower()} {axis.value}", detail, at)

    def count(self, *lines: ParcelLine) -> None:
        """Take new quantities of some of its lines."""
        changed = [line for line in lines if line.accepted != self.line(line.line_id).accepted]
        self.decisions += len(changed)
        self.lines = self.lines | {line.line_id: line for line in lines}

    def take_less_off(self, deducted: tuple[UnitsToSettle, ...]) -> None:
        """Take the deductions as a contest lowered them."""
        self.decisions += 1
        self.deducted = deducted

    # Scans

    def follows(self, tracking_no: str) -> bool:
        """Whether a scan of the number is one of this parcel."""
        return tracking_no in self._tracking_nos

    def follow(self, carrier: str, tracking_no: str, by: ShipBackMethod) -> None:
        """Follow a tracking number from now on; earlier ones still count. It stays what it was known as first."""
        self._tracking_nos[tracking_no] = carrier
        self._ways.setdefault(tracking_no, by)
        self.carrier = carrier
        self.tracking_no = tracking_no

    def hand_over(self, tracking_no: str, at: datetime) -> None:
        """Take the word that it was handed over under a number; scans know better."""
        self.picked_up_at = self.picked_up_at or at
        self.last_scan_at = self.last_scan_at or at
        # A scan that waited for the number may have said at once that it was refused at the door.
        self.travelled_by = self.travelled_by or self._ways.get(tracking_no)

    def take(self, event: CarrierEvent) -> None:
        """Take a scan of one of its numbers."""
        if (event.carrier, event.event_id) in self._seen:
            return
        self._seen[event.carrier, event.event_id] = None
        # A carrier's clock may be wrong: a parcel of this return moves after its application and never tomorrow.
        self._apply(
            event.model_copy(update={"occurred_at": min(max(event.occurred_at, self._opened_at), workflow.now())})
        )

    def was_received_by(self, receipt: Receipt) -> bool:
        """Whether the same receipt was taken before."""
        return receipt in self._receipts

    def receive(self, receipt: Receipt) -> None:
        """Take our own receipt scan with the units that came; without them, all that is still to come did."""
        self._receipts.append(receipt)
        at = receipt.received_at
        self.travelled_by = self.travelled_by or self._ways.get(receipt.tracking_no or "")
        came = {line.line_id: line.quantity for line in receipt.lines}
        self.received_at = min(self.received_at or at, at)
        self.count(
            *(
                line.came(came.get(line_id, 0) if came else line.expected - line.received)
                for line_id, line in self.lines.items()
            )
        )
        complete = all(line.received >= line.expected for line in self.lines.values())
        self.move(Logistics.RECEIVED if complete else Logistics.PARTIALLY_RECEIVED, at=at)

    def collected_unseen(self, at: datetime) -> None:
        """Take the carrier's word that its courier has the parcel, though no scan says so yet."""
        self.is_proven = True
        self.collected_by_us()
        if not self.is_handed_over:
            self.picked_up_at = at
            self.move(Logistics.PICKED_UP, "by the carrier's word", at=at)

    def collected_by_us(self) -> None:
        """A courier of ours had it, which counts for more than what we were told, and for less than a scan."""
        if not self._way_is_scanned:
            self.travelled_by = ShipBackMethod.PICKUP

    def refuse_collect(self, detail: str, at: datetime) -> None:
        """It came freight-collect and was sent back at the door: that way is over, another one is awaited."""
        if not self.is_on_its_way:
            self._note("refused collect", f"{detail}; it had been given up", at)
            return
        self._tracking_nos.clear()
        self._ways.clear()
        self.travelled_by, self._way_is_scanned = None, False
        self.picked_up_at = self.accepted_at = self.delivered_at = self.last_scan_at = None
        self.is_proven = self.reported_lost = False
        self.collect_refusals += 1
        self.count(*(line.not_sent() for line in self.lines.values()))
        self.move(Logistics.REFUSED_COLLECT, detail, at=at)

    def _apply(self, event: CarrierEvent) -> None:
        moment = event.occurred_at
        if event.kind not in _KNOWN_KINDS:
            self._note("scan ignored", event.kind, None)
            return
        if event.kind in _HAS_THE_PARCEL:
            self.first_scan_at = min(self.first_scan_at or moment, moment)
            self.travelled_by, self._way_is_scanned = self._ways[event.tracking_no], True
        if event.kind == CarrierEventKind.REFUSED_COLLECT:
            if not self.has_arrived:
                self.refuse_collect(f"{event.carrier} {event.tracking_no}", moment)
            return
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
        self.carrier = self._tracking_nos[event.tracking_no]
        self.tracking_no = event.tracking_no
        behind = self.logistics in LOGISTICS_PROGRESS and LOGISTICS_PROGRESS.index(
            state
        ) > LOGISTICS_PROGRESS.index(self.logistics)
        if behind:
            self.move(state, f"{event.carrier} {event.tracking_no}", at=event.occurred_at)
            self.count(*(line.sent() for line in self.lines.values()))
