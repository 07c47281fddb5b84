"""What people decide while an application is reviewed."""

from temporalio import workflow

from domain.actions import Action
from workflows.contracts import (
    ActionAnswer,
    AppealRequest,
    CancelRequest,
    EvidenceRequest,
    EvidenceSubmission,
    LiabilityVerdict,
    ReviewVerdict,
)
from workflows.gates import all_open
from workflows.handlers.base import CaseHandlers
from workflows.handlers.described import described
from workflows.stages.authority import Authority
from workflows.stages.review import ReviewStage
from workflows.validation import review as validation
from workflows.validation.rules import allowed


class ReviewHandlers(CaseHandlers):
    """What people decide while an application is reviewed."""

    _review: ReviewStage
    _authority: Authority

    @workflow.update(
        name=Action.CANCEL,
        description=described(
            "Withdraw the return before the goods are handed over.", CancelRequest, Action.CANCEL
        ),
    )
    def cancel(self, request: CancelRequest) -> ActionAnswer:
        """Withdraw the return."""
        self._case.cancel(request.note)
        return self._accepted(Action.CANCEL)

    @cancel.validator
    def _validate_cancel(self, request: CancelRequest) -> None:
        allowed(self._case, Action.CANCEL, request)

    @workflow.update(
        name=Action.SUBMIT_EVIDENCE,
        description=described("Send evidence, asked for or not.", EvidenceSubmission, Action.SUBMIT_EVIDENCE),
    )
    def submit_evidence(self, request: EvidenceSubmission) -> ActionAnswer:
        """Take evidence."""
        self._review.on_evidence(request)
        return self._accepted(Action.SUBMIT_EVIDENCE)

    @submit_evidence.validator
    def _validate_submit_evidence(self, request: EvidenceSubmission) -> None:
        validation.evidence(self._case, request)

    @workflow.update(
        name=Action.REQUEST_EVIDENCE,
        description=described(
            "A reviewer asks the customer for evidence.", EvidenceRequest, Action.REQUEST_EVIDENCE
        ),
    )
    def request_evidence(self, request: EvidenceRequest) -> ActionAnswer:
        """Ask for evidence."""
        self._review.on_evidence_request(request)
        return self._accepted(Action.REQUEST_EVIDENCE)

    @request_evidence.validator
    def _validate_request_evidence(self, request: EvidenceRequest) -> None:
        allowed(self._case, Action.REQUEST_EVIDENCE, request)

    @workflow.update(
        name=Action.DECIDE_LIABILITY,
        description=described(
            "Decide again who is liable, before money moves.", LiabilityVerdict, Action.DECIDE_LIABILITY
        ),
    )
    def decide_liability(self, request: LiabilityVerdict) -> ActionAnswer:
        """Take a supervisor's decision on the liability."""
        self._review.on_liability(request)
        return self._accepted(Action.DECIDE_LIABILITY)

    @decide_liability.validator
    def _validate_decide_liability(self, request: LiabilityVerdict) -> None:
        validation.liability(self._case, request)

    @workflow.update(
        name=Action.REVIEW,
        description=described("Approve or decline the return, with the reason.", ReviewVerdict, Action.REVIEW),
    )
    async def review(self, request: ReviewVerdict) -> ActionAnswer:
        """Take a person's decision, once what it grants without the goods is within their authority."""
        payout = self._review.payout(request)
        if not payout.kept_minor or not (all_open() or workflow.patched("review-authority")):
            self._review.on_verdict(request)
            return self._accepted(Action.REVIEW)
        awaits_approval = await self._authority.grant(
            request,
            Action.REVIEW,
            payout,
            lambda: self._validate_review(request),
            lambda _grant: self._review.on_verdict(request),
        )
        return self._accepted(Action.REVIEW, awaits_approval)

    @review.validator
    def _validate_review(self, request: ReviewVerdict) -> None:
        validation.review(self._case, request)

    @workflow.update(
        name=Action.APPEAL,
        description=described("Appeal once against a declined return.", AppealRequest, Action.APPEAL),
    )
    def appeal(self, request: AppealRequest) -> ActionAnswer:
        """Take an appeal."""
        self._review.on_appeal(request)
        return self._accepted(Action.APPEAL)

    @appeal.validator
    def _validate_appeal(self, request: AppealRequest) -> None:
        allowed(self._case, Action.APPEAL, request)
