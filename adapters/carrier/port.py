"""What the pipeline asks of a carrier."""

from typing import Protocol

from domain.shipping import (
    Label,
    LabelRequest,
    LabelVoiding,
    PickupBooking,
    PickupCancellation,
    PickupRequest,
    TrackingAnswer,
    TrackingRequest,
)


class CarrierPort(Protocol):
    """Pickups, labels and tracking. Carriers honour no idempotency key: a client looks up our reference first.

    Every method raises the errors of `adapters.errors`.
    """

    async def book_pickup(self, request: PickupRequest) -> PickupBooking:
        """Book a collection, or find the one booked under the reference.

        Cancels the bookings that it replaces first; if one was already collected, books nothing.
        """
        ...

    async def cancel_pickup(self, cancellation: PickupCancellation) -> bool:
        """Withdraw a booking; False if the parcel was already collected. May be repeated."""
        ...

    async def create_label(self, request: LabelRequest) -> Label:
        """Buy a label, or find the live one bought under the reference."""
        ...

    async def void_label(self, voiding: LabelVoiding) -> None:
        """Look for labels bought under the reference and void those that are live. May be repeated.

        A label that a parcel travels with already is refused.
        """
        ...

    async def track(self, request: TrackingRequest) -> TrackingAnswer:
        """Read every scan of a parcel."""
        ...
