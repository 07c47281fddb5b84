"""What people decide of a return that was reopened."""

from temporalio import workflow

from domain.actions import Action
from workflows.contracts import ActionAnswer, ReopeningOrder, ReopeningVerdict
from workflows.handlers.base import CaseHandlers
from workflows.handlers.described import described
from workflows.stages.authority import Authority
from workflows.stages.follow_up import FollowUpStage
from workflows.stages.goodwill import Goodwill
from workflows.validation import follow_up as validation


class FollowUpHandlers(CaseHandlers):
    """What people decide of a return that was reopened."""

    _follow_up: FollowUpStage
    _goodwill: Goodwill
    _authority: Authority

    @workflow.update(
        name=Action.DECIDE_REOPENING,
        description=described(
            "The supervisor decides a return that was reopened.", ReopeningVerdict, Action.DECIDE_REOPENING
        ),
    )
    async def decide_reopening(self, request: ReopeningVerdict) -> ActionAnswer:
        """Take the supervisor's decision; what it pays once that is granted, and only what the lines have left."""
        if request.order is not ReopeningOrder.PAY:
            self._follow_up.on_verdict(request)
            return self._accepted(Action.DECIDE_REOPENING)
        shares = await self._goodwill.shares(request)
        awaits_approval = await self._authority.grant(
            request,
            Action.DECIDE_REOPENING,
            self._goodwill.payout(request),
            lambda: self._validate_decide_reopening(request),
            lambda grant: self._follow_up.on_verdict(request, shares, grant),
        )
        return self._accepted(Action.DECIDE_REOPENING, awaits_approval)

    @decide_reopening.validator
    def _validate_decide_reopening(self, request: ReopeningVerdict) -> None:
        validation.reopening_verdict(self._case, request)
