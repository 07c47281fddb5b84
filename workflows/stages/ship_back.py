"""Ship-back: a parcel's way from the approval to the warehouse's door (section 7)."""

import asyncio
from datetime import datetime, timedelta
from enum import Enum

from temporalio import workflow

from domain.actions import AGENTS
from domain.application import ShipBackMethod
from domain.clocks import ClockName
from domain.outbox import Template
from domain.status import Approval, Logistics
from workflows.case import ReturnCase
from workflows.contracts import Handover, PickupChange, PickupChoice
from workflows.parcel import Parcel
from workflows.stages.handover import HandoverWait
from workflows.stages.pickup import Pickup, PickupEnd
from workflows.stages.tracking import Tracking
from workflows.stages.transit import Transit
from workflows.stages.waybill import record_waybill

_REPEAT_ALERT = timedelta(hours=24)


class ShipBackEnd(Enum):
    """How ship-back ended."""

    ARRIVED = "arrived"
    LOST = "lost"
    EXPIRED = "expired"
    CANCELED = "canceled"


class ShipBackStage:
    """Brings one parcel to the warehouse: by pickup, by label, or by the customer's own means."""

    def __init__(self, case: ReturnCase, parcel: Parcel, awaited_since: datetime | None = None) -> None:
        self._case = case
        self._parcel = parcel
        self.tracking = Tracking(case, parcel)
        self._pickup = Pickup(case, parcel, self.tracking)
        self._handover_wait = HandoverWait(case, parcel, self.tracking)
        self._transit = Transit(case, parcel, self.tracking)
        self._awaited_since = awaited_since
        self._choice: PickupChoice | None = None
        self._handover: Handover | None = None
        self._withdrawal: asyncio.Task[None] | None = None

    @property
    def awaited_since(self) -> datetime | None:
        """Since when the hand-over is awaited; a parcel split from this one has the same promise."""
        return self._handover_wait.started_at

    def on_pickup_choice(self, choice: PickupChoice) -> None:
        """Take a person's choice after every carrier failed."""
        self._choice = choice
        self._case.note("ship-back chosen", "label" if choice.by_label else "pickup")

    def on_pickup_change(self, change: PickupChange) -> None:
        """Take the customer's other address or window for the collection that is booked."""
        self._pickup.change(change)

    def on_handover(self, handover: Handover) -> None:
        """Take the word that the parcel was handed over, with its tracking number."""
        parcel = self._parcel
        self._handover = handover
        self._case.parcels.follow(parcel, handover.carrier, handover.tracking_no, ShipBackMethod.CUSTOMER_SHIPS)
        parcel.hand_over(handover.tracking_no, handover.handed_over_at)
        parcel.move(Logistics.IN_TRANSIT, f"{handover.carrier} {handover.tracking_no}")

    async def run(self) -> ShipBackEnd:
        """Take the parcel from the customer to the warehouse, whatever happens on the way."""
        parcel = self._parcel
        parcel.move(Logistics.AWAITING_HANDOVER)
        method = self._case.application.ship_back
        if method is ShipBackMethod.PICKUP and self._awaited_since is None:
            handed_over = await self._collected()
        else:
            handed_over = await self._handover_wait.run(
                method is not ShipBackMethod.CUSTOMER_SHIPS, self._awaited_since
            )
        while True:
            end = await self._travels(handed_over)
            if end is not None:
                return end
            handed_over = await self._sent_again()

    async def _travels(self, handed_over: bool) -> ShipBackEnd | None:
        """Follow a parcel that was handed over; None if it was refused at the door and has to be sent again."""
        parcel = self._parcel
        if self._case.canceled and not await self._cancellation_came_too_late():
            parcel.is_withdrawn = True
            await self._make_final("withdrawn")
            return ShipBackEnd.CANCELED
        if parcel.is_refused_collect:
            return None
        if not handed_over and not parcel.is_handed_over:
            await self._make_final("nothing was handed over")
            return ShipBackEnd.EXPIRED
        if self._handover:
            await self._follow_what_the_customer_sent(self._handover)
        elif parcel.picked_up_at is None:
            # It came by other means than the courier, who must not be sent for nothing.
            self._withdrawal = asyncio.create_task(self._withdraw())
        await self._transit.run(is_customers_own=self._handover is not None)
        if parcel.is_refused_collect:
            return None
        if parcel.has_arrived:
            return ShipBackEnd.ARRIVED
        if parcel.logistics is Logistics.LOST:
            await self._case.make_final("parcel lost")
            return ShipBackEnd.LOST
        await self._make_final("no carrier had the parcel")
        return ShipBackEnd.EXPIRED

    async def _make_final(self, what: str) -> None:
        """End the parcel's way without goods; with the last parcel the return ends."""
        await self._case.make_final(what, ends=self._case.parcels.is_last(self._parcel))

    async def _sent_again(self) -> bool:
        """A collect parcel was refused: the customer is told, gets a prepaid label and the time to use it."""
        case = self._case
        self._handover = None
        await self._pickup.withdraw()
        await case.record("collect-refused", case.notices.customer(Template.COLLECT_REFUSED))
        return await self._handover_wait.run(by_label=True)

    async def _withdraw(self) -> None:
        """Withdraw the courier; one who was faster has the parcel, and that is how it travels."""
        if await self._pickup.withdraw():
            return
        self._parcel.collected_by_us()
        if not self._parcel.is_handed_over:
            await self.tracking.ask()
            self._parcel.collected_unseen(workflow.now())

    async def carriers_are_told(self) -> None:
        """Wait for what is withdrawn beside everything else: a carrier that is down holds up nothing."""
        if self._withdrawal is not None:
            await self._withdrawal
        await self._handover_wait.labels_are_voided()

    async def _follow_what_the_customer_sent(self, handover: Handover) -> None:
        """Have its scans find their way here, and no courier come for it."""
        case = self._case
        self._withdrawal = asyncio.create_task(self._withdraw())
        case.parcels.follow(self._parcel, handover.carrier, handover.tracking_no, ShipBackMethod.CUSTOMER_SHIPS)
        await record_waybill(
            case,
            "handover",
            case.notices.expected_parcel(handover.carrier, handover.tracking_no, self._parcel.quantities()),
            carrier=handover.carrier,
            tracking_no=handover.tracking_no,
        )

    # Pickup

    async def _collected(self) -> bool:
        """Have the parcel collected; where no carrier can, a label is offered, or a person finds a way."""
        case = self._case
        end = await self._pickup.run()
        while end is PickupEnd.FAILED:
            choice = await self._person_finds_a_way()
            if choice is None:
                return self._parcel.is_handed_over
            if choice.by_label:
                self._withdrawal = asyncio.create_task(self._withdraw())
                return await self._handover_wait.run(by_label=True)
            end = await self._pickup.run_again(choice)
        if end is PickupEnd.NOT_COVERED:
            return await self._handover_wait.run(by_label=True)
        return not case.canceled

    async def _person_finds_a_way(self) -> PickupChoice | None:
        case = self._case
        parcel = self._parcel
        parcel.move(Logistics.PICKUP_FAILED)
        self._choice = None
        await case.record(
            "pickup-failed",
            case.notices.customer(Template.PICKUP_FAILED),
            case.notices.staff(Template.STAFF_PICKUP_STUCK, AGENTS[0]),
        )
        case.need(AGENTS[0], parcel.task("ship_back"))
        while True:
            chosen = await case.clocks.wait(
                ClockName.PICKUP,
                workflow.now() + _REPEAT_ALERT,
                lambda: (
                    self._choice is not None or case.canceled or parcel.is_handed_over or parcel.is_refused_collect
                ),
                subject=parcel.subject,
            )
            if chosen:
                case.need("", parcel.task("ship_back"))
                return self._choice
            await case.record("pickup-stuck", case.supervisor_alert(Template.STAFF_PICKUP_STUCK))

    # Withdrawal

    async def _cancellation_came_too_late(self) -> bool:
        """Withdraw what is booked. If the courier was faster, the return goes on and the customer is told."""
        case = self._case
        withdrawn = await self._pickup.withdraw()
        if not self._parcel.is_handed_over:
            await self.tracking.ask()
        if withdrawn and not self._parcel.is_handed_over:
            return False
        case.move(Approval.APPROVED, "the courier was faster than the withdrawal")
        self._parcel.collected_unseen(workflow.now())
        await case.record("resumed", case.notices.customer(Template.RETURN_RESUMED))
        return True
