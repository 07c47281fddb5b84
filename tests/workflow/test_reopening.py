"""A settled return that is reopened: a follow-up case with a number of its own, decided by a person."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from domain.actions import Action, Role
from domain.application import ReturnApplication
from domain.follow_up import KeptCase
from domain.orders import OrderSnapshot
from domain.status import Approval, Header
from starters.errors import (
    ActionNotAllowed,
    InvalidAction,
    RequestIdReused,
    ReturnNotFound,
    RoleNotPermitted,
)
from tests.pipeline import Pipeline, line
from tests.unit.ledger_builders import NOW, a_closing, an_opening, an_order
from tests.workflow.test_contest import found

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
ACCEPTED = {"line_id": "SHIRT-M", "verdict": "accepted", "grade": "A"}


async def settled(pipeline: Pipeline, order: dict[str, Any]) -> str:
    """A return of three shirts of which one was accepted and paid; the customer kept silent."""
    asked = [{"line_id": "SHIRT-M", "quantity": 3, "condition": "unopened"}]
    rma_id = await pipeline.inspected(order, found(1, True), found(2, False), lines=asked)
    await pipeline.until(rma_id, lambda status: "accept_result" in status.allowed_actions)
    await pipeline.act(rma_id, Action.ACCEPT_RESULT, Role.CUSTOMER)
    assert (await pipeline.end(rma_id)).refunded_minor == 3_333
    return rma_id


async def three_shirts(pipeline: Pipeline) -> dict[str, Any]:
    return await pipeline.order(lines=[line(quantity=3, unit_price_minor=10_000, discount_minor=20_000)])


async def waiting(pipeline: Pipeline, rma_id: str) -> str:
    """A follow-up that waits for a supervisor."""
    opened = await pipeline.reopen(rma_id)
    await pipeline.until(opened.rma_id, lambda status: "decide_reopening" in status.allowed_actions)
    return opened.rma_id


async def test_another_look_pays_what_is_accepted_after_all_and_nothing_twice(pipeline: Pipeline) -> None:
    order = await three_shirts(pipeline)
    first = await settled(pipeline, order)
    rma_id = await waiting(pipeline, first)
    assert rma_id == f"{first}-2"
    status = await pipeline.returns.status(rma_id)
    assert (status.header, status.needs, status.paid_before_minor) == (Header.REOPENED, Role.SUPERVISOR, 3_333)
    assert status.follows is not None
    assert status.follows.of == first
    assert status.lines[0].authorized == 2
    assert (await pipeline.returns.status(first)).followed_by == rma_id

    decide = {"order": "inspect_again", "note": "The photo shows it."}
    await pipeline.act(rma_id, Action.DECIDE_REOPENING, Role.SUPERVISOR, **decide)
    await pipeline.until(rma_id, lambda status: "inspect" in status.allowed_actions)
    # One more than the follow-up holds is a surplus, which is not paid.
    await pipeline.inspect(rma_id, ACCEPTED | {"quantity": 3})
    result = await pipeline.end(rma_id)
    assert (result.header, result.refunded_minor) == (Header.COMPLETED, 6_667)
    balance = await pipeline.balance(order["order_id"])
    assert (balance.refunded_minor, balance.lines[0].settled, balance.lines[0].held) == (10_000, 3, 0)
    assert await pipeline.messages(rma_id, 3) == ["return_reopened", "contest_decided", "refund_paid"]


async def test_a_supervisor_may_leave_it_as_it_is(pipeline: Pipeline) -> None:
    order = await three_shirts(pipeline)
    rma_id = await waiting(pipeline, await settled(pipeline, order))
    with pytest.raises(RoleNotPermitted):
        await pipeline.act(rma_id, Action.DECIDE_REOPENING, Role.AGENT_TIER_3, order="dismiss", note="no")
    with pytest.raises(ActionNotAllowed):
        await pipeline.act(rma_id, Action.REVIEW, Role.SUPERVISOR, approve=True, note="by another door")
    await pipeline.act(rma_id, Action.DECIDE_REOPENING, Role.SUPERVISOR, order="dismiss", note="They were worn.")
    assert (await pipeline.end(rma_id)).header is Header.DECLINED
    assert await pipeline.messages(rma_id, 2) == ["return_reopened", "reopening_dismissed"]
    assert (await pipeline.balance(order["order_id"])).lines[0].held == 0


async def test_a_reopening_that_nobody_decides_is_told_each_day_and_may_be_withdrawn(pipeline: Pipeline) -> None:
    rma_id = await waiting(pipeline, await settled(pipeline, await three_shirts(pipeline)))
    await pipeline.lapse(rma_id, DAY + HOUR)
    await pipeline.lapse(rma_id, DAY)
    assert await pipeline.messages(rma_id, 3, "staff_alert") == ["staff_return_reopened"] * 3
    await pipeline.act(rma_id, Action.CANCEL, Role.CUSTOMER)
    assert (await pipeline.end(rma_id)).header is Header.CANCELED


async def test_where_everything_was_paid_there_is_nothing_to_inspect(pipeline: Pipeline) -> None:
    order = await pipeline.order()
    first = await pipeline.inspected(order)
    await pipeline.end(first)
    rma_id = await waiting(pipeline, first)
    with pytest.raises(InvalidAction, match="each was paid for") as refused:
        await pipeline.act(rma_id, Action.DECIDE_REOPENING, Role.SUPERVISOR, order="inspect_again", note="look")
    assert refused.value.field == "order"
    assert (await pipeline.returns.status(rma_id)).approval is Approval.MANUAL_REVIEW
    await pipeline.act(rma_id, Action.DECIDE_REOPENING, Role.SUPERVISOR, order="dismiss", note="paid")
    await pipeline.end(rma_id)
    assert (await pipeline.balance(order["order_id"])).refunded_minor == 10_000


async def test_the_same_request_finds_the_same_case_and_another_one_is_refused(pipeline: Pipeline) -> None:
    first = await settled(pipeline, await three_shirts(pipeline))
    same = await asyncio.gather(*(pipeline.reopen(first, "q-1") for _ in range(3)))
    assert {opened.rma_id for opened in same} == {f"{first}-2"}
    with pytest.raises(RequestIdReused):
        await pipeline.reopen(first, "q-1", note="Something else.")
    with pytest.raises(ActionNotAllowed, match=f"{first}-2 follows"):
        await pipeline.reopen(first, "q-2")
    await pipeline.act(f"{first}-2", Action.DECIDE_REOPENING, Role.SUPERVISOR, order="dismiss", note="no")
    await pipeline.end(f"{first}-2")
    assert (await pipeline.reopen(first, "q-1")).rma_id == f"{first}-2"
    with pytest.raises(ActionNotAllowed, match="reopened once already"):
        await pipeline.reopen(first, "q-3")


async def test_what_has_not_ended_or_does_not_exist_is_not_reopened(pipeline: Pipeline) -> None:
    with pytest.raises(ReturnNotFound):
        await pipeline.reopen("RMA-UNKNOWN")
    rma_id = (await pipeline.apply(await pipeline.order())).rma_id
    with pytest.raises(ActionNotAllowed, match="has not ended"):
        await pipeline.reopen(rma_id)


async def test_a_return_that_ended_more_than_a_week_ago_stays_closed(pipeline: Pipeline) -> None:
    """Its end lies in the year 2026 of the ledger's tests, long before this one is asked."""
    own = uuid4().hex[:8]
    order: OrderSnapshot = an_order(order_id=f"O-{own}")
    rma_id = f"R-{own}"
    pipeline.ledger.open_return(an_opening(rma_id, order, {"L1": 1}))
    application = ReturnApplication.model_validate(
        {
            "order_id": order.order_id,
            "customer_id": "C-1",
            "desired_resolution": "return_and_refund",
            "lines": [{"line_id": "L1", "quantity": 1}],
        }
    )
    pipeline.ledger.close_return(a_closing(rma_id, at=NOW, kept=KeptCase(application=application)))
    with pytest.raises(ActionNotAllowed, match="could be reopened for 7 days"):
        await pipeline.reopen(rma_id)
    assert pipeline.ledger.open_returns(order.order_id) == []
