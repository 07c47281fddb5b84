"""Promises that a supervisor pauses for force majeure."""

from temporalio import workflow

from domain.actions import Action
from domain.outbox import Template
from workflows.contracts import ActionAnswer, ClockPause, ClockResumption
from workflows.handlers.base import CaseHandlers
from workflows.handlers.described import described
from workflows.stages.agreement import AgreementStage
from workflows.stages.authority import Authority
from workflows.validation import clocks as validation
from workflows.validation.rules import allowed


class ClockHandlers(CaseHandlers):
    """Promises that a supervisor pauses for force majeure."""

    _agreement: AgreementStage
    _authority: Authority

    @workflow.update(
        name=Action.PAUSE_CLOCKS,
        description=described("Pause promises for force majeure.", ClockPause, Action.PAUSE_CLOCKS),
    )
    async def pause_clocks(self, request: ClockPause) -> ActionAnswer:
        """Pause promises; the customer is told why and until when."""
        case = self._case
        reason = f"{request.cause.value}: {request.note}"
        case.clocks.suspend(request.clocks, reason, request.actor.id, request.until)
        self._ends_move()
        case.note("clocks paused", f"{request.actor.id}: {reason}")
        case.publish(deadline_moved=True)
        told = case.notices.customer(
            Template.PROMISES_PAUSED, reason=request.note, until_at=request.until.isoformat()
        )
        answer = self._accepted(Action.PAUSE_CLOCKS)
        await case.record("clocks-paused", told)
        return answer

    @pause_clocks.validator
    def _validate_pause_clocks(self, request: ClockPause) -> None:
        validation.pause(self._case, request, workflow.now())

    @workflow.update(
        name=Action.RESUME_CLOCKS,
        description=described(
            "The force majeure is over sooner than planned.", ClockResumption, Action.RESUME_CLOCKS
        ),
    )
    def resume_clocks(self, request: ClockResumption) -> ActionAnswer:
        """Let promises run again."""
        self._case.clocks.lift()
        self._ends_move()
        self._case.note("clocks resumed", f"{request.actor.id}: {request.note}")
        self._case.publish(deadline_moved=True)
        return self._accepted(Action.RESUME_CLOCKS)

    @resume_clocks.validator
    def _validate_resume_clocks(self, request: ClockResumption) -> None:
        allowed(self._case, Action.RESUME_CLOCKS, request)

    def _ends_move(self) -> None:
        """What has to be answered until its clock is due may be answered until then."""
        self._agreement.move_end()
        self._authority.move_end()
