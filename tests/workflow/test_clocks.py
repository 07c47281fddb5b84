"""Promises that are paused: by force majeure only a supervisor's word counts, and only its own length."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.actions import Action, Role
from domain.clocks import Clock, ClockName, ClockState
from domain.status import Approval, Header
from starters.errors import ActionNotAllowed, InvalidAction
from testkit.pipeline import Pipeline
from tests.workflow.payouts import shipped_back
from tests.workflow.reviews import DAY, HOUR, MINUTE, USED


async def clock(pipeline: Pipeline, rma_id: str, name: ClockName) -> Clock:
    status = await pipeline.returns.status(rma_id)
    return [entry for entry in status.clocks if entry.name is name][-1]


async def waits_for(pipeline: Pipeline, rma_id: str, name: ClockName) -> Clock:
    await pipeline.until(
        rma_id, lambda status: status.next_deadline is not None and status.next_deadline.clock is name
    )
    return await clock(pipeline, rma_id, name)


async def pause(pipeline: Pipeline, rma_id: str, time: timedelta, *clocks: ClockName) -> datetime:
    """Pause clocks for so long from now; all of them if none is named."""
    until = await pipeline.now(rma_id) + time
    fields: dict[str, Any] = {"cause": "natural_disaster", "note": "a typhoon", "until": until, "clocks": clocks}
    await pipeline.act(rma_id, Action.PAUSE_CLOCKS, Role.SUPERVISOR, **fields)
    return until


async def test_a_force_majeure_moves_the_inspection_promise_by_its_length(pipeline: Pipeline) -> None:
    rma_id = await shipped_back(pipeline, await pipeline.order())
    promised_at = (await waits_for(pipeline, rma_id, ClockName.INSPECTION)).due_at
    await pipeline.lapse(rma_id, 10 * HOUR)
    await pause(pipeline, rma_id, 24 * HOUR, ClockName.INSPECTION)
    moved = await clock(pipeline, rma_id, ClockName.INSPECTION)
    assert abs(moved.due_at - promised_at - 24 * HOUR) < MINUTE
    assert moved.promised_at == promised_at
    (paused,) = moved.pauses
    assert (paused.author, paused.reason) == (f"supervisor-{rma_id}", "natural_disaster: a typhoon")
    await pipeline.lapse(rma_id, 61 * HOUR)
    assert (await pipeline.returns.status(rma_id)).coupons == ()
    await pipeline.inspect(rma_id)
    assert (await pipeline.end(rma_id)).header is Header.COMPLETED
    assert (await pipeline.returns.status(rma_id)).coupons == (), "71 hours, of which 24 were paused"
    assert "promises_paused" in await pipeline.told(rma_id)


async def test_a_promise_that_is_broken_after_a_pause_earns_its_coupon(pipeline: Pipeline) -> None:
    rma_id = await shipped_back(pipeline, await pipeline.order())
    await waits_for(pipeline, rma_id, ClockName.INSPECTION)
    await pause(pipeline, rma_id, 24 * HOUR)
    await pipeline.lapse(rma_id, 72 * HOUR + MINUTE)
    status = await pipeline.until(rma_id, lambda status: bool(status.coupons))
    breached = [entry for entry in status.clocks if entry.state is ClockState.BREACHED]
    assert [entry.name for entry in breached] == [ClockName.INSPECTION]
    await pipeline.inspect(rma_id)
    await pipeline.end(rma_id)
    assert len(await pipeline.books("coupons", rma_id)) == 1


async def test_a_pause_that_is_over_sooner_moves_the_promise_by_what_it_took(pipeline: Pipeline) -> None:
    rma_id = await shipped_back(pipeline, await pipeline.order())
    promised_at = (await waits_for(pipeline, rma_id, ClockName.INSPECTION)).due_at
    await pause(pipeline, rma_id, 10 * DAY)
    with pytest.raises(ActionNotAllowed):
        await pause(pipeline, rma_id, 10 * DAY)
    await pipeline.lapse(rma_id, 5 * HOUR)
    await pipeline.act(rma_id, Action.RESUME_CLOCKS, Role.SUPERVISOR, note="it is over")
    with pytest.raises(ActionNotAllowed):
        await pipeline.act(rma_id, Action.RESUME_CLOCKS, Role.SUPERVISOR)
    moved = await clock(pipeline, rma_id, ClockName.INSPECTION)
    assert abs(moved.due_at - promised_at - 5 * HOUR) < MINUTE
    await pipeline.lapse(rma_id, 48 * HOUR + MINUTE)
    await pipeline.until(rma_id, lambda status: bool(status.coupons))


async def test_every_step_of_an_escalation_moves(pipeline: Pipeline) -> None:
    rma_id = (await pipeline.apply(await pipeline.order(), lines=[USED])).rma_id
    await waits_for(pipeline, rma_id, ClockName.MANUAL_REVIEW)
    applied_at = await pipeline.now(rma_id)
    await pause(pipeline, rma_id, 12 * HOUR, ClockName.MANUAL_REVIEW)
    await pipeline.lapse(rma_id, 35 * HOUR)
    assert (await pipeline.returns.status(rma_id)).needs == Role.AGENT_TIER_2
    await pipeline.lapse(rma_id, HOUR + MINUTE)
    await pipeline.until(rma_id, lambda status: status.needs == Role.AGENT_TIER_3)
    again = await waits_for(pipeline, rma_id, ClockName.MANUAL_REVIEW)
    assert abs(again.due_at - applied_at - 60 * HOUR) < MINUTE
    assert len(again.pauses) == 1


async def test_a_promise_that_starts_while_all_are_paused_is_paused_too(pipeline: Pipeline) -> None:
    rma_id = (await pipeline.apply(await pipeline.order(), lines=[USED])).rma_id
    await waits_for(pipeline, rma_id, ClockName.MANUAL_REVIEW)
    until = await pause(pipeline, rma_id, 3 * DAY)
    await pipeline.lapse(rma_id, 2 * DAY)
    await pipeline.act(rma_id, Action.REVIEW, Role.AGENT_TIER_2, approve=False, note="worn")
    appeal = await waits_for(pipeline, rma_id, ClockName.APPEAL)
    assert appeal.due_at == until + 7 * DAY
    await pipeline.lapse(rma_id, 8 * DAY - HOUR)
    assert (await pipeline.returns.status(rma_id)).approval is Approval.DECLINED
    assert Action.APPEAL in (await pipeline.returns.status(rma_id)).allowed_actions
    await pipeline.lapse(rma_id, HOUR + MINUTE)
    assert (await pipeline.end(rma_id)).header is Header.DECLINED


@pytest.mark.parametrize(
    ("time", "clocks", "field"),
    [
        (-HOUR, (), "until"),
        (31 * DAY, (), "until"),
        (DAY, (ClockName.INSPECTION, ClockName.PICKUP), "clocks"),
    ],
    ids=["past", "too long", "not running"],
)
async def test_a_pause_that_makes_no_sense_is_refused(
    pipeline: Pipeline, time: timedelta, clocks: tuple[ClockName, ...], field: str
) -> None:
    rma_id = (await pipeline.apply(await pipeline.order(), lines=[USED])).rma_id
    await waits_for(pipeline, rma_id, ClockName.MANUAL_REVIEW)
    before = await pipeline.returns.status(rma_id)
    with pytest.raises(InvalidAction) as refused:
        await pause(pipeline, rma_id, time, *clocks)
    assert refused.value.field == field
    assert await pipeline.returns.status(rma_id) == before


async def test_the_first_response_is_a_promise_on_the_record(pipeline: Pipeline) -> None:
    rma_id = (await pipeline.apply(await pipeline.order(), lines=[USED])).rma_id
    response = await clock(pipeline, rma_id, ClockName.FIRST_RESPONSE)
    assert response.state is ClockState.MET
    assert response.ended_at is not None
    assert response.ended_at <= response.due_at == response.started_at + MINUTE
