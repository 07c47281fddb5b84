"""Hand-over by the customer: how to ship, a label where one is needed, reminders, then it expires (section 7)."""

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

from domain.actions import Role
from domain.application import ShipBackMethod
from domain.clocks import ClockName
from domain.keys import label_reference
from domain.outbox import Template
from domain.shipping import Label, LabelRequest, LabelVoiding
from domain.status import Logistics
from workflows import calls
from workflows.case import ReturnCase
from workflows.gates import all_open, timer_for
from workflows.parcel import Parcel
from workflows.stages.tracking import Tracking

_ASK_AGAIN = timedelta(minutes=30)


class HandoverWait:
    """Waits for the customer to hand one parcel over."""

    def __init__(self, case: ReturnCase, parcel: Parcel, tracking: Tracking) -> None:
        self._case = case
        self._parcel = parcel
        self._tracking = tracking
        self.started_at: datetime | None = None
        self._refusals_before = 0
        self._label_of = ""
        self._voiding: list[asyncio.Task[None]] = []

    async def labels_are_voided(self) -> None:
        """Wait for the labels that are voided beside everything else: a carrier that is down holds up nothing."""
        for task in list(self._voiding):
            await task

    async def run(self, by_label: bool, started_at: datetime | None = None) -> bool:
        """Say whether the parcel was handed over in time; a promise that began earlier keeps its end."""
        case = self._case
        parcel = self._parcel
        began_at = started_at or workflow.now()
        self.started_at = began_at
        self._refusals_before = parcel.collect_refusals
        rules = case.rules.clocks
        promised_at = began_at + rules.handover
        due_at = case.clocks.due_at(ClockName.HANDOVER, began_at, promised_at, parcel.subject)
        milestones = [
            (number, moment)
            for number, moment in enumerate([*rules.handover_reminders, rules.handover], start=1)
            if began_at + moment > workflow.now()
        ]
        case.clocks.start(ClockName.HANDOVER, began_at, promised_at, parcel.subject)
        await self._tell_how_to_ship(by_label, due_at)
        case.need(Role.CUSTOMER, parcel.task("ship_back"))
        case.publish()
        for number, milestone in milestones:
            moment = None if milestone is rules.handover else began_at + milestone
            if not await case.clocks.reach(
                ClockName.HANDOVER, self._has_ended, "hand-over", moment, parcel.subject
            ):
                await self._tracking.ask()
            if self._has_ended():
                break
            if milestone is not rules.handover:
                await case.record(
                    "handover-reminder",
                    case.notices.customer(Template.HANDOVER_REMINDER, number=number, due_at=due_at.isoformat()),
                )
        case.need("", parcel.task("ship_back"))
        case.clocks.end(ClockName.HANDOVER, in_time=parcel.is_handed_over, subject=parcel.subject)
        if not self._has_ended():
            parcel.move(Logistics.EXPIRED, "nothing was handed over")
        return parcel.is_handed_over

    async def _tell_how_to_ship(self, by_label: bool, due_at: datetime) -> None:
        case = self._case
        parcel = self._parcel
        if not by_label:
            how = Template.SHIP_YOURSELF_COLLECT if case.terms.collect_authorized else Template.SHIP_YOURSELF
            await case.record(
                "ship-yourself",
                *case.announcement(),
                case.notices.customer(how, due_at=due_at.isoformat()),
            )
            return
        if not parcel.is_refused_collect:
            parcel.move(Logistics.AWAITING_LABEL)
        found = await self._label(due_at)
        if found is None:
            return
        carrier, label = found
        is_code = case.application.ship_back is ShipBackMethod.QR_DROPOFF
        by = ShipBackMethod.QR_DROPOFF if is_code else ShipBackMethod.LABEL
        case.parcels.follow(parcel, carrier, label.tracking_no, by)
        if parcel.logistics is Logistics.AWAITING_LABEL:
            parcel.move(Logistics.AWAITING_HANDOVER)
        await case.record(
            "label",
            *case.announcement(),
            case.notices.customer(
                Template.LABEL_READY, carrier=carrier, label_url=label.url, due_at=due_at.isoformat()
            ),
            case.notices.expected_parcel(carrier, label.tracking_no, parcel.quantities()),
            carrier=carrier,
            tracking_no=label.tracking_no,
        )

    async def _label(self, due_at: datetime) -> tuple[str, Label] | None:
        """Buy a label, of the first carrier that answers; None if the hand-over ended before one did.

        One that did not answer may have made a label all the same: it is voided, so that at most one is live (I7).
        """
        unanswered: dict[str, None] = {self._label_of: None} if self._label_of else {}
        found = await self._first_label(due_at, unanswered)
        if found is not None:
            self._label_of = found[0]
        worthless = [carrier for carrier in unanswered if carrier != self._label_of]
        if worthless and (all_open() or workflow.patched("void-labels")):
            self._voiding.extend(asyncio.create_task(self._void(carrier)) for carrier in worthless)
        return found

    async def _first_label(self, due_at: datetime, unanswered: dict[str, None]) -> tuple[str, Label] | None:
        """Ask one carrier after the other, the one whose label there is first; note those that do not answer."""
        case = self._case
        carriers = case.rules.pickup.carriers if case.rules.pickup else ()
        while True:
            for carrier in sorted(carriers, key=lambda each: each != self._label_of):
                request = LabelRequest(
                    reference=label_reference(case.rma_id, self._parcel.number),
                    rma_id=case.rma_id,
                    carrier=carrier,
                    at=workflow.now(),
                    warehouse=case.rules.warehouse,
                )
                try:
                    return carrier, await calls.create_label(request, summary=f"label of {carrier}")
                except ActivityError as error:
                    if is_cancelled_exception(error):
                        raise
                    unanswered[carrier] = None
                    case.note("label not made", f"{carrier} does not answer")
                if self._has_ended() or workflow.now() >= due_at:
                    return None
            await case.record("label-stuck", case.supervisor_alert(Template.STAFF_PICKUP_STUCK))
            if await self._ended_by(min(workflow.now() + _ASK_AGAIN, due_at)) or workflow.now() >= due_at:
                return None

    async def _void(self, carrier: str) -> None:
        """Have the carrier void what it may have made; where that cannot be done a person is told."""
        case = self._case
        reference = label_reference(case.rma_id, self._parcel.number)
        voiding = LabelVoiding(carrier=carrier, reference=reference, at=workflow.now())
        try:
            await calls.void_label(voiding, summary=f"void a label of {carrier}")
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            await case.record("cleanup-failed", case.supervisor_alert(Template.STAFF_CLEANUP_FAILED, what="label"))

    def _has_ended(self) -> bool:
        refused_since = self._parcel.collect_refusals > self._refusals_before
        return self._parcel.is_handed_over or refused_since or self._case.canceled

    async def _ended_by(self, moment: datetime) -> bool:
        """Wait for the hand-over or a withdrawal, at most until a moment that is not yet the promise's end."""
        if not self._has_ended() and (timer := timer_for(moment - workflow.now())):
            with suppress(TimeoutError):
                await workflow.wait_condition(self._has_ended, timeout=timer, timeout_summary="hand-over")
        return self._has_ended()
