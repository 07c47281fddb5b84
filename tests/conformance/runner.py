"""Runs a case to its end: the request, the parcel, a passing inspection; the answer comes from the books."""

import asyncio
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import httpx
from pydantic import ValidationError

from demo.judge import read_ending
from domain.actions import Action, Actor, Role
from domain.shipping import CarrierEvent
from domain.status import Approval, Logistics
from starters.client import ReturnsClient
from tests.conformance.cases import Case, Shop, Unreadable
from workflows.contracts import (
    Decision,
    InspectionReport,
    Receipt,
    ReturnStatus,
    ReviewVerdict,
)

AT_ONCE = 12
_PATIENCE_SECONDS = 60.0
_WAREHOUSE = Actor(role=Role.WAREHOUSE, id="conformance")
_SUPERVISOR = Actor(role=Role.SUPERVISOR, id="conformance")


async def load(sandbox: httpx.AsyncClient, shop: Shop, cases: Sequence[Case | Unreadable]) -> None:
    """Load the catalogue, and for each case its own copy of the order and customer, delivered two days ago."""
    readable = [case for case in cases if isinstance(case, Case)]
    for kind, records in (
        ("catalog", shop.catalog),
        ("customers", shop.customers(readable)),
        ("orders", shop.orders(readable)),
    ):
        body = "\n".join(json.dumps(record) for record in records)
        answer = await sandbox.post(f"/load/{kind}", params={"delivered_ago": "P2D"}, content=body)
        answer.raise_for_status()


async def run_cases(
    returns: ReturnsClient,
    sandbox: httpx.AsyncClient,
    cases: Sequence[Case | Unreadable],
    done: Callable[[], None],
) -> list[dict[str, Any]]:
    """Run every case; the answers are in the order of the cases, and no case keeps another from its answer."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(case: Case | Unreadable) -> dict[str, Any]:
        async with gate:
            answer = await _answered(returns, sandbox, case)
        done()
        return answer

    return await asyncio.gather(*(one(case) for case in cases))


async def _answered(returns: ReturnsClient, sandbox: httpx.AsyncClient, case: Case | Unreadable) -> dict[str, Any]:
    if isinstance(case, Unreadable):
        return _answer(case, why="invalid_request")
    try:
        return await asyncio.wait_for(_run(returns, sandbox, case), _PATIENCE_SECONDS)
    except Exception as error:
        return _answer(case, why=f"not_finished: {type(error).__name__}: {error}")


def compare(case: Case | Unreadable, answer: dict[str, Any]) -> str | None:
    """Say how an answer differs from what was expected, None if it does not."""
    if case.expected is None:
        return None
    actual = {name: answer.get(name) for name in case.expected}
    return None if actual == case.expected else f"{case.case_id}: expected {case.expected}, got {actual}"


async def _run(returns: ReturnsClient, sandbox: httpx.AsyncClient, case: Case) -> dict[str, Any]:
    try:
        application = case.application()
    except ValidationError:
        return _answer(case, why="invalid_request")
    decision = await returns.apply(application, f"case-{case.number}")
    if decision.refusal:
        return _answer(case, why=decision.refusal.code.value)
    if decision.approval is not Approval.APPROVED:
        verdict = ReviewVerdict(actor=_SUPERVISOR, approve=True, note="recorded as accepted")
        await returns.act(decision.rma_id, Action.REVIEW, verdict)
    if case.kind != "cancel":
        await _ship_and_inspect(returns, decision)
    result = await returns.result(decision.rma_id)
    if result.refusal:
        return _answer(case, why=result.refusal.code.value)
    return await _from_the_books(sandbox, case, decision)


async def _ship_and_inspect(returns: ReturnsClient, decision: Decision) -> None:
    rma_id = decision.rma_id
    status = await _until(returns, rma_id, lambda status: status.logistics is Logistics.PICKUP_BOOKED)
    for kind in ("picked_up", "accepted", "delivered"):
        scan = CarrierEvent(
            event_id=f"{rma_id}-{kind}",
            carrier=status.carrier,
            tracking_no=status.tracking_no,
            kind=kind,
            occurred_at=datetime.now(UTC),
        )
        await returns.report_carrier_event(rma_id, scan)
    await returns.act(rma_id, Action.RECEIVE, Receipt(actor=_WAREHOUSE, received_at=datetime.now(UTC)))
    units = [
        {"line_id": line.line_id, "quantity": line.authorized, "verdict": "accepted", "grade": "A"}
        for line in status.lines
    ]
    report = InspectionReport.model_validate({"actor": _WAREHOUSE, "units": units})
    await returns.act(rma_id, Action.INSPECT, report)


async def _until(returns: ReturnsClient, rma_id: str, holds: Callable[[ReturnStatus], bool]) -> ReturnStatus:
    while not holds(status := await returns.status(rma_id)):
        await asyncio.sleep(0.05)
    return status


async def _from_the_books(sandbox: httpx.AsyncClient, case: Case, decision: Decision) -> dict[str, Any]:
    """Read what really moved; an exchange counts only if its replacements were released."""
    ending = await read_ending(sandbox, decision.rma_id, case.own(case.order_id))
    refunded = sum(refund.amount_minor for refund in ending.refunds)
    charged = sum(charge.amount_minor for charge in ending.charges)
    methods = dict.fromkeys(case.original(refund.method_id) for refund in ending.refunds)
    refund_to = ",".join(methods) or None
    if case.kind == "exchange":
        released = sorted(item for items in ending.replacements for item in items)
        if released != sorted(case.new_items or ()):
            return _answer(case, why="replacement_not_released")
        return _answer(case, accepted=True, refund_to=refund_to, price_difference_minor=charged - refunded)
    return _answer(case, accepted=True, refund_minor=refunded, refund_to=refund_to)


def _answer(case: Case | Unreadable, accepted: bool = False, **known: Any) -> dict[str, Any]:
    blank = {"why": None, "refund_minor": None, "refund_to": None, "price_difference_minor": None}
    return {"case_id": case.case_id, "accepted": accepted} | blank | known
