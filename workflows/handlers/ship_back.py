"""What carriers report, and what people report of a parcel."""

from temporalio import workflow

from domain.actions import Action
from domain.shipping import CarrierEvent
from workflows.contracts import (
    CARRIER_EVENT_SIGNAL,
    ActionAnswer,
    Handover,
    PickupChange,
    PickupChoice,
    Receipt,
)
from workflows.handlers.base import CaseHandlers
from workflows.handlers.described import described
from workflows.stages.journeys import Journeys
from workflows.validation import ship_back as validation


class ShipBackHandlers(CaseHandlers):
    """What carriers report, and what people report of a parcel."""

    _journeys: Journeys

    @workflow.signal(
        name=CARRIER_EVENT_SIGNAL, description=described("A scan of a parcel by a carrier.", CarrierEvent)
    )
    def carrier_event(self, event: CarrierEvent) -> None:
        """Take a scan; late, repeated and unknown ones do no harm."""
        self._case.parcels.scan(event)

    @workflow.update(
        name=Action.BOOK_PICKUP,
        description=described("Book a pickup again, or a label instead.", PickupChoice, Action.BOOK_PICKUP),
    )
    def book_pickup(self, request: PickupChoice) -> ActionAnswer:
        """Take a choice after every carrier failed."""
        parcel = validation.pickup(self._case, request, workflow.now())
        self._journeys.of(parcel).ship_back.on_pickup_choice(request)
        return self._accepted(Action.BOOK_PICKUP)

    @book_pickup.validator
    def _validate_book_pickup(self, request: PickupChoice) -> None:
        validation.pickup(self._case, request, workflow.now())

    @workflow.update(
        name=Action.CHANGE_PICKUP,
        description=described(
            "Another address or window for a booked pickup.", PickupChange, Action.CHANGE_PICKUP
        ),
    )
    def change_pickup(self, request: PickupChange) -> ActionAnswer:
        """Take the customer's change of a pickup."""
        parcel = validation.pickup_change(self._case, request, workflow.now())
        self._journeys.of(parcel).ship_back.on_pickup_change(request)
        return self._accepted(Action.CHANGE_PICKUP)

    @change_pickup.validator
    def _validate_change_pickup(self, request: PickupChange) -> None:
        validation.pickup_change(self._case, request, workflow.now())

    @workflow.update(
        name=Action.RECORD_HANDOVER,
        description=described(
            "The parcel was handed over; its tracking number.", Handover, Action.RECORD_HANDOVER
        ),
    )
    def record_handover(self, request: Handover) -> ActionAnswer:
        """Take a hand-over."""
        parcel = validation.handover(self._case, request, workflow.now())
        self._journeys.on_handover(parcel, request)
        return self._accepted(Action.RECORD_HANDOVER)

    @record_handover.validator
    def _validate_record_handover(self, request: Handover) -> None:
        validation.handover(self._case, request, workflow.now())

    @workflow.update(
        name=Action.RECEIVE,
        description=described("The warehouse's receipt scan.", Receipt, Action.RECEIVE),
    )
    def receive(self, request: Receipt) -> ActionAnswer:
        """Take a receipt."""
        parcel = validation.receipt(self._case, request, workflow.now())
        self._journeys.on_receipt(parcel, request)
        return self._accepted(Action.RECEIVE)

    @receive.validator
    def _validate_receive(self, request: Receipt) -> None:
        validation.receipt(self._case, request, workflow.now())
