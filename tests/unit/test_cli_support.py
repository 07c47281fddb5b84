"""What the tests of the command line share: returns in memory, and a runner that reaches them."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Self, cast

from typer.testing import CliRunner

from domain.actions import Action
from domain.application import Remedy, ReturnApplication
from domain.claims import ClaimParty
from domain.clocks import Clock, ClockName, ClockState
from domain.explanation import Explanation
from domain.follow_up import FollowUp, FollowUpKind
from domain.intents import IntentState, PaymentDirection
from domain.keys import rma_id_for
from domain.quantities import ParcelLine
from domain.review import ReviewReason
from domain.status import Approval, Header, InspectionStatus, Logistics, Reimbursement
from starters.cli.app import app
from starters.cli.session import Session
from starters.client import ReturnsClient, ReturnSummary
from tests.unit.claim_builders import a_claim
from workflows.contracts import (
    ActionAnswer,
    ActionRequest,
    CouponStatus,
    Deadline,
    Decision,
    FollowUpOpened,
    LineStatus,
    ParcelStatus,
    PaymentStatus,
    ReopenRequest,
    ReturnStatus,
    TimelineEntry,
)
from workflows.contracts.claims import ClaimAction, ClaimActionAnswer, ClaimStatus

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
STATUS = ReturnStatus(
    rma_id="RMA-1",
    order_id="O-1",
    remedy=Remedy.RETURN_AND_REFUND,
    header=Header.OPEN,
    approval=Approval.APPROVED,
    logistics=Logistics.DELIVERED,
    inspection=InspectionStatus.PENDING,
    reimbursement=Reimbursement.EXECUTING,
    is_final=False,
    money_settled=False,
    allowed_actions=(Action.RECEIVE, Action.INSPECT, Action.CONTEST),
    next_deadline=Deadline(clock=ClockName.INSPECTION, due_at=NOW + timedelta(hours=48)),
    needs="warehouse",
    currency="CNY",
    policy_version="2026-11",
    reasons=(ReviewReason.WITHIN_WINDOW_AND_RESALE_UNAFFECTED,),
    tracking_no="SF-1",
    carrier="sf",
    lines=(LineStatus(line_id="1", requested=2, authorized=2), LineStatus(line_id="2", requested=1, authorized=1)),
    parcels=(
        ParcelStatus(
            number=1,
            logistics=Logistics.DELIVERED,
            inspection=InspectionStatus.PENDING,
            lines=(ParcelLine(line_id="1", expected=2), ParcelLine(line_id="2", expected=1)),
            allowed_actions=(Action.RECEIVE, Action.INSPECT, Action.CONTEST),
        ),
    ),
    payments=(
        PaymentStatus(
            key="RMA-1-refund-1-t0",
            direction=PaymentDirection.REFUND,
            method_id="PM-1",
            amount_minor=12345,
            state=IntentState.SUBMITTED,
        ),
    ),
    coupons=(CouponStatus(clock=ClockName.INSPECTION, amount_minor=5000, currency="CNY"),),
    clocks=(
        Clock(
            name=ClockName.INSPECTION,
            started_at=NOW,
            due_at=NOW + timedelta(hours=48),
            state=ClockState.RUNNING,
        ),
    ),
    timeline=(TimelineEntry(at=NOW, what="logistics DELIVERED", detail="sf [red]SF-1"),),
)
SUMMARY = ReturnSummary(
    rma_id="RMA-1",
    order_id="O-1",
    header="OPEN",
    stage="ship_back",
    needs="warehouse",
    breached=True,
    next_deadline=NOW,
    started_at=NOW,
)


class FakeReturns:
    """Returns in memory; `fails_with` is raised by every call."""

    def __init__(self) -> None:
        self.status_now = STATUS
        self.decision: Decision | None = None
        self.explanation: Explanation | None = None
        self.fails_with: Exception | None = None
        self.awaits_approval = False
        self.applied: list[tuple[ReturnApplication, str]] = []
        self.acted: list[tuple[str, Action, ActionRequest]] = []
        self.claimed: list[tuple[str, ClaimParty, ClaimAction, ActionRequest, str | None]] = []
        self.reopened: list[tuple[str, ReopenRequest, str | None]] = []
        self.searched: list[tuple[str, int]] = []
        self.summaries: list[ReturnSummary] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        pass

    async def apply(self, application: ReturnApplication, request_id: str) -> Decision:
        self._fail()
        self.applied.append((application, request_id))
        rma_id = rma_id_for(application.order_id, request_id)
        return self.decision or Decision(
            rma_id=rma_id,
            approval=Approval.MANUAL_REVIEW,
            reasons=(ReviewReason.WINDOW_PASSED,),
            policy_version="p",
        )

    async def status(self, rma_id: str) -> ReturnStatus:
        self._fail()
        return self.status_now

    async def explain(self, rma_id: str) -> Explanation:
        self._fail()
        assert self.explanation is not None
        return self.explanation

    async def act(
        self, rma_id: str, action: Action, request: ActionRequest, request_id: str | None = None
    ) -> ActionAnswer:
        self._fail()
        self.acted.append((rma_id, action, request))
        return ActionAnswer(rma_id=rma_id, action=action, accepted_at=NOW, awaits_approval=self.awaits_approval)

    async def claim_status(self, rma_id: str, party: ClaimParty) -> ClaimStatus:
        self._fail()
        return ClaimStatus(claim=a_claim(rma_id, party), is_final=False, needs="supervisor")

    async def act_on_claim(
        self,
        rma_id: str,
        party: ClaimParty,
        action: ClaimAction,
        request: ActionRequest,
        request_id: str | None = None,
    ) -> ClaimActionAnswer:
        self._fail()
        self.claimed.append((rma_id, party, action, request, request_id))
        return ClaimActionAnswer(reference=a_claim(rma_id, party).reference, action=action, accepted_at=NOW)

    async def reopen(self, rma_id: str, request: ReopenRequest, request_id: str | None = None) -> FollowUpOpened:
        self._fail()
        self.reopened.append((rma_id, request, request_id))
        follows = FollowUp(
            of=rma_id,
            root=rma_id,
            number=2,
            kind=FollowUpKind.REOPENED,
            actor=request.actor,
            reason=request.note,
        )
        return FollowUpOpened(rma_id=f"{rma_id}-2", follows=follows)

    async def search(self, query: str = "", limit: int = 100) -> AsyncIterator[ReturnSummary]:
        self._fail()
        self.searched.append((query, limit))
        for summary in self.summaries:
            yield summary

    def _fail(self) -> None:
        if self.fails_with:
            raise self.fails_with


class FakeSession(Session):
    """A session with returns in memory."""

    def __init__(self, returns: FakeReturns, sandbox: str, ledger_url: str) -> None:
        super().__init__()
        self._returns = returns
        self._sandbox = sandbox
        self._ledger_url = ledger_url

    async def connect(self) -> ReturnsClient:
        return cast(ReturnsClient, self._returns)

    def sandbox_url(self) -> str:
        return self._sandbox

    def ledger_url(self) -> str:
        return self._ledger_url


class Outcome:
    """How a command ended."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code = code
        self.out = out
        self.err = err

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    def assert_usage_error(self, words: str) -> None:
        """Wrong usage: code 2, nothing on standard output, and words that say what is wanted."""
        plain = " ".join(self.err.replace("│", " ").split())
        assert self.code == 2, self.err
        assert self.out == ""
        assert words in plain


class Cli:
    """The command line over returns in memory."""

    def __init__(self) -> None:
        self.returns = FakeReturns()
        self.sandbox = ""
        self.ledger_url = ""

    def run(self, *arguments: str, stdin: str | None = None) -> Outcome:
        session = FakeSession(self.returns, self.sandbox, self.ledger_url)
        environment = {
            "COLUMNS": "200",
            "RETURNFLOW_ACTOR": "somebody",
            "RETURNFLOW_PROVIDERS_URL": None,
            "TEMPORAL_ADDRESS": None,
        }
        result = CliRunner().invoke(app, arguments, obj=session, env=environment, input=stdin)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Outcome(result.exit_code, result.stdout, result.stderr)
