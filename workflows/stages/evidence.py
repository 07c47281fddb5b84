"""Evidence: asked for by auto-review or by a reviewer, or added by the customer (section 4)."""

import asyncio

from temporalio import workflow

from domain.actions import Role
from domain.clocks import ClockName
from domain.outbox import Template
from domain.status import Approval
from workflows.case import ReturnCase
from workflows.contracts import EvidenceRequest, EvidenceSubmission


class Evidence:
    """What the customer shows. Each submission goes into the application at once, so that none can be lost."""

    def __init__(self, case: ReturnCase) -> None:
        self._case = case
        self._submissions = 0
        self._seen = 0
        self._request: asyncio.Task[None] | None = None
        self.has_lapsed = False
        self.reviewer: str = ""

    def take(self, submission: EvidenceSubmission) -> None:
        """Take a submission."""
        self._submissions += 1
        self._case.application = self._case.application.with_evidence(
            {line.line_id: line.evidence for line in submission.lines}
        )
        self._case.note("evidence submitted")

    def ask(self, request: EvidenceRequest) -> None:
        """Have the customer asked, while the review's clock rests."""
        case = self._case
        case.move(Approval.EVIDENCE_REQUESTED, f"{request.actor.id}: {request.note}")
        case.clocks.pause(ClockName.MANUAL_REVIEW, "customer awaited: evidence", request.actor.id)
        self._seen = self._submissions
        self._request = asyncio.create_task(self._arrives_for_the_reviewer(request.note))

    @property
    def is_awaited(self) -> bool:
        """Whether the reviewer waits for the customer."""
        return self._request is not None and not self._request.done()

    async def request_is_done(self) -> None:
        """Wait until a reviewer's request has come to its end; a withdrawal ends it too."""
        if self._request is not None:
            await self._request
            self._request = None

    async def arrives_for_auto_review(self) -> bool:
        """Wait for what auto-review misses; False if the return ended over it."""
        case = self._case
        case.move(Approval.EVIDENCE_REQUESTED)
        case.decided = True
        case.need(Role.CUSTOMER, "review")
        return await self._arrives()

    async def _arrives_for_the_reviewer(self, wanted: str) -> None:
        case = self._case
        due_at = workflow.now() + case.rules.clocks.evidence
        case.need(Role.CUSTOMER, "review")
        wish = case.notices.customer(Template.EVIDENCE_WANTED, reason=wanted, due_at=due_at.isoformat())
        await case.record("evidence-wanted", wish)
        if await self._arrives():
            case.move(Approval.MANUAL_REVIEW, "evidence came")
            case.need(self.reviewer, "review")
        elif not case.canceled:
            self.has_lapsed = True
        case.clocks.resume(ClockName.MANUAL_REVIEW)
        case.publish()

    async def _arrives(self) -> bool:
        """Wait for a submission under its clock. Without one the return is closed; it may be applied for again."""
        case = self._case
        due_at = workflow.now() + case.rules.clocks.evidence
        arrived = await case.clocks.wait(
            ClockName.EVIDENCE, due_at, lambda: self._submissions > self._seen or case.canceled
        )
        self._seen = self._submissions
        if case.canceled:
            return False
        if not arrived:
            case.move(Approval.EXPIRED, "no evidence came")
            await case.make_final("no evidence came", ends=True)
            await case.record("evidence-lapsed", case.notices.customer(Template.EVIDENCE_LAPSED))
        return arrived
