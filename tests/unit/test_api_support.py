"""What the tests of the API share: a real server over a real ledger, with the returns in memory."""

import json
import threading
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import httpx
import uvicorn
from sqlalchemy import delete

from adapters.payment.reports import PaymentReports
from domain.actions import Action, Actor, Role
from domain.application import ReturnApplication
from domain.bookkeeping import StageEntry
from domain.claims import ClaimParty
from domain.explanation import Explanation
from domain.follow_up import FollowUp, FollowUpKind
from domain.keys import rma_id_for
from domain.receiving import BlindReceipt
from domain.shipping import CarrierEvent
from domain.status import Approval, Header, InspectionStatus, Logistics, Reimbursement
from ledger.ledger import Ledger
from ledger.schema import migrate
from ledger.tables import Base
from starters.api.app import NO_REPORTS, create_app
from starters.api.server import listen
from starters.api.settings import ApiSettings
from starters.client import ReturnsClient, ReturnSummary
from starters.errors import ReturnNotFound
from tests.unit.claim_builders import a_claim
from workflows.contracts import (
    ActionAnswer,
    ActionRequest,
    Decision,
    FollowUpOpened,
    ReopenRequest,
    ReturnStatus,
)
from workflows.contracts.claims import ClaimAction, ClaimActionAnswer, ClaimStatus

SECRET = "a-secret-of-the-carriers"
NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
APPLICATION: dict[str, Any] = {
    "order_id": "O-1",
    "customer_id": "C-1",
    "desired_resolution": "return_and_refund",
    "lines": [{"line_id": "1", "quantity": 1}],
}
CUSTOMER = {"actor": {"role": "customer", "id": "C-1"}}


class FakeReturns:
    """Returns in memory. `fails_with` is raised by every call, `answers_with` by none but given by `apply`."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        self.applied: dict[str, ReturnApplication] = {}
        self.acted: list[tuple[str, Action, ActionRequest, str | None]] = []
        self.claimed: list[tuple[str, ClaimParty, ClaimAction, ActionRequest, str | None]] = []
        self.reopened: list[tuple[str, ReopenRequest, str | None]] = []
        self.scanned: list[tuple[str, CarrierEvent]] = []
        self.fails_with: Exception | None = None
        self.answers_with: Decision | None = None
        self.explanation: Explanation | None = None

    async def apply(self, application: ReturnApplication, request_id: str) -> Decision:
        self._fail()
        rma_id = rma_id_for(application.order_id, request_id)
        if self.answers_with:
            return self.answers_with
        self.applied[rma_id] = application
        return Decision(rma_id=rma_id, approval=Approval.APPROVED, policy_version="2026-11")

    async def status(self, rma_id: str) -> ReturnStatus:
        self._fail()
        application = self._application(rma_id)
        return ReturnStatus(
            rma_id=rma_id,
            order_id=application.order_id,
            remedy=application.desired_resolution,
            header=Header.OPEN,
            approval=Approval.APPROVED,
            logistics=Logistics.AWAITING_HANDOVER,
            inspection=InspectionStatus.PENDING,
            reimbursement=Reimbursement.NONE,
            is_final=False,
            money_settled=False,
            allowed_actions=(Action.CANCEL,),
        )

    async def explain(self, rma_id: str) -> Explanation:
        self._fail()
        self._application(rma_id)
        assert self.explanation is not None
        return self.explanation

    async def act(
        self, rma_id: str, action: Action, request: ActionRequest, request_id: str | None = None
    ) -> ActionAnswer:
        self._fail()
        self._application(rma_id)
        self.acted.append((rma_id, action, request, request_id))
        return ActionAnswer(rma_id=rma_id, action=action, accepted_at=NOW)

    async def claim_status(self, rma_id: str, party: ClaimParty) -> ClaimStatus:
        self._fail()
        self._application(rma_id)
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
        self._application(rma_id)
        self.claimed.append((rma_id, party, action, request, request_id))
        return ClaimActionAnswer(reference=a_claim(rma_id, party).reference, action=action, accepted_at=NOW)

    async def reopen(self, rma_id: str, request: ReopenRequest, request_id: str | None = None) -> FollowUpOpened:
        self._fail()
        self._application(rma_id)
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

    async def report_carrier_event(self, rma_id: str, event: CarrierEvent) -> bool:
        self._fail()
        self.scanned.append((rma_id, event))
        return True

    async def of_order(self, order_id: str) -> list[ReturnSummary]:
        return [summary async for summary in self._of_order(order_id)]

    async def _of_order(self, order_id: str) -> AsyncIterator[ReturnSummary]:
        self._fail()
        for rma_id, application in self.applied.items():
            if application.order_id == order_id:
                yield ReturnSummary(
                    rma_id=rma_id, order_id=order_id, header="OPEN", stage="ship_back", started_at=NOW
                )

    def _application(self, rma_id: str) -> ReturnApplication:
        if rma_id not in self.applied:
            raise ReturnNotFound(f"There is no return {rma_id}.", "rma_id")
        return self.applied[rma_id]

    def _fail(self) -> None:
        if self.fails_with:
            raise self.fails_with


class Api:
    """A running API: its URL, an HTTP client of it, and what stands behind it."""

    def __init__(self, url: str, returns: FakeReturns, ledger: Ledger) -> None:
        self.url = url
        self.returns = returns
        self.ledger = ledger
        self.http = httpx.Client(base_url=url, timeout=20)

    def apply(self, body: Any, key: str = "k-1") -> httpx.Response:
        return self.http.post("/v1/returns", json=body, headers={"Idempotency-Key": key})

    def apply_raw(self, body: bytes | Iterator[bytes], content_type: str = "application/json") -> httpx.Response:
        headers = {"Idempotency-Key": "k-1", "Content-Type": content_type}
        return self.http.post("/v1/returns", content=body, headers=headers)

    def new_return(self, key: str = "k-1") -> str:
        return str(self.apply(APPLICATION, key).json()["rma_id"])

    def new_parked(self) -> str:
        """The id of goods that no return was found for."""
        receipt_id = f"D-{uuid4().hex[:10]}"
        dock = Actor(role=Role.WAREHOUSE, id="dock-2")
        receipt = BlindReceipt(receipt_id=receipt_id, actor=dock, received_at=NOW)
        (parked_id,) = self.ledger.accept_receipt(receipt).parked_ids
        return parked_id

    def empty(self) -> None:
        """Forget everything, the ledger's books included."""
        self.returns.forget()
        with self.ledger.engine.begin() as connection:
            for table in reversed(Base.metadata.sorted_tables):
                connection.execute(delete(table))

    def act(self, rma_id: str, action: str, body: Any, headers: dict[str, str] | None = None) -> httpx.Response:
        return self.http.post(f"/v1/returns/{rma_id}/actions/{action}", json=body, headers=headers)

    def register_parcel(self, rma_id: str, tracking_no: str) -> None:
        entry = StageEntry(rma_id=rma_id, op="parcel-1", at=NOW, carrier="sf", tracking_no=tracking_no)
        self.ledger.record(entry)


def settings(ledger_url: str, token: str | None = None) -> ApiSettings:
    values = {"ledger_url": ledger_url, "carrier_webhook_secret": SECRET, "api_token": token}
    return ApiSettings.model_validate(values)


@contextmanager
def running_api(
    folder: Path, token: str | None = None, reports: Mapping[str, PaymentReports] = NO_REPORTS
) -> Iterator[Api]:
    """Serve the application in a thread, over a fresh ledger."""
    ledger_url = f"sqlite:///{folder / 'ledger.db'}"
    migrate(ledger_url)
    ledger = Ledger.open(ledger_url)
    returns = FakeReturns()
    app = create_app(cast(ReturnsClient, returns), ledger, settings(ledger_url, token), reports=reports)
    listener, url = listen("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, timeout_keep_alive=60))
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.01)
    api = Api(url, returns, ledger)
    try:
        yield api
    finally:
        api.http.close()
        server.should_exit = True
        thread.join(20)
        listener.close()
        ledger.engine.dispose()


def problem_of(response: httpx.Response, status: int, code: str, field: str | None = None) -> dict[str, Any]:
    """Check that an answer is a complete problem document of a kind, and give it."""
    problem: dict[str, Any] = json.loads(response.text)
    assert (response.status_code, problem["code"], problem.get("field")) == (status, code, field), response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert problem["status"] == status
    assert problem["type"] == f"urn:returnflow:problem:{code}"
    assert problem["instance"] == response.request.url.raw_path.decode().partition("?")[0]
    assert problem["title"]
    assert problem["detail"]
    return problem
