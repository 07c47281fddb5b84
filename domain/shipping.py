"""Parcels on their way back: bookings, labels, scans (section 7)."""

from enum import StrEnum

from domain.application import PickupAddress
from domain.record import Record, UtcDatetime


class CarrierEventKind(StrEnum):
    """The scans that the pipeline understands; a carrier may send others, which are ignored."""

    PICKED_UP = "picked_up"
    PICKUP_FAILED = "pickup_failed"
    ACCEPTED = "accepted"
    IN_TRANSIT = "in_transit"
    DELIVERED = "delivered"
    LOST = "lost"
    REFUSED_COLLECT = "refused_collect"


class CarrierEvent(Record):
    """A scan. It may come late, twice or out of order.

    `event_id` tells repeats; `occurred_at` is the scan's own time. `kind` stays text, so that a scan of a
    kind we do not know is kept and ignored, never an error.
    """

    event_id: str
    carrier: str
    tracking_no: str
    kind: str
    occurred_at: UtcDatetime


class PickupService(StrEnum):
    """How well a carrier serves a collection."""

    STANDARD = "standard"
    PREMIUM = "premium"


class PickupRequest(Record):
    """A collection at the customer's door. `reference` is ours and never changes for one booking.

    `replaces` are the earlier bookings of the same parcel, which are cancelled first. `warehouse` is where the
    carrier brings it, `service` what the carrier is asked for.
    """

    reference: str
    rma_id: str
    carrier: str
    slot_start: UtcDatetime
    slot_end: UtcDatetime
    address: PickupAddress | None
    at: UtcDatetime
    replaces: "tuple[PickupReference, ...]" = ()
    warehouse: str = ""
    service: PickupService = PickupService.STANDARD


class PickupReference(Record):
    """A booking as we and its carrier know it."""

    carrier: str
    reference: str


class BookingOutcome(StrEnum):
    """How a carrier answers a booking."""

    BOOKED = "booked"
    NOT_COVERED = "not_covered"
    ALREADY_COLLECTED = "already_collected"


class PickupBooking(Record):
    """The carrier's answer. A booked pickup has a tracking number.

    Where an earlier booking was collected already, the number and the carrier are that booking's.
    """

    outcome: BookingOutcome
    tracking_no: str = ""
    carrier: str = ""


class PickupCancellation(Record):
    """Withdraw a booking."""

    carrier: str
    reference: str
    at: UtcDatetime


class CancellationAnswer(Record):
    """Whether the booking was withdrawn; if not, the courier has the parcel already."""

    cancelled: bool


class LabelRequest(Record):
    """A prepaid label, or a drop-off code, for a parcel to a warehouse."""

    reference: str
    rma_id: str
    carrier: str
    at: UtcDatetime
    warehouse: str = ""


class Label(Record):
    """What the customer prints or shows."""

    tracking_no: str
    url: str


class LabelVoiding(Record):
    """Make a label of a carrier worthless, whether or not it is known to have been bought."""

    carrier: str
    reference: str
    at: UtcDatetime


class TrackingRequest(Record):
    """Ask a carrier what happened to a parcel, where a webhook may have been lost."""

    carrier: str
    tracking_no: str
    at: UtcDatetime


class TrackingAnswer(Record):
    """Every scan that the carrier has of the parcel."""

    events: tuple[CarrierEvent, ...] = ()


PickupRequest.model_rebuild()
