"""What a second person decides on a payout above the supervisor's cap."""

from temporalio import workflow

from domain.actions import Action
from workflows.contracts import ActionAnswer, PayoutConsent, PayoutRefusal
from workflows.handlers.base import CaseHandlers
from workflows.handlers.described import described
from workflows.stages.authority import Authority
from workflows.validation import authority as validation


class AuthorityHandlers(CaseHandlers):
    """What a second person decides on a payout above the supervisor's cap."""

    _authority: Authority

    @workflow.update(
        name=Action.APPROVE_PAYOUT,
        description=described("A second supervisor approves a payout.", PayoutConsent, Action.APPROVE_PAYOUT),
    )
    async def approve_payout(self, request: PayoutConsent) -> ActionAnswer:
        """Take the approval and do what was approved."""
        await self._authority.on_consent(request, lambda: validation.consent(self._case, request, workflow.now()))
        return self._accepted(Action.APPROVE_PAYOUT)

    @approve_payout.validator
    def _validate_approve_payout(self, request: PayoutConsent) -> None:
        validation.consent(self._case, request, workflow.now())

    @workflow.update(
        name=Action.DECLINE_PAYOUT,
        description=described("A supervisor declines a payout that waits.", PayoutRefusal, Action.DECLINE_PAYOUT),
    )
    async def decline_payout(self, request: PayoutRefusal) -> ActionAnswer:
        """Take the refusal; what was asked for does not happen."""
        await self._authority.on_refusal(request, lambda: validation.refusal(self._case, request))
        return self._accepted(Action.DECLINE_PAYOUT)

    @decline_payout.validator
    def _validate_decline_payout(self, request: PayoutRefusal) -> None:
        validation.refusal(self._case, request)
