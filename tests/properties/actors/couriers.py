"""Couriers, booked and withdrawn by workers that do not know what an earlier attempt came to."""

from contextlib import suppress
from enum import StrEnum

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from adapters.errors import ProviderError
from domain.application import PickupAddress
from domain.keys import pickup_reference
from domain.shipping import BookingOutcome, PickupCancellation, PickupReference, PickupRequest
from tests.properties.actors.stage import NOW, Stage
from tests.properties.case import Case

_ADDRESS = PickupAddress(lines=("1 Garden Road",), city="Hangzhou", country="CN")


class Courier(StrEnum):
    """What is asked of a carrier."""

    BOOK = "book"
    AGAIN = "again"
    WITHDRAW = "withdraw"


class Dispatch(Stage):
    """Sends couriers for the goods."""

    @precondition(lambda self: self.open_cases())
    @rule(
        data=st.data(),
        what=st.sampled_from(Courier),
        fault=st.sampled_from(["", "", "error_before", "error_after"]),
    )
    def call_courier(self, data: st.DataObject, what: Courier, fault: str) -> None:
        """Book a courier in the place of the ones before, try the last booking again, or withdraw it."""
        case = data.draw(st.sampled_from(self.open_cases()))
        self.touch("pickups", case)
        if what is Courier.WITHDRAW and case.bookings:
            last = case.bookings[-1]
            cancellation = PickupCancellation(carrier=last.carrier, reference=last.reference, at=NOW)
            assert self.run(self.couriers.carrier.cancel_pickup(cancellation))
            return
        if what is Courier.BOOK or not case.bookings:
            reference = pickup_reference(case.rma_id, len(case.bookings) + 1)
            case.bookings.append(PickupReference(carrier="swift", reference=reference))
        if fault:
            self.run(self.couriers.fault("carriers.pickup", fault))
        with suppress(ProviderError):
            booking = self.run(self.couriers.carrier.book_pickup(self.pickup_request(case)))
            assert booking.outcome is BookingOutcome.BOOKED

    def pickup_request(self, case: Case) -> PickupRequest:
        """The last booking of a return, in the place of the ones before."""
        return PickupRequest(
            reference=case.bookings[-1].reference,
            rma_id=case.rma_id,
            carrier="swift",
            slot_start=NOW,
            slot_end=NOW,
            address=_ADDRESS,
            at=NOW,
            replaces=tuple(case.bookings[:-1]),
        )
