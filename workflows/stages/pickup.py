"""Collection at the door: booked, missed, booked again, then another carrier, then a person (section 7)."""

from datetime import datetime
from enum import Enum

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

from domain.application import PickupWindow, ShipBackMethod
from domain.clocks import ClockName
from domain.keys import pickup_reference
from domain.outbox import Template
from domain.policy import PickupRules
from domain.shipping import (
    BookingOutcome,
    PickupBooking,
    PickupCancellation,
    PickupReference,
    PickupRequest,
)
from domain.status import Logistics
from workflows import calls
from workflows.case import ReturnCase
from workflows.contracts import PickupChange, PickupChoice
from workflows.parcel import Parcel
from workflows.stages.tracking import Tracking


class PickupEnd(Enum):
    """What became of the collection."""

    COLLECTED = "collected"
    NOT_COVERED = "not_covered"
    FAILED = "failed"
    CHANGED = "changed"
    CANCELED = "canceled"


class Pickup:
    """Books collections for one parcel, one at a time: a new booking withdraws the one before it (I7)."""

    def __init__(self, case: ReturnCase, parcel: Parcel, tracking: Tracking) -> None:
        self._case = case
        self._parcel = parcel
        self._tracking = tracking
        self._bookings = 0
        self._live: list[PickupReference] = []
        self._told = False
        self._window = case.application.pickup_window
        self._address = case.application.pickup_address
        self._change: PickupChange | None = None

    @property
    def _rules(self) -> PickupRules:
        rules = self._case.rules.pickup
        assert rules is not None, "an approved return has pickup rules"
        return rules

    async def run(self) -> PickupEnd:
        """Try each carrier as often as the policy says."""
        covered = False
        for carrier in self._rules.carriers:
            for _ in range(self._rules.attempts_per_carrier):
                end = await self._attempt(carrier)
                if end is PickupEnd.NOT_COVERED:
                    break
                covered = True
                if end is not PickupEnd.FAILED:
                    return end
        return PickupEnd.FAILED if covered else PickupEnd.NOT_COVERED

    async def run_again(self, choice: PickupChoice) -> PickupEnd:
        """Try once more, as a person chose."""
        self._window = choice.window
        self._address = choice.address or self._address
        end = await self._attempt(choice.carrier or self._rules.carriers[0])
        return PickupEnd.FAILED if end is PickupEnd.NOT_COVERED else end

    def change(self, change: PickupChange) -> None:
        """Take another address or window; the wait for the courier sees it and books anew."""
        self._change = change
        self._case.note("pickup changed")

    async def withdraw(self) -> bool:
        """Withdraw the live booking; False if the courier has the parcel already."""
        withdrawn = True
        for booking in self._live:
            cancellation = PickupCancellation(
                carrier=booking.carrier, reference=booking.reference, at=workflow.now()
            )
            try:
                answer = await calls.cancel_pickup(
                    cancellation, summary=f"withdraw the pickup of {booking.carrier}"
                )
                withdrawn = withdrawn and answer.cancelled
            except ActivityError as error:
                if is_cancelled_exception(error):
                    raise
                await self._case.record(
                    "cleanup-failed",
                    self._case.supervisor_alert(Template.STAFF_CLEANUP_FAILED, what="pickup"),
                )
        self._live = []
        return withdrawn

    async def _attempt(self, carrier: str) -> PickupEnd:
        """Try one carrier; what the customer changes meanwhile is booked in the place of what was booked."""
        slot_start, slot_end = self._slot()
        end = await self._collect(carrier, slot_start, slot_end)
        while end is PickupEnd.CHANGED and self._change is not None:
            change, self._change = self._change, None
            self._address = change.address or self._address
            self._window = change.window or PickupWindow(start=slot_start, end=slot_end)
            slot_start, slot_end = self._slot()
            end = await self._collect(carrier, slot_start, slot_end, is_changed=True)
        return end

    async def _collect(
        self, carrier: str, slot_start: datetime, slot_end: datetime, is_changed: bool = False
    ) -> PickupEnd:
        """Book one collection and wait for the courier."""
        case = self._case
        booking = await self._book(carrier, slot_start, slot_end)
        if booking is None:
            return self._end_of_wait(PickupEnd.FAILED)
        if booking.outcome is BookingOutcome.NOT_COVERED:
            return self._end_of_wait(PickupEnd.NOT_COVERED)
        if booking.outcome is BookingOutcome.ALREADY_COLLECTED:
            await self._follow_the_earlier(booking)
            await self._tracking.ask()
            self._parcel.collected_unseen(workflow.now())
            if is_changed:
                await case.record("pickup-change-late", case.notices.customer(Template.PICKUP_CHANGE_LATE))
            return PickupEnd.COLLECTED
        if self._parcel.is_handed_over:
            # The parcel left by other means while this was booked: nobody has to come for it.
            await self.withdraw()
            await case.record("pickup", *case.announcement())
            return PickupEnd.COLLECTED
        case.parcels.follow(self._parcel, carrier, booking.tracking_no, ShipBackMethod.PICKUP)
        if case.canceled:
            return PickupEnd.CANCELED
        if not self._parcel.is_handed_over:
            self._parcel.move(Logistics.PICKUP_BOOKED, f"{carrier} {booking.tracking_no}")
        self._window = None
        await self._tell(carrier, booking.tracking_no, slot_start, slot_end, is_changed)
        await case.clocks.wait(
            ClockName.PICKUP,
            slot_end,
            lambda: (
                self._parcel.is_handed_over
                or case.canceled
                or self._parcel.is_refused_collect
                or self._parcel.failed_tracking_no == booking.tracking_no
            ),
            moot=lambda: self._change is not None,
            subject=self._parcel.subject,
        )
        if self._change is not None and self._end_of_wait(PickupEnd.CHANGED) is PickupEnd.CHANGED:
            return PickupEnd.CHANGED
        if not self._parcel.is_handed_over and not self._parcel.is_refused_collect and not case.canceled:
            await self._tracking.ask()
        end = self._end_of_wait(PickupEnd.FAILED)
        if end is PickupEnd.FAILED:
            self._parcel.move(Logistics.AWAITING_HANDOVER, f"pickup of {carrier} missed")
        return end

    async def _follow_the_earlier(self, booking: PickupBooking) -> None:
        """Follow the booking whose courier has the parcel; its number is news where its answer was lost."""
        if not booking.tracking_no or self._parcel.follows(booking.tracking_no):
            return
        self._case.parcels.follow(self._parcel, booking.carrier, booking.tracking_no, ShipBackMethod.PICKUP)
        await self._case.record(
            "pickup-found",
            self._case.notices.expected_parcel(booking.carrier, booking.tracking_no, self._parcel.quantities()),
            carrier=booking.carrier,
            tracking_no=booking.tracking_no,
        )

    def _end_of_wait(self, otherwise: PickupEnd) -> PickupEnd:
        if self._parcel.is_handed_over:
            return PickupEnd.COLLECTED
        is_over = self._case.canceled or self._parcel.is_refused_collect
        return PickupEnd.CANCELED if is_over else otherwise

    def _slot(self) -> tuple[datetime, datetime]:
        """The window that the customer asked for, until it is booked or over; then the earliest one."""
        window = self._window
        earliest = workflow.now() + self._rules.lead
        if window is not None and window.end > earliest:
            return max(window.start, earliest), window.end
        return earliest, earliest + self._rules.slot

    async def _book(self, carrier: str, slot_start: datetime, slot_end: datetime) -> PickupBooking | None:
        self._bookings += 1
        reference = PickupReference(
            carrier=carrier,
            reference=pickup_reference(self._case.rma_id, self._bookings, self._parcel.number),
        )
        request = PickupRequest(
            reference=reference.reference,
            rma_id=self._case.rma_id,
            carrier=carrier,
            slot_start=slot_start,
            slot_end=slot_end,
            address=self._address,
            at=workflow.now(),
            replaces=tuple(self._live),
            warehouse=self._case.rules.warehouse,
            service=self._case.rules.pickup_service,
        )
        try:
            booking = await calls.book_pickup(request, summary=f"pickup {self._bookings} by {carrier}")
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            self._live.append(reference)
            self._case.note("pickup not booked", f"{carrier} does not answer")
            return None
        if booking.outcome is BookingOutcome.BOOKED:
            self._live = [reference]
        return booking

    async def _tell(
        self,
        carrier: str,
        tracking_no: str,
        slot_start: datetime,
        slot_end: datetime,
        is_changed: bool,
    ) -> None:
        case = self._case
        template = Template.PICKUP_REBOOKED if self._told else Template.PICKUP_BOOKED
        if is_changed:
            template = Template.PICKUP_CHANGED
        self._told = True
        await case.record(
            "pickup",
            *case.announcement(),
            case.notices.customer(
                template,
                carrier=carrier,
                slot_start_at=slot_start.isoformat(),
                slot_end_at=slot_end.isoformat(),
            ),
            case.notices.expected_parcel(carrier, tracking_no, self._parcel.quantities()),
            carrier=carrier,
            tracking_no=tracking_no,
        )
