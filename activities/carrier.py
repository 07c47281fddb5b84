"""Carriers: pickups, labels, tracking."""

from temporalio import activity

from activities.errors import provider_errors
from adapters.carrier.port import CarrierPort
from domain.record import Done
from domain.shipping import (
    CancellationAnswer,
    Label,
    LabelRequest,
    LabelVoiding,
    PickupBooking,
    PickupCancellation,
    PickupRequest,
    TrackingAnswer,
    TrackingRequest,
)


class CarrierActivities:
    """Asks carriers. They honour no idempotency key, so the adapter looks our reference up first."""

    def __init__(self, carrier: CarrierPort) -> None:
        self._carrier = carrier

    @activity.defn(name="carrier.book_pickup")
    async def book_pickup(self, request: PickupRequest) -> PickupBooking:
        """Book a collection in the place of the ones before it."""
        with provider_errors():
            return await self._carrier.book_pickup(request)

    @activity.defn(name="carrier.cancel_pickup")
    async def cancel_pickup(self, cancellation: PickupCancellation) -> CancellationAnswer:
        """Withdraw a booking."""
        with provider_errors():
            return CancellationAnswer(cancelled=await self._carrier.cancel_pickup(cancellation))

    @activity.defn(name="carrier.create_label")
    async def create_label(self, request: LabelRequest) -> Label:
        """Buy a label."""
        with provider_errors():
            return await self._carrier.create_label(request)

    @activity.defn(name="carrier.void_label")
    async def void_label(self, voiding: LabelVoiding) -> Done:
        """Void what was bought under a label's reference."""
        with provider_errors():
            await self._carrier.void_label(voiding)
        return Done()

    @activity.defn(name="carrier.track")
    async def track(self, request: TrackingRequest) -> TrackingAnswer:
        """Read the scans of a parcel."""
        with provider_errors():
            return await self._carrier.track(request)
