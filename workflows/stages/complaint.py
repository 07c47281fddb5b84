"""The complaint lane: it runs beside the return and holds up no money that is not in dispute (section 10)."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

from domain.actions import Role
from domain.clocks import ClockName
from domain.complaints import ComplaintState
from domain.intents import RefundBasis
from domain.outbox import OutboxItem, Template
from domain.refund import UnitsToSettle
from domain.status import Approval
from workflows import calls
from workflows.case import ReturnCase
from workflows.contracts import ArbitrationRuling, Complaint, ComplaintAnswer, Escalation
from workflows.gates import all_open
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
            ruling = await self._platform_rules()
            while refused := await self._carry_out(ruling):
                ruling = await self._supervisor_settles(ruling, refused)

    async def _supervisor_answers(self) -> None:
        case = self._case
        await self._until(
            ClockName.COMPLAINT,
            case.rules.clocks.complaint,
            lambda: case.complaint is not ComplaintState.OPEN,
            lambda waited: case.supervisor_alert(Template.STAFF_COMPLAINT, waited=waited),
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
        return await self._recorded(
            case.rules.clocks.arbitration,
            lambda waited: case.supervisor_alert(Template.STAFF_ARBITRATION, waited=waited),
        )

    async def _carry_out(self, ruling: ArbitrationRuling) -> str:
        """Carry out a ruling, which binds; the ledger's ceilings hold for it as for every refund.

        Returns:
            Why the ledger refuses it; empty where it is carried out.
        """
        case = self._case
        if not (ruling.units or ruling.amount_minor or ruling.paid_by_hand):
            dismissed = case.notices.customer(Template.ARBITRATION_DISMISSED, reason=ruling.note)
            await case.record("arbitration", dismissed)
            return ""
        units = tuple(UnitsToSettle(line_id=entry.line_id, quantity=entry.quantity) for entry in ruling.units)
        won = case.notices.customer(Template.ARBITRATION_WON, reason=ruling.note)
        if ruling.paid_by_hand:
            case.note("ruling paid by hand", ruling.actor.id)
            await case.record("arbitration", won)
            return ""
        if not (all_open() or workflow.patched("ruling-handed-over")):
            self._overrule(ruling)
            await self._settlement.refund(RefundBasis.ARBITRATION, units, (won,))
            return ""
        try:
            plan = await self._settlement.authorize_ruling(units, ruling.amount_minor or 0, (won,))
        except (ActivityError, ApplicationError) as error:
            return calls.reason_of(error)
        self._overrule(ruling)
        await self._settlement.pay_authorized(plan, units, subject="arbitration")
        return ""

    def _overrule(self, ruling: ArbitrationRuling) -> None:
        """A ruling takes the place of a decline."""
        case = self._case
        if case.approval is Approval.APPROVED:
            return
        case.move(Approval.APPROVED, f"arbitration {ruling.reference}")
        for entry in ruling.units:
            case.set_line(entry.line_id, authorized=entry.quantity)

    async def _supervisor_settles(self, ruling: ArbitrationRuling, refused: str) -> ArbitrationRuling:
        """Hand a ruling that the ledger refuses to a supervisor: asking again would not help.

        They record it as it can be paid, or that they had it paid by hand.
        """
        case = self._case
        self._ruling = None
        case.complaint = ComplaintState.ESCALATED
        case.note("ruling not carried out", f"{ruling.reference}: {refused}")

        def alert(waited: int) -> OutboxItem:
            return case.supervisor_alert(
                Template.STAFF_RULING_REFUSED, reference=ruling.reference, refused=refused, waited=waited
            )

        await case.record("ruling-refused", alert(0))
        return await self._recorded(case.rules.clocks.complaint, alert)

    async def _recorded(self, time: timedelta, overdue: Callable[[int], OutboxItem]) -> ArbitrationRuling:
        """Wait for a ruling to be recorded."""
        await self._until(ClockName.ARBITRATION, time, lambda: self._ruling is not None, overdue)
        assert self._ruling is not None, "nothing else ends the wait"
        return self._ruling

    async def _until(
        self, clock: ClockName, time: timedelta, done: Callable[[], bool], overdue: Callable[[int], OutboxItem]
    ) -> None:
        """Wait for a person; each time that the promise is broken, the supervisor is told."""
        case = self._case
        waited = 0
        case.need(Role.SUPERVISOR, _DESK)
        case.publish()
        while not done():
            if not await case.clocks.wait(clock, workflow.now() + time, done):
                waited += 1
                await case.record(f"{clock.value}-overdue", overdue(waited))
        case.need("", _DESK)
        case.publish()
