"""What people decide of a return that was reopened."""

from temporalio import workflow

from domain.actions import Action
from workflows.contracts import ActionAnswer, ReopeningVerdict
from workflows.handlers.base import CaseHandlers
from workflows.stages.follow_up import FollowUpStage
from workflows.validation import follow_up as validation


class FollowUpHandlers(CaseHandlers):
    """What people decide of a return that was reopened."""

    _follow_up: FollowUpStage

    @workflow.update(
        name=Action.DECIDE_REOPENING, description="The supervisor decides a return that was reopened."
    )
    def decide_reopening(self, request: ReopeningVerdict) -> ActionAnswer:
        """Take the supervisor's decision."""
        self._follow_up.on_verdict(request)
        return self._accepted(Action.DECIDE_REOPENING)

    @decide_reopening.validator
    def _validate_decide_reopening(self, request: ReopeningVerdict) -> None:
        validation.reopening_verdict(self._case, request)
