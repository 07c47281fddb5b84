"""Complaints, and the platform's ruling."""

from temporalio import workflow

from domain.actions import Action
from domain.remainder import RemainderQuestion
from workflows import calls
from workflows.contracts import ActionAnswer, ArbitrationRuling, Complaint, ComplaintAnswer, Escalation
from workflows.handlers.base import CaseHandlers
from workflows.handlers.described import described
from workflows.stages.complaint import ComplaintLane
from workflows.validation import complaint as validation
from workflows.validation.rules import allowed


class ComplaintHandlers(CaseHandlers):
    """Complaints, and the platform's ruling."""

    _complaints: ComplaintLane

    @workflow.update(
        name=Action.COMPLAIN,
        description=described("The customer complains; a supervisor answers.", Complaint, Action.COMPLAIN),
    )
    def complain(self, request: Complaint) -> ActionAnswer:
        """Take a complaint."""
        self._complaints.on_complaint(request)
        return self._accepted(Action.COMPLAIN)

    @complain.validator
    def _validate_complain(self, request: Complaint) -> None:
        allowed(self._case, Action.COMPLAIN, request)

    @workflow.update(
        name=Action.ANSWER_COMPLAINT,
        description=described("The supervisor's answer to a complaint.", ComplaintAnswer, Action.ANSWER_COMPLAINT),
    )
    def answer_complaint(self, request: ComplaintAnswer) -> ActionAnswer:
        """Take the supervisor's answer."""
        self._complaints.on_answer(request)
        return self._accepted(Action.ANSWER_COMPLAINT)

    @answer_complaint.validator
    def _validate_answer_complaint(self, request: ComplaintAnswer) -> None:
        allowed(self._case, Action.ANSWER_COMPLAINT, request)

    @workflow.update(
        name=Action.ESCALATE_TO_PLATFORM,
        description=described("The customer goes to the platform.", Escalation, Action.ESCALATE_TO_PLATFORM),
    )
    def escalate_to_platform(self, request: Escalation) -> ActionAnswer:
        """Take the escalation."""
        self._complaints.on_escalation(request)
        return self._accepted(Action.ESCALATE_TO_PLATFORM)

    @escalate_to_platform.validator
    def _validate_escalate_to_platform(self, request: Escalation) -> None:
        allowed(self._case, Action.ESCALATE_TO_PLATFORM, request)

    @workflow.update(
        name=Action.RECORD_ARBITRATION,
        description=described("The platform's ruling, which binds.", ArbitrationRuling, Action.RECORD_ARBITRATION),
    )
    async def record_arbitration(self, request: ArbitrationRuling) -> ActionAnswer:
        """Take the ruling, once an amount is within what the ledger can still pay back."""
        if request.amount_minor is not None:
            left = await calls.left_to_pay(RemainderQuestion(rma_id=self._case.rma_id))
            # The return may have moved on meanwhile.
            validation.ruling(self._case, request)
            validation.within(self._case, request, left)
        self._complaints.on_ruling(request)
        return self._accepted(Action.RECORD_ARBITRATION)

    @record_arbitration.validator
    def _validate_record_arbitration(self, request: ArbitrationRuling) -> None:
        validation.ruling(self._case, request)
