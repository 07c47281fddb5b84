"""The carriers of the sandbox."""

from urllib.parse import quote

import httpx

from adapters.carrier.port import CarrierPort
from adapters.errors import ProviderRefused
from adapters.http import ProviderHttp
from domain.record import Record
from domain.shipping import (
    BookingOutcome,
    Label,
    LabelRequest,
    LabelVoiding,
    PickupBooking,
    PickupCancellation,
    PickupReference,
    PickupRequest,
    TrackingAnswer,
    TrackingRequest,
)


class _Pickup(Record):
    pickup_id: str
    tracking_no: str
    status: str

    @property
    def is_live(self) -> bool:
        return self.status == "booked"


class _Pickups(Record):
    pickups: tuple[_Pickup, ...]


class _Label(Label):
    label_id: str
    status: str

    @property
    def is_live(self) -> bool:
        return self.status == "live"


class _Labels(Record):
    labels: tuple[_Label, ...]


class SandboxCarrier(CarrierPort):
    """The carrier port on the sandbox. Its carriers book anew with every request, so we look first."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._http = ProviderHttp(client, "carrier")

    async def book_pickup(self, request: PickupRequest) -> PickupBooking:
        """Book a collection, or find the one booked under the reference.

        Cancels the bookings that it replaces first; if one of them was already collected, books nothing. A
        booking found under the reference counts even if it was cancelled since: a late repeat must not
        send a second courier.
        """
        found = await self._pickups(PickupReference(carrier=request.carrier, reference=request.reference))
        if found:
            pickup = next((each for each in found if each.is_live), found[0])
            return PickupBooking(outcome=BookingOutcome.BOOKED, tracking_no=pickup.tracking_no)
        for earlier in request.replaces:
            collected = await self._cancel(earlier, request.at.isoformat())
            if collected:
                return PickupBooking(
                    outcome=BookingOutcome.ALREADY_COLLECTED,
                    tracking_no=collected.tracking_no,
                    carrier=earlier.carrier,
                )
        body = request.model_dump(mode="json", exclude={"carrier", "replaces"})
        try:
            pickup = await self._http.write(f"{_path(request.carrier)}/pickups", body, _Pickup)
        except ProviderRefused as refused:
            if refused.code == "not_covered":
                return PickupBooking(outcome=BookingOutcome.NOT_COVERED)
            raise
        return PickupBooking(outcome=BookingOutcome.BOOKED, tracking_no=pickup.tracking_no)

    async def cancel_pickup(self, cancellation: PickupCancellation) -> bool:
        """Withdraw a booking; False if the parcel was already collected. May be repeated."""
        booking = PickupReference(carrier=cancellation.carrier, reference=cancellation.reference)
        return await self._cancel(booking, cancellation.at.isoformat()) is None

    async def create_label(self, request: LabelRequest) -> Label:
        """Buy a label, or find the live one bought under the reference: a voided one is of no use to anybody."""
        path = f"{_path(request.carrier)}/labels"
        found = next(iter(await self._live_labels(request.carrier, request.reference)), None)
        if found is None:
            body = request.model_dump(mode="json", exclude={"carrier"})
            found = await self._http.write(path, body, _Label)
        return Label(tracking_no=found.tracking_no, url=found.url)

    async def void_label(self, voiding: LabelVoiding) -> None:
        """Look for labels bought under the reference and void those that are live. May be repeated."""
        for label in await self._live_labels(voiding.carrier, voiding.reference):
            path = f"{_path(voiding.carrier)}/labels/{quote(label.label_id, safe='')}/void"
            await self._http.write(path, {"at": voiding.at.isoformat()}, _Label)

    async def track(self, request: TrackingRequest) -> TrackingAnswer:
        """Read every scan of a parcel; none while the carrier has not seen it."""
        path = f"{_path(request.carrier)}/tracking/{quote(request.tracking_no, safe='')}"
        try:
            return await self._http.read(path, TrackingAnswer)
        except ProviderRefused as refused:
            if refused.code == "unknown_tracking_no":
                return TrackingAnswer()
            raise

    async def _live_labels(self, carrier: str, reference: str) -> list[_Label]:
        found = await self._http.read(f"{_path(carrier)}/labels", _Labels, {"reference": reference})
        return [label for label in found.labels if label.is_live]

    async def _pickups(self, booking: PickupReference) -> tuple[_Pickup, ...]:
        path = f"{_path(booking.carrier)}/pickups"
        answer = await self._http.read(path, _Pickups, {"reference": booking.reference})
        return answer.pickups

    async def _cancel(self, booking: PickupReference, at: str) -> _Pickup | None:
        """Cancel what is live under a booking's reference; the pickup that the courier was faster with, if any."""
        for pickup in await self._pickups(booking):
            if not pickup.is_live:
                continue
            path = f"{_path(booking.carrier)}/pickups/{quote(pickup.pickup_id, safe='')}/cancel"
            try:
                await self._http.write(path, {"at": at}, _Pickup)
            except ProviderRefused as refused:
                if refused.code == "already_collected":
                    return pickup
                raise
        return None


def _path(carrier: str) -> str:
    return f"/carriers/{quote(carrier, safe='')}"
