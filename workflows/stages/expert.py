"""Expert review of a contested inspection: technical support tells misuse from a fault (sections 4 and 8)."""

import asyncio

from temporalio import workflow

from domain.actions import ContestState, Role
from domain.clocks import ClockName
from domain.outbox import Template
from domain.status import InspectionStatus
from workflows.case import ReturnCase
from workflows.contracts import ExpertOpinion, ExpertRequest
from workflows.parcel import Parcel


class ExpertReview:
    """An opinion that a supervisor asked for, or an agent; it binds the decision on the contest."""

    def __init__(self, case: ReturnCase, parcel: Parcel) -> None:
        self._case = case
        self._parcel = parcel
        self._found_before = parcel.inspection
        self._review: asyncio.Task[None] | None = None

    def on_request(self, request: ExpertRequest) -> None:
        """Have technical support look at it; the decision on the contest waits."""
        parcel = self._parcel
        self._found_before = parcel.inspection
        parcel.contest = ContestState.EXPERT
        parcel.move(InspectionStatus.EXPERT_REVIEW, f"{request.actor.id}: {request.note}")
        self._review = asyncio.create_task(self._waits_for_the_opinion())

    def on_opinion(self, opinion: ExpertOpinion) -> None:
        """Take the opinion."""
        parcel = self._parcel
        parcel.finding = opinion.finding
        parcel.contest = ContestState.CONTESTED
        parcel.move(self._found_before, f"{opinion.actor.id} finds {opinion.finding.value}: {opinion.note}")

    async def is_done(self) -> None:
        """Wait until nothing of the review is left to be told."""
        if self._review is not None:
            await self._review

    async def _waits_for_the_opinion(self) -> None:
        """Technical support has its time; when it is over the supervisor is told, each time."""
        case = self._case
        task = self._parcel.task("expert")
        case.need(Role.AGENT_TIER_2, task)
        await case.record(
            "expert-asked",
            case.notices.customer(Template.EXPERT_ASKED),
            case.notices.staff(Template.STAFF_EXPERT_ASKED, Role.AGENT_TIER_2, waited=0),
        )
        waited = 0
        while self._parcel.contest is ContestState.EXPERT:
            in_time = await case.clocks.wait(
                ClockName.EXPERT,
                workflow.now() + case.rules.clocks.expert,
                lambda: self._parcel.contest is not ContestState.EXPERT,
                subject=self._parcel.subject,
            )
            if not in_time:
                waited += 1
                alert = case.supervisor_alert(Template.STAFF_EXPERT_ASKED, waited=waited)
                await case.record("expert-overdue", alert)
        case.need("", task)
