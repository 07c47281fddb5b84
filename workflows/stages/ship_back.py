"""Ship-back: from the approval to the warehouse's door (section 7)."""

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta
from enum import Enum

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

from domain.actions import AGENTS, Role
from domain.application import ShipBackMethod
from domain.clocks import ClockName
from domain.keys import label_reference
from domain.outbox import Template
from domain.shipping import LabelRequest
from domain.status import Approval, Logistics
from workflows import calls
from workflows.case import ReturnCase
from workflows.contracts import Handover, PickupChoice, Receipt
from workflows.stages.parcel import Parcel
from workflows.stages.pickup import Pickup, PickupEnd
from workflows.stages.tracking import Tracking

_REPEAT_ALERT = timedelta(hours=24)
_ASK_AGAIN = timedelta(minutes=30)


class ShipBackEnd(Enum):
    """How ship-back ended."""

    ARRIVED = "arrived"
    LOST = "lost"
    EXPIRED = "expired"
    CANCELED = "canceled"


class ShipBackStage:
    """Brings the parcel to the warehouse: by pickup, by label, or by the customer's own means."""

    def __init__(self, case: ReturnCase) -> None:
        self._case = case
        self.parcel = Parcel(case)
        self.tracking = Tracking(case, self.parcel)
        self._pickup = Pickup(case, self.parcel, self.tracking)
        self._choice: PickupChoice | None = None
        self._handover: Handover | None = None
        self._withdrawal: asyncio.Task[None] | None = None

    def on_pickup_choice(self, choice: PickupChoice) -> None:
        """Take a person's choice after every carrier failed."""
        self._choice = choice
        self._case.note("ship-back chosen", "label" if choice.by_label else "pickup")

    def on_handover(self, handover: Handover) -> None:
        """Take the word that the parcel was handed over, with its tracking number."""
        self._handover = handover
        self.parcel.follow(handover.carrier, handover.tracking_no)
        self.parcel.picked_up_at = self.parcel.picked_up_at or handover.handed_over_at
        self.parcel.last_scan_at = self.parcel.last_scan_at or handover.handed_over_at
        self._case.move(Logistics.IN_TRANSIT, f"{handover.carrier} {handover.tracking_no}")

    def on_receipt(self, receipt: Receipt) -> None:
        """Take the warehouse's receipt scan with the quantities that came."""
        case = self._case
        self.parcel.receive(receipt.received_at)
        came = {line.line_id: line.quantity for line in receipt.lines}
        complete = True
        for line_id, line in case.lines.items():
            received = came.get(line_id, 0) if receipt.lines else line.authorized
            complete = complete and received >= line.authorized
            case.set_line(line_id, shipped=line.authorized, received=received)
        case.move(Logistics.RECEIVED if complete else Logistics.PARTIALLY_RECEIVED, at=receipt.received_at)

    async def run(self) -> ShipBackEnd:
        """Take the parcel from the customer to the warehouse, whatever happens on the way."""
        case = self._case
        case.move(Logistics.AWAITING_HANDOVER)
        if case.application.ship_back is ShipBackMethod.PICKUP:
            handed_over = await self._collected()
        else:
            handed_over = await self._handed_over(by_label=self._is_by_label())
        if case.canceled and not await self._cancellation_came_too_late():
            await case.make_final("withdrawn", ends=True)
            return ShipBackEnd.CANCELED
        if not handed_over and not self.parcel.is_handed_over:
            await case.make_final("nothing was handed over", ends=True)
            return ShipBackEnd.EXPIRED
        if self._handover:
            await self._follow_what_the_customer_sent(self._handover)
        elif self.parcel.picked_up_at is None:
            # It came by other means than the courier, who must not be sent for nothing.
            self._withdrawal = asyncio.create_task(self._withdraw())
        return await self._arrives()

    async def _withdraw(self) -> None:
        """Withdraw the courier; one who was faster has the parcel, and that is how it travels."""
        if not await self._pickup.withdraw() and not self.parcel.is_handed_over:
            await self.tracking.ask()
            self.parcel.collected_unseen(workflow.now())

    async def courier_is_withdrawn(self) -> None:
        """Wait for the withdrawal that runs beside everything else: a carrier that is down holds up nothing."""
        if self._withdrawal is not None:
            await self._withdrawal

    async def _follow_what_the_customer_sent(self, handover: Handover) -> None:
        """Have its scans find their way here, and no courier come for it."""
        case = self._case
        self._withdrawal = asyncio.create_task(self._withdraw())
        self.parcel.follow(handover.carrier, handover.tracking_no)
        await case.record(
            "handover",
            case.notices.expected_parcel(handover.carrier, handover.tracking_no, case.line_quantities()),
            carrier=handover.carrier,
            tracking_no=handover.tracking_no,
        )

    def _is_by_label(self) -> bool:
        return self._case.application.ship_back in (ShipBackMethod.LABEL, ShipBackMethod.QR_DROPOFF)

    # Pickup

    async def _collected(self) -> bool:
        """Have the parcel collected; where no carrier can, a label is offered, or a person finds a way."""
        case = self._case
        end = await self._pickup.run()
        while end is PickupEnd.FAILED:
            choice = await self._person_finds_a_way()
            if choice is None:
                return self.parcel.is_handed_over
            if choice.by_label:
                self._withdrawal = asyncio.create_task(self._withdraw())
                return await self._handed_over(by_label=True)
            end = await self._pickup.run_again(choice)
        if end is PickupEnd.NOT_COVERED:
            return await self._handed_over(by_label=True)
        return not case.canceled

    async def _person_finds_a_way(self) -> PickupChoice | None:
        case = self._case
        case.move(Logistics.PICKUP_FAILED)
        self._choice = None
        await case.record(
            "pickup-failed",
            case.notices.customer(Template.PICKUP_FAILED),
            case.notices.staff(Template.STAFF_PICKUP_STUCK, AGENTS[0]),
        )
        case.need(AGENTS[0], "ship_back")
        while True:
            chosen = await case.clocks.wait(
                ClockName.PICKUP,
                workflow.now() + _REPEAT_ALERT,
                lambda: self._choice is not None or case.canceled or self.parcel.is_handed_over,
            )
            if chosen:
                case.need("", "ship_back")
                return self._choice
            await case.record("pickup-stuck", case.supervisor_alert(Template.STAFF_PICKUP_STUCK))

    # Hand-over by the customer

    async def _handed_over(self, by_label: bool) -> bool:
        """Wait for the customer to hand the parcel over: reminders on the way, then it expires."""
        case = self._case
        started_at = workflow.now()
        rules = case.rules.clocks
        case.clocks.start(ClockName.HANDOVER, started_at, started_at + rules.handover)
        await self._tell_how_to_ship(by_label, started_at + rules.handover)
        case.need(Role.CUSTOMER, "ship_back")
        case.publish()
        milestones = [*rules.handover_reminders, rules.handover]
        for number, milestone in enumerate(milestones, start=1):
            if not await self._ended_by(started_at + milestone):
                await self.tracking.ask()
            if self._has_ended():
                break
            if milestone is not rules.handover:
                await case.record(
                    "handover-reminder",
                    case.notices.customer(
                        Template.HANDOVER_REMINDER,
                        number=number,
                        due_at=(started_at + rules.handover).isoformat(),
                    ),
                )
        case.need("", "ship_back")
        case.clocks.end(ClockName.HANDOVER, in_time=self.parcel.is_handed_over)
        if not self.parcel.is_handed_over and not case.canceled:
            case.move(Logistics.EXPIRED, "nothing was handed over")
        return self.parcel.is_handed_over

    async def _tell_how_to_ship(self, by_label: bool, due_at: datetime) -> None:
        case = self._case
        if not by_label:
            how = Template.SHIP_YOURSELF_COLLECT if case.terms.collect_authorized else Template.SHIP_YOURSELF
            await case.record(
                "ship-yourself",
                *case.announcement(),
                case.notices.customer(how, due_at=due_at.isoformat()),
            )
            return
        case.move(Logistics.AWAITING_LABEL)
        carrier = self._carriers()[0]
        request = LabelRequest(
            reference=label_reference(case.rma_id),
            rma_id=case.rma_id,
            carrier=carrier,
            at=workflow.now(),
            warehouse=case.rules.warehouse,
        )
        while True:
            try:
                label = await calls.create_label(request, summary=f"label of {carrier}")
                break
            except ActivityError as error:
                if is_cancelled_exception(error):
                    raise
                await case.record("label-stuck", case.supervisor_alert(Template.STAFF_PICKUP_STUCK))
                if await self._ended_by(min(workflow.now() + _ASK_AGAIN, due_at)) or workflow.now() >= due_at:
                    return
        self.parcel.follow(carrier, label.tracking_no)
        if case.logistics is Logistics.AWAITING_LABEL:
            case.move(Logistics.AWAITING_HANDOVER)
        await case.record(
            "label",
            *case.announcement(),
            case.notices.customer(
                Template.LABEL_READY, carrier=carrier, label_url=label.url, due_at=due_at.isoformat()
            ),
            case.notices.expected_parcel(carrier, label.tracking_no, case.line_quantities()),
            carrier=carrier,
            tracking_no=label.tracking_no,
        )

    def _has_ended(self) -> bool:
        return self.parcel.is_handed_over or self._case.canceled

    async def _ended_by(self, moment: datetime) -> bool:
        """Wait for the hand-over or a withdrawal, at most until a moment that is not yet the promise's end."""
        remaining = moment - workflow.now()
        if not self._has_ended() and remaining > timedelta(0):
            with suppress(TimeoutError):
                await workflow.wait_condition(self._has_ended, timeout=remaining, timeout_summary="hand-over")
        return self._has_ended()

    def _carriers(self) -> tuple[str, ...]:
        pickup = self._case.rules.pickup
        return pickup.carriers if pickup else ()

    # Withdrawal

    async def _cancellation_came_too_late(self) -> bool:
        """Withdraw what is booked. If the courier was faster, the return goes on and the customer is told."""
        case = self._case
        withdrawn = await self._pickup.withdraw()
        if not self.parcel.is_handed_over:
            await self.tracking.ask()
        if withdrawn and not self.parcel.is_handed_over:
            return False
        case.move(Approval.APPROVED, "the courier was faster than the withdrawal")
        self.parcel.collected_unseen(workflow.now())
        await case.record("resumed", case.notices.customer(Template.RETURN_RESUMED))
        return True

    # In transit

    async def _arrives(self) -> ShipBackEnd:
        """Follow the parcel to the warehouse: the acceptance scan, then no silence.

        A parcel that a carrier had and lost is paid. One that no carrier ever had, whatever we were told, was
        not handed over.
        """
        case = self._case
        await self._is_accepted()
        while not self.parcel.has_arrived and not self.parcel.reported_lost:
            last_scan_at = self.parcel.last_scan_at or workflow.now()
            if await self._moves_on(last_scan_at + case.rules.clocks.transit_trace, last_scan_at):
                continue
            await self.tracking.ask()
            if self._has_news_since(last_scan_at):
                continue
            await case.record(
                "parcel-silent",
                case.supervisor_alert(
                    Template.STAFF_PARCEL_SILENT, carrier=case.carrier, tracking_no=case.tracking_no
                ),
            )
            if await self._moves_on(last_scan_at + case.rules.clocks.transit_lost, last_scan_at):
                continue
            await self.tracking.ask()
            if not self._has_news_since(last_scan_at):
                self.parcel.reported_lost = True
        if self.parcel.has_arrived:
            return ShipBackEnd.ARRIVED
        if not self.parcel.is_proven:
            case.move(Logistics.EXPIRED, f"no carrier ever scanned {case.tracking_no}")
            await case.make_final("no carrier had the parcel", ends=True)
            return ShipBackEnd.EXPIRED
        case.move(Logistics.LOST, f"{case.carrier} {case.tracking_no}")
        await case.make_final("parcel lost")
        return ShipBackEnd.LOST

    async def _is_accepted(self) -> None:
        """The carrier's network has to scan what its courier collected; else it is asked, and it counts."""
        case = self._case
        picked_up_at = self.parcel.picked_up_at
        if self.parcel.is_accepted or picked_up_at is None or self._handover is not None:
            return
        due_at = picked_up_at + case.rules.clocks.acceptance_scan
        if await case.clocks.wait(
            ClockName.ACCEPTANCE_SCAN, due_at, lambda: self.parcel.is_accepted, started_at=picked_up_at
        ):
            return
        await self.tracking.ask()
        case.note("acceptance scan missing", case.carrier)
        await case.record(
            "scan-missing",
            case.notices.staff(
                Template.STAFF_SCAN_MISSING, AGENTS[0], carrier=case.carrier, tracking_no=case.tracking_no
            ),
        )

    async def _moves_on(self, due_at: datetime, last_scan_at: datetime) -> bool:
        return await self._case.clocks.wait(
            ClockName.TRANSIT, due_at, lambda: self._has_news_since(last_scan_at), started_at=last_scan_at
        )

    def _has_news_since(self, last_scan_at: datetime) -> bool:
        parcel = self.parcel
        newer = parcel.last_scan_at is not None and parcel.last_scan_at > last_scan_at
        return parcel.has_arrived or parcel.reported_lost or newer
