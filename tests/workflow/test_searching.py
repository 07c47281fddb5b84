"""Ops search by attributes: each question of the guide finds the returns that it is about, and no others."""

import asyncio
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.api.sdk.v1 import WorkflowMetadata

from domain.actions import Action, Role
from domain.status import Logistics, Reimbursement
from testkit.pipeline import Pipeline, outage
from tests.workflow.parcels import HOUR, MINUTE, USED, booked
from workflows import ids

GUIDE = (Path(__file__).parents[2] / "docs" / "ops.md").read_text("utf-8")
QUESTIONS = dict(re.findall(r"^\| ([^|]+) \| `([^`|]+ [=!><B][^`|]*)` \|$", GUIDE, re.MULTILINE))
_TIME = re.compile(r'"20\d\d-[^"]+"')


async def indexed(pipeline: Pipeline, rma_id: str) -> None:
    """Wait until searches know what the return says of itself: Temporal's index follows a moment later."""
    workflow_id = ids.return_workflow_id(rma_id)
    handle = pipeline.client.get_workflow_handle(workflow_id)
    async with asyncio.timeout(30):
        while True:
            own = await handle.describe()
            listed = [each async for each in pipeline.client.list_workflows(f'WorkflowId = "{workflow_id}"')]
            if [(each.status, each.search_attributes) for each in listed] == [(own.status, own.search_attributes)]:
                return
            await asyncio.sleep(0.05)


async def found(pipeline: Pipeline, question: str, rma_id: str, *times: str) -> bool:
    """Whether a question finds a return, with times of the return's own clock in the place of the guide's."""
    await indexed(pipeline, rma_id)
    given = iter(times)
    query = _TIME.sub(lambda _: f'"{next(given)}"', QUESTIONS[question])
    order_id = (await pipeline.returns.status(rma_id)).order_id
    return rma_id in [
        each.rma_id async for each in pipeline.returns.search(f'({query}) AND ReturnOrderId = "{order_id}"')
    ]


async def around(pipeline: Pipeline, rma_id: str, before: timedelta, after: timedelta) -> tuple[str, str]:
    now = await pipeline.now(rma_id)
    return (now - before).isoformat(), (now + after).isoformat()


async def waits_for_a_review(pipeline: Pipeline) -> str:
    return (await pipeline.apply(await pipeline.order(), lines=[USED])).rma_id


async def collected(pipeline: Pipeline) -> str:
    rma_id = await booked(pipeline)
    await pipeline.scan(rma_id, "picked_up")
    await pipeline.until(rma_id, lambda status: status.logistics is Logistics.PICKED_UP)
    return rma_id


async def test_an_inspection_that_was_late_today(pipeline: Pipeline) -> None:
    rma_id = (await pipeline.apply(await pipeline.order())).rma_id
    await pipeline.to_the_warehouse(rma_id)
    question = "whose inspection was late today"
    assert not await found(pipeline, question, rma_id, "2000-01-01T00:00:00Z")
    await pipeline.lapse(rma_id, 48 * HOUR + MINUTE)
    await pipeline.until(rma_id, lambda status: bool(status.coupons))
    ago, ahead = await around(pipeline, rma_id, HOUR, HOUR)
    assert await found(pipeline, question, rma_id, ago)
    assert not await found(pipeline, question, rma_id, ahead)


async def test_what_is_due_within_four_hours(pipeline: Pipeline) -> None:
    rma_id = await waits_for_a_review(pipeline)
    question = "what is due within four hours"
    assert not await found(pipeline, question, rma_id, *await around(pipeline, rma_id, MINUTE, 4 * HOUR))
    await pipeline.lapse(rma_id, 21 * HOUR)
    assert await found(pipeline, question, rma_id, *await around(pipeline, rma_id, MINUTE, 4 * HOUR))


async def test_what_waits_for_a_role_or_for_any(pipeline: Pipeline) -> None:
    rma_id = await waits_for_a_review(pipeline)
    await pipeline.until(rma_id, lambda status: status.needs == Role.AGENT_TIER_2)
    assert await found(pipeline, "what waits for any person", rma_id)
    assert not await found(pipeline, "what waits for a supervisor", rma_id)
    await pipeline.act(rma_id, Action.REVIEW, Role.AGENT_TIER_2, approve=False, note="worn")
    await pipeline.act(rma_id, Action.APPEAL, Role.CUSTOMER, note="it is not")
    await pipeline.until(rma_id, lambda status: status.needs == Role.SUPERVISOR)
    assert await found(pipeline, "what waits for a supervisor", rma_id)


async def test_a_refund_of_unknown_outcome(pipeline: Pipeline) -> None:
    order = await pipeline.order()
    rma_id = (await pipeline.apply(order)).rma_id
    await pipeline.to_the_warehouse(rma_id)
    payment = {"payment_id": f"{order['order_id']}-p1"}
    await pipeline.fault(target="payments.refund", match=payment, **outage(10))
    await pipeline.inspect(rma_id)
    await pipeline.until(rma_id, lambda status: status.reimbursement is Reimbursement.EXECUTING)
    question = "refunds of unknown outcome for over an hour"
    await pipeline.lapse(rma_id, 50 * MINUTE)
    assert not await found(pipeline, question, rma_id)
    await pipeline.lapse(rma_id, 11 * MINUTE)
    await pipeline.until(rma_id, lambda status: status.needs == Role.SUPERVISOR)
    assert await found(pipeline, question, rma_id)


async def test_a_parcel_that_was_collected_and_never_scanned(pipeline: Pipeline) -> None:
    rma_id = await collected(pipeline)
    question = "parcels that were collected and never scanned"
    assert not await found(pipeline, question, rma_id)
    await pipeline.lapse(rma_id, 2 * HOUR + MINUTE)
    await pipeline.messages(rma_id, 1, "staff_alert")
    assert await found(pipeline, question, rma_id)


async def test_a_parcel_that_stands_still(pipeline: Pipeline) -> None:
    rma_id = await collected(pipeline)
    await pipeline.scan(rma_id, "accepted")
    await pipeline.until(rma_id, lambda status: status.logistics is Logistics.IN_TRANSIT)
    question = "parcels that stand still on their way"
    assert not await found(pipeline, question, rma_id)
    await pipeline.lapse(rma_id, 72 * HOUR + MINUTE)
    await pipeline.messages(rma_id, 1, "staff_alert")
    assert await found(pipeline, question, rma_id)


async def test_what_ended_well_is_found_by_all_that_it_was(pipeline: Pipeline) -> None:
    order = await pipeline.order(tier="high_value")
    rma_id = await pipeline.inspected(order)
    await pipeline.end(rma_id)
    assert await found(pipeline, "what ended well since a moment", rma_id, "2000-01-01T00:00:00Z")
    status = await pipeline.returns.status(rma_id)
    await indexed(pipeline, rma_id)
    query = (
        f'ReturnOrderId = "{status.order_id}" AND ReturnRemedy = "return_and_refund"'
        f' AND ReturnReasons = "changed_mind" AND ReturnCarriers = "{status.carrier}"'
        f' AND ReturnWarehouse = "{status.warehouse}"'
        ' AND ReturnCustomerTier = "high_value" AND ReturnLiableParty = "customer"'
        ' AND ReturnRefundMinor = 10000 AND ReturnCurrency = "CNY"'
    )
    assert [each.rma_id async for each in pipeline.returns.search(query)] == [rma_id]


async def test_each_update_says_all_for_returns_of_earlier_versions_too(
    pipeline: Pipeline,
) -> None:
    rma_id = await waits_for_a_review(pipeline)
    await pipeline.act(rma_id, Action.COMPLAIN, Role.CUSTOMER, note="it takes long")
    await pipeline.until(rma_id, lambda status: status.needs == Role.SUPERVISOR)
    until = await pipeline.now(rma_id) + HOUR
    fields: dict[str, Any] = {"cause": "natural_disaster", "note": "a typhoon", "until": until}
    await pipeline.act(rma_id, Action.PAUSE_CLOCKS, Role.SUPERVISOR, clocks=["complaint"], **fields)
    history = await pipeline.client.get_workflow_handle(ids.return_workflow_id(rma_id)).fetch_history()
    updates = [
        set(event.upsert_workflow_search_attributes_event_attributes.search_attributes.indexed_fields)
        for event in history.events
        if event.HasField("upsert_workflow_search_attributes_event_attributes")
    ]
    updates.remove({"TemporalChangeVersion"})
    assert len(updates) == 3
    assert all({"ReturnStage", "ReturnRemedy", "ReturnWarehouse"} <= update for update in updates)


@pytest.mark.parametrize("question", QUESTIONS)
async def test_temporal_understands_every_question(pipeline: Pipeline, question: str) -> None:
    [each async for each in pipeline.returns.search(QUESTIONS[question], limit=1)]


def test_the_guide_has_the_questions() -> None:
    assert len(QUESTIONS) == 10


async def test_the_web_ui_tells_what_is_due_and_who_must_act(pipeline: Pipeline) -> None:
    rma_id = await waits_for_a_review(pipeline)
    await pipeline.until(rma_id, lambda status: status.needs == Role.AGENT_TIER_2)
    handle = pipeline.client.get_workflow_handle(ids.return_workflow_id(rma_id))
    description = await handle.describe()
    assert (await description.static_summary() or "").startswith("return_and_refund: 1 units of order ")
    assert "| SHIRT-M | 1 | changed mind |" in (await description.static_details() or "")
    metadata = await handle.query("__temporal_workflow_metadata", result_type=WorkflowMetadata)
    due_at = (await pipeline.now(rma_id) + 24 * HOUR).strftime("%Y-%m-%d")
    assert f"- next: manual review due {due_at}" in metadata.current_details
    assert "- must act: agent tier 2" in metadata.current_details
    assert "approval MANUAL_REVIEW |" in metadata.current_details
