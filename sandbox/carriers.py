"""The carriers: pickups, labels, tracking."""

from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Path, Query
from fastapi.routing import APIRoute

from domain.record import Record
from domain.shipping import CarrierEvent
from sandbox.faults import FaultKind, Faults, Target
from sandbox.parcels import (
    CancelPickupBody,
    LabelBody,
    ParcelLabel,
    Parcels,
    Pickup,
    PickupBody,
    ScanBody,
    VoidLabelBody,
)
from sandbox.webhooks import Webhooks

Carrier = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$")]
TrackingNo = Annotated[str, Path(min_length=1, max_length=64)]
Reference = Annotated[str, Query(min_length=1)]


class PickupsAnswer(Record):
    """The pickups of a reference, oldest first; empty if there are none."""

    pickups: tuple[Pickup, ...]


class LabelsAnswer(Record):
    """The labels of a reference, oldest first; empty if there are none."""

    labels: tuple[ParcelLabel, ...]


class TrackingAnswer(Record):
    """The scans of a parcel in the order in which they were recorded."""

    carrier: str
    tracking_no: str
    events: tuple[CarrierEvent, ...]


class WebhookFate(StrEnum):
    """What becomes of the push of a scan; ``off`` if no webhook is configured."""

    QUEUED = "queued"
    LOST = "lost"
    OFF = "off"


class ScanAnswer(Record):
    """A recorded scan."""

    event: CarrierEvent
    webhook: WebhookFate


def carriers_router(
    parcels: Parcels, faults: Faults, webhooks: Webhooks | None, route_class: type[APIRoute]
) -> APIRouter:
    """Make the routes of the carriers."""
    router = APIRouter(prefix="/carriers/{carrier}", tags=["carriers"], route_class=route_class)

    @router.post("/pickups", name=Target.PICKUP)
    async def book_pickup(carrier: Carrier, body: PickupBody) -> Pickup:
        """Book a collection, one more with each request. 409 ``not_covered``."""
        return parcels.book(carrier, body)

    @router.get("/pickups", name=Target.FIND_PICKUP)
    async def find_pickups(carrier: Carrier, reference: Reference) -> PickupsAnswer:
        """Look up pickups by the caller's reference."""
        return PickupsAnswer(pickups=tuple(parcels.pickups(carrier, reference)))

    @router.post("/pickups/{pickup_id}/cancel", name=Target.CANCEL_PICKUP)
    async def cancel_pickup(carrier: Carrier, pickup_id: str, body: CancelPickupBody) -> Pickup:
        """Withdraw a pickup. 404 ``unknown_pickup``, 409 ``already_collected``."""
        return parcels.cancel(carrier, pickup_id, body.at)

    @router.post("/labels", name=Target.LABEL)
    async def create_label(carrier: Carrier, body: LabelBody) -> ParcelLabel:
        """Buy a label, one more with each request."""
        return parcels.buy_label(carrier, body)

    @router.get("/labels", name=Target.FIND_LABEL)
    async def find_labels(carrier: Carrier, reference: Reference) -> LabelsAnswer:
        """Look up labels by the caller's reference."""
        return LabelsAnswer(labels=tuple(parcels.labels(carrier, reference)))

    @router.post("/labels/{label_id}/void", name=Target.VOID_LABEL)
    async def void_label(carrier: Carrier, label_id: str, body: VoidLabelBody) -> ParcelLabel:
        """Void a label. 404 ``unknown_label``, 409 ``label_in_use``."""
        return parcels.void_label(carrier, label_id, body.at)

    @router.get("/tracking/{tracking_no}", name=Target.TRACK)
    async def track(carrier: Carrier, tracking_no: TrackingNo) -> TrackingAnswer:
        """Read the scans of a parcel. 404 ``unknown_tracking_no``."""
        events = tuple(parcels.scans(carrier, tracking_no))
        return TrackingAnswer(carrier=carrier, tracking_no=tracking_no, events=events)

    @router.post("/tracking/{tracking_no}/scans", name=Target.SCAN)
    async def scan(carrier: Carrier, tracking_no: TrackingNo, body: ScanBody) -> ScanAnswer:
        """Let a courier scan a parcel; the scan is recorded and pushed. A repeat is pushed again."""
        event = parcels.scan(carrier, tracking_no, body)
        if webhooks is None:
            return ScanAnswer(event=event, webhook=WebhookFate.OFF)
        fields = event.model_dump()
        if faults.strike(Target.SCAN, FaultKind.LOSE_WEBHOOK, fields):
            return ScanAnswer(event=event, webhook=WebhookFate.LOST)
        late = faults.strike(Target.SCAN, FaultKind.LATE_WEBHOOK, fields)
        times = 2 if faults.strike(Target.SCAN, FaultKind.REPEAT_WEBHOOK, fields) else 1
        for _ in range(times):
            webhooks.push(event, late.seconds if late else 0.0, lambda: faults.answered(Target.SCAN, fields))
        return ScanAnswer(event=event, webhook=WebhookFate.QUEUED)

    return router
