"""The complaint lane: it runs beside the return and holds up no money that is not in dispute (section 10)."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

from temporalio import workflow

from domain.actions import Role
from domain.clocks import ClockName
from domain.complaints import ComplaintState
from domain.intents import RefundBasis
from domain.outbox import Template
from domain.refund import UnitsToSettle
from domain.status import Approval
from workflows.case import ReturnCase
from workflows.contracts import ArbitrationRuling, Complaint, ComplaintAnswer, Escalation
from workflows.stages.settlement import Settlement

_DESK = "complaint"


class ComplaintLane:
    """A supervisor answers a complaint under its clock; the customer may then take it to the platform."""

    def __init__(self, case: ReturnCase, settlement: Settlement) -> None:
        self._case = case
        self._settlement = settlement
        self._answer: ComplaintAnswer | None = None
        self._ruling: ArbitrationRuling | None = None
        self._lane: asyncio.Task[None] | None = None

    @property
    def is_pending(self) -> bool:
        """Whether a complaint is still to be answered, ruled on or carried out."""
        return self._lane is not None and not self._lane.done()

    def on_complaint(self, complaint: Complaint) -> None:
        """Take a complaint."""
        case = self._case
        case.complaint = ComplaintState.OPEN
        case.note("complaint", f"{complaint.actor.id}: {complaint.note}")
        self._answer = None
        self._lane = asyncio.create_task(self._run())

    def on_answer(self, answer: ComplaintAnswer) -> None:
        """Take the supervisor's answer."""
        self._answer = answer
        self._case.complaint = ComplaintState.ANSWERED
        self._case.note("complaint answered", f"{answer.actor.id}: {answer.note}")

    def on_escalation(self, escalation: Escalation) -> None:
        """Take the customer's way to the platform."""
        self._case.complaint = ComplaintState.ESCALATED
        self._case.note("complaint escalated to the platform", escalation.reference or "")

    def on_ruling(self, ruling: ArbitrationRuling) -> None:
        """Take the platform's ruling."""
        self._ruling = ruling
        self._case.complaint = ComplaintState.RULED
        self._case.note("arbitration", f"{ruling.reference}: {ruling.note}")

    async def has_ended(self) -> None:
        """Wait for the end of a complaint that is pending; without one nothing is waited for."""
        while self._lane is not None and self.is_pending:
            await self._lane

    async def _run(self) -> None:
        case = self._case
        await case.record(
            "complaint",
            case.notices.customer(Template.COMPLAINT_RECEIVED),
            case.supervisor_alert(Template.STAFF_COMPLAINT, waited=0),
        )
        await self._supervisor_answers()
        if case.complaint is ComplaintState.ANSWERED and self._answer is not None:
            await self._customer_agrees(self._answer)
        if case.complaint in (ComplaintState.ESCALATED, ComplaintState.RULED):
            await self._carry_out(await self._platform_rules())

    async def _supervisor_answers(self) -> None:
        case = self._case
        overdue = Template.STAFF_COMPLAINT
        await self._until(
            ClockName.COMPLAINT,
            case.rules.clocks.complaint,
            lambda: case.complaint is not ComplaintState.OPEN,
            overdue,
        )

    async def _customer_agrees(self, answer: ComplaintAnswer) -> None:
        """Tell the answer; silence agrees with it."""
        case = self._case
        due_at = workflow.now() + case.rules.clocks.escalation
        told = case.notices.customer(Template.COMPLAINT_ANSWERED, reason=answer.note, due_at=due_at.isoformat())
        await case.record("complaint-answered", told)
        await case.clocks.wait(ClockName.ESCALATION, due_at, lambda: case.complaint is not ComplaintState.ANSWERED)
        if case.complaint is ComplaintState.ANSWERED:
            case.complaint = ComplaintState.CLOSED
            case.note("complaint closed", "the answer was accepted by silence")
            await case.make_final("complaint closed by silence")

    async def _platform_rules(self) -> ArbitrationRuling:
        case = self._case
        await case.record(
            "complaint-escalated",
            case.notices.customer(Template.COMPLAINT_ESCALATED),
            case.supervisor_alert(Template.STAFF_ARBITRATION, waited=0),
        )
        await self._until(
            ClockName.ARBITRATION,
            case.rules.clocks.arbitration,
            lambda: self._ruling is not None,
            Template.STAFF_ARBITRATION,
        )
        assert self._ruling is not None, "nothing else ends the wait"
        return self._ruling

    async def _carry_out(self, ruling: ArbitrationRuling) -> None:
        """Carry out a ruling, which binds; the ledger's ceilings hold for it as for every refund."""
        case = self._case
        if not ruling.units:
            dismissed = case.notices.customer(Template.ARBITRATION_DISMISSED, reason=ruling.note)
            await case.record("arbitration", dismissed)
            return
        if case.approval is not Approval.APPROVED:
            case.move(Approval.APPROVED, f"arbitration {ruling.reference}")
            for entry in ruling.units:
                case.set_line(entry.line_id, authorized=entry.quantity)
        units = tuple(UnitsToSettle(line_id=entry.line_id, quantity=entry.quantity) for entry in ruling.units)
        won = case.notices.customer(Template.ARBITRATION_WON, reason=ruling.note)
        await self._settlement.refund(RefundBasis.ARBITRATION, units, (won,), subject="arbitration")

    async def _until(self, clock: ClockName, time: timedelta, done: Callable[[], bool], overdue: Template) -> None:
        """Wait for a person; each time that the promise is broken, the supervisor is told."""
        case = self._case
        waited = 0
        case.need(Role.SUPERVISOR, _DESK)
        case.publish()
        while not done():
            if not await case.clocks.wait(clock, workflow.now() + time, done):
                waited += 1
                await case.record(f"{clock.value}-overdue", case.supervisor_alert(overdue, waited=waited))
        case.need("", _DESK)
        case.publish()
