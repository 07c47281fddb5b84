"""Contest of an inspection: the customer may object to what was rejected, silence accepts (section 8)."""

from datetime import timedelta

from temporalio import workflow

from domain.actions import ContestState, Role
from domain.clocks import ClockName
from domain.offers import ceiling_minor
from domain.outbox import Template
from domain.refund import UnitsToSettle
from workflows.case import ReturnCase
from workflows.contracts import Contest, ContestVerdict
from workflows.stages.authority import Payout

_SUPERVISOR_TIME = timedelta(hours=24)


class ContestStage:
    """Runs beside the settlement: what was accepted is paid at once and does not wait for this."""

    def __init__(self, case: ReturnCase) -> None:
        self._case = case
        self._verdict: ContestVerdict | None = None

    def on_acceptance(self) -> None:
        """Take the customer's agreement."""
        self._case.contest = ContestState.CLOSED
        self._case.note("result accepted by the customer")

    def on_contest(self, contest: Contest) -> None:
        """Take the customer's objection."""
        self._case.contest = ContestState.CONTESTED
        self._case.note("result contested", contest.note)

    def payout(self, verdict: ContestVerdict) -> Payout:
        """What a verdict grants beyond the inspection: the worth of the units that are accepted after all."""
        units = {entry.line_id: entry.quantity for entry in verdict.accepted}
        worth = ceiling_minor(self._case.order, units) if self._case.order else 0
        return Payout(added_minor=worth, field="accepted")

    def on_verdict(self, verdict: ContestVerdict) -> None:
        """Take the supervisor's decision."""
        self._verdict = verdict
        self._case.contest = ContestState.CLOSED
        self._case.note("contest decided", f"{verdict.actor.id}: {verdict.note}")

    def open(self) -> None:
        """Let the customer object, if anything was not accepted."""
        if any(line.accepted < line.authorized for line in self._case.lines.values()):
            self._case.contest = ContestState.OPEN

    async def run(self) -> tuple[UnitsToSettle, ...]:
        """Return the units that are accepted after all."""
        case = self._case
        if case.contest is ContestState.NONE:
            return ()
        due_at = workflow.now() + case.rules.clocks.contest
        await case.clocks.wait(ClockName.CONTEST, due_at, lambda: case.contest is not ContestState.OPEN)
        if case.contest is ContestState.OPEN:
            case.contest = ContestState.CLOSED
            case.note("result accepted by silence")
            await case.make_final("result accepted by silence")
        if case.contest is ContestState.CLOSED and self._verdict is None:
            return ()
        verdict = await self._supervisor_decides()
        if not verdict.accepted:
            dismissed = case.notices.customer(Template.CONTEST_DISMISSED, reason=verdict.note)
            await case.record("contest-dismissed", dismissed)
        return self._accept_after_all(verdict)

    async def _supervisor_decides(self) -> ContestVerdict:
        case = self._case
        await case.record(
            "contested",
            case.notices.customer(Template.CONTEST_RECEIVED),
            case.supervisor_alert(Template.STAFF_CONTEST_OVERDUE, waited=0),
        )
        case.need(Role.SUPERVISOR, "contest")
        waited = 0
        while self._verdict is None:
            due_at = workflow.now() + _SUPERVISOR_TIME
            if not await case.clocks.wait(ClockName.CONTEST, due_at, lambda: self._verdict is not None):
                waited += 1
                await case.record(
                    "contest-overdue", case.supervisor_alert(Template.STAFF_CONTEST_OVERDUE, waited=waited)
                )
        case.need("", "contest")
        return self._verdict

    def _accept_after_all(self, verdict: ContestVerdict) -> tuple[UnitsToSettle, ...]:
        case = self._case
        for entry in verdict.accepted:
            line = case.lines[entry.line_id]
            from_rejected = min(entry.quantity, line.rejected)
            case.set_line(
                entry.line_id,
                accepted=line.accepted + entry.quantity,
                rejected=line.rejected - from_rejected,
                missing=line.missing - (entry.quantity - from_rejected),
            )
        return tuple(UnitsToSettle(line_id=entry.line_id, quantity=entry.quantity) for entry in verdict.accepted)
