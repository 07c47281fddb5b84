"""What the warehouse finds, and what the customer says to it."""

from temporalio import workflow

from domain.actions import Action
from workflows.contracts import (
    ActionAnswer,
    Contest,
    ContestVerdict,
    ExpertOpinion,
    ExpertRequest,
    InspectionReport,
    ResultAcceptance,
)
from workflows.gates import all_open
from workflows.handlers.base import CaseHandlers
from workflows.handlers.described import described
from workflows.stages.authority import Authority
from workflows.stages.journeys import Journeys
from workflows.validation import inspection as validation
from workflows.validation.parcels import allowed_parcel


class InspectionHandlers(CaseHandlers):
    """What the warehouse finds, and what the customer says to it."""

    _journeys: Journeys
    _authority: Authority

    @workflow.update(
        name=Action.INSPECT,
        description=described("The finished inspection, per quantity.", InspectionReport, Action.INSPECT),
    )
    def inspect(self, request: InspectionReport) -> ActionAnswer:
        """Take an inspection."""
        parcel = validation.inspection(self._case, request)
        self._journeys.of(parcel).inspection.on_report(request)
        return self._accepted(Action.INSPECT)

    @inspect.validator
    def _validate_inspect(self, request: InspectionReport) -> None:
        validation.inspection(self._case, request)
        validation.serials(request)

    @workflow.update(
        name=Action.ACCEPT_RESULT,
        description=described(
            "The customer accepts the inspection's result.", ResultAcceptance, Action.ACCEPT_RESULT
        ),
    )
    def accept_result(self, request: ResultAcceptance) -> ActionAnswer:
        """Take the customer's agreement."""
        parcel = validation.acceptance(self._case, request)
        self._journeys.of(parcel).contest.on_acceptance(request)
        return self._accepted(Action.ACCEPT_RESULT)

    @accept_result.validator
    def _validate_accept_result(self, request: ResultAcceptance) -> None:
        validation.acceptance(self._case, request)

    @workflow.update(
        name=Action.CONTEST,
        description=described("The customer contests the inspection's result.", Contest, Action.CONTEST),
    )
    def contest(self, request: Contest) -> ActionAnswer:
        """Take the customer's objection."""
        parcel = validation.contest(self._case, request)
        self._journeys.of(parcel).contest.on_contest(request)
        return self._accepted(Action.CONTEST)

    @contest.validator
    def _validate_contest(self, request: Contest) -> None:
        validation.contest(self._case, request)

    @workflow.update(
        name=Action.REQUEST_EXPERT,
        description=described(
            "Have technical support look at contested goods.", ExpertRequest, Action.REQUEST_EXPERT
        ),
    )
    def request_expert(self, request: ExpertRequest) -> ActionAnswer:
        """Ask for an expert."""
        parcel = allowed_parcel(self._case, Action.REQUEST_EXPERT, request)
        self._journeys.of(parcel).contest.expert.on_request(request)
        return self._accepted(Action.REQUEST_EXPERT)

    @request_expert.validator
    def _validate_request_expert(self, request: ExpertRequest) -> None:
        validation.expert_request(self._case, request)

    @workflow.update(
        name=Action.EXPERT_OPINION,
        description=described("What technical support found; it binds.", ExpertOpinion, Action.EXPERT_OPINION),
    )
    def expert_opinion(self, request: ExpertOpinion) -> ActionAnswer:
        """Take an expert's opinion."""
        parcel = allowed_parcel(self._case, Action.EXPERT_OPINION, request)
        self._journeys.of(parcel).contest.expert.on_opinion(request)
        return self._accepted(Action.EXPERT_OPINION)

    @expert_opinion.validator
    def _validate_expert_opinion(self, request: ExpertOpinion) -> None:
        allowed_parcel(self._case, Action.EXPERT_OPINION, request)

    @workflow.update(
        name=Action.DECIDE_CONTEST,
        description=described("The supervisor decides a contest.", ContestVerdict, Action.DECIDE_CONTEST),
    )
    async def decide_contest(self, request: ContestVerdict) -> ActionAnswer:
        """Take the supervisor's decision, once what it grants beyond the inspection is within their authority."""
        parcel = validation.contest_verdict(self._case, request)
        contest = self._journeys.of(parcel).contest
        if not (all_open() or workflow.patched("contest-authority")):
            contest.on_verdict(request)
            return self._accepted(Action.DECIDE_CONTEST)
        verdict = request.model_copy(update={"parcel": parcel.number})
        awaits_approval = await self._authority.grant(
            verdict,
            Action.DECIDE_CONTEST,
            contest.payout(verdict),
            lambda: self._validate_decide_contest(verdict),
            lambda _grant: contest.on_verdict(verdict),
        )
        return self._accepted(Action.DECIDE_CONTEST, awaits_approval)

    @decide_contest.validator
    def _validate_decide_contest(self, request: ContestVerdict) -> None:
        validation.contest_verdict(self._case, request)
