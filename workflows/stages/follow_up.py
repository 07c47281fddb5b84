"""A case that takes up one that had ended: a person looks first, and orders what happens (section 12)."""

from contextlib import suppress
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from domain.actions import Role
from domain.application import Remedy
from domain.bookkeeping import TakenUpCase, TakeUp
from domain.claims import ClaimParty
from domain.clocks import ClockName
from domain.follow_up import FollowUp, FollowUpKind
from domain.inspection import InspectedUnits
from domain.intents import PaymentDirection, RefundBasis
from domain.outbox import OutboxItem, Template
from domain.refund import LineCompensation
from domain.status import Approval, InspectionStatus
from domain.terms import Terms
from workflows import calls, ids
from workflows.case import ReturnCase
from workflows.contracts import PARCEL_FOUND_SIGNAL, Receipt, ReopeningOrder, ReopeningVerdict
from workflows.stages.goodwill import Goodwill
from workflows.stages.journeys import Journeys
from workflows.stages.settlement import Settlement, accepted_units

_REPEAT_ALERT = timedelta(hours=24)


class FollowUpStage:
    """Carries out a follow-up. What was paid before is settled in the ledger and cannot be paid a second time."""

    def __init__(self, case: ReturnCase, journeys: Journeys, settlement: Settlement, goodwill: Goodwill) -> None:
        self._case = case
        self._journeys = journeys
        self._settlement = settlement
        self._goodwill = goodwill
        self._verdict: ReopeningVerdict | None = None
        self._shares: tuple[LineCompensation, ...] = ()
        self._grant = ""

    def on_verdict(
        self, verdict: ReopeningVerdict, shares: tuple[LineCompensation, ...] = (), grant: str = ""
    ) -> None:
        """Take the supervisor's decision, with the money that it pays shared over the lines, under its grant."""
        self._verdict = verdict
        self._shares = shares
        self._grant = grant
        dismissed = verdict.order is ReopeningOrder.DISMISS
        self._case.move(
            Approval.DECLINED if dismissed else Approval.APPROVED, f"{verdict.actor.id}: {verdict.note}"
        )

    async def run(self, follows: FollowUp) -> None:
        """Take up the closed case, ask a person, and do what they order."""
        case = self._case
        if follows.kind is FollowUpKind.LATE_RECEIPT:
            await self._goods_came_late(follows)
            return
        await self._take_up(
            follows, case.notices.customer(Template.RETURN_REOPENED, of=follows.of), self._alert(follows, waited=0)
        )
        verdict = await self._person_decides(follows)
        while verdict is not None and verdict.order is ReopeningOrder.PAY:
            refused = await self._goodwill.give(verdict, self._shares)
            if not refused:
                return
            verdict = await self._decided_anew(follows, refused)
        if verdict is None:
            return
        if verdict.order is ReopeningOrder.DISMISS:
            await self._dismiss(verdict.note)
            return
        found = await self._look_again()
        accepted = accepted_units(found)
        wrong_serials = case.notices.wrong_serials(found)
        if not accepted:
            await self._dismiss(verdict.note, *wrong_serials)
            return
        decided = case.notices.customer(Template.CONTEST_DECIDED)
        await self._settlement.refund(
            RefundBasis.INSPECTION, accepted, (decided, *wrong_serials, *case.notices.dispositions(found))
        )

    async def _goods_came_late(self, follows: FollowUp) -> None:
        """Inspect goods that came after the end, under the promise. What was paid before is not paid again."""
        case = self._case
        taken_up = await self._take_up(follows, case.notices.customer(Template.LATE_PARCEL, of=follows.of))
        await self._tell_the_claims(follows.root)
        case.move(Approval.APPROVED, "goods came late")
        case.decided = True
        payable = {line.line_id: line.held for line in taken_up.lines}
        came = {line.line_id: line.quantity for line in follows.lines} or {
            line.line_id: line.held or line.paid_before for line in taken_up.lines
        }
        case.take_lines(came)
        for line_id, quantity in came.items():
            case.set_line(line_id, authorized=quantity)
        received_at = min(follows.received_at or case.opened_at, case.opened_at)
        receipt = Receipt(actor=follows.actor, received_at=received_at)
        await self._journeys.late(came, payable, receipt).came_late()

    async def _take_up(self, follows: FollowUp, *outbox: OutboxItem) -> TakenUpCase:
        """Read what the closed case left: its rules, its order, and the units that are free again."""
        case = self._case
        events = case.events.to_tell(case)
        taken_up = await calls.take_up(
            TakeUp(
                rma_id=case.rma_id,
                op=case.step("take-up"),
                at=workflow.now(),
                outbox=outbox,
                events=events,
            )
        )
        case.events.told(events)
        case.order = taken_up.order
        case.rules = taken_up.rules
        case.holds_units = True
        case.paid_before_minor = sum(
            intent.amount_minor for intent in taken_up.paid if intent.direction is PaymentDirection.REFUND
        )
        # Whatever the first case exchanged or repaired, what is accepted after all is paid.
        case.terms = Terms(remedy=Remedy.RETURN_AND_REFUND)
        case.take_lines({line.line_id: line.held for line in taken_up.lines})
        for line in taken_up.lines:
            case.set_line(line.line_id, authorized=line.held)
        case.breach = taken_up.breach
        case.note("follows", f"{follows.of}: {follows.kind.value}")
        return taken_up

    async def _tell_the_claims(self, root: str) -> None:
        """What was claimed as lost has come. Most returns gave rise to no claim, or to one that has ended."""
        for party in ClaimParty:
            claim = workflow.get_external_workflow_handle(ids.claim_workflow_id(root, party.value))
            with suppress(ApplicationError):
                await claim.signal(PARCEL_FOUND_SIGNAL)

    async def _person_decides(self, follows: FollowUp) -> ReopeningVerdict | None:
        case = self._case
        case.move(Approval.MANUAL_REVIEW)
        case.decided = True
        case.need(Role.SUPERVISOR, "review")
        waited = 0
        while self._verdict is None and not case.canceled:
            due_at = workflow.now() + case.rules.clocks.manual_review
            in_time = await case.clocks.wait(
                ClockName.MANUAL_REVIEW, due_at, lambda: self._verdict is not None or case.canceled
            )
            if not in_time:
                waited += 1
                await case.record("reopening-overdue", self._alert(follows, waited=waited))
        case.need("", "review")
        return self._verdict

    async def _decided_anew(self, follows: FollowUp, refused: str) -> ReopeningVerdict | None:
        """Hand back a payment that the ledger refuses: less is left by now, and asking again would not help."""
        case = self._case
        case.note("goodwill not paid", refused)
        self._verdict = None
        await case.record(
            "goodwill-refused",
            case.supervisor_alert(Template.STAFF_GOODWILL_REFUSED, refused=refused),
            releases=(self._grant,) if self._grant else (),
        )
        return await self._person_decides(follows)

    async def _look_again(self) -> tuple[InspectedUnits, ...]:
        """Have the warehouse inspect what is here once more. No parcel came, so no coupon is promised."""
        case = self._case
        look = self._journeys.look_again()
        case.need(Role.WAREHOUSE, "inspection")
        due_at = workflow.now() + case.rules.clocks.inspection
        while not await case.clocks.wait(
            ClockName.SECOND_LOOK, due_at, lambda: look.parcel.inspection is not InspectionStatus.PENDING
        ):
            await case.record("look-late", case.supervisor_alert(Template.STAFF_LOOK_LATE))
            due_at = workflow.now() + _REPEAT_ALERT
        case.need("", "inspection")
        return look.inspection.units

    async def _dismiss(self, reason: str, *outbox: OutboxItem) -> None:
        case = self._case
        dismissed = case.notices.customer(Template.REOPENING_DISMISSED, reason=reason)
        await case.record("reopening-dismissed", dismissed, *outbox)

    def _alert(self, follows: FollowUp, waited: int) -> OutboxItem:
        return self._case.supervisor_alert(
            Template.STAFF_RETURN_REOPENED, of=follows.of, reason=follows.reason, waited=waited
        )
