"""Another address or window for a pickup that is booked, until the courier has the parcel."""

from datetime import timedelta
from typing import Any

import pytest

from domain.actions import Action, Role
from domain.clocks import ClockName, ClockState
from domain.status import Logistics
from starters.errors import ActionNotAllowed, InvalidAction
from testkit.pipeline import Pipeline
from tests.workflow.parcels import DAY, HOUR, SLOT_ENDS, arrives, booked, missed

SUZHOU = {"lines": ["12 Canal Road"], "city": "Suzhou", "country": "CN"}
NOWHERE = {"lines": ["1 Far Road"], "city": "Nagqu", "country": "CN", "postal_code": "999001"}


async def window(pipeline: Pipeline, rma_id: str, begins_in: timedelta) -> dict[str, Any]:
    start = await pipeline.now(rma_id) + begins_in
    return {"start": start, "end": start + 4 * HOUR}


async def change(pipeline: Pipeline, rma_id: str, **fields: Any) -> None:
    """Change the pickup, and wait until the other one is booked."""
    before = (await pipeline.returns.status(rma_id)).tracking_no
    await pipeline.act(rma_id, Action.CHANGE_PICKUP, Role.CUSTOMER, **fields)
    await pipeline.until(
        rma_id,
        lambda status: status.tracking_no != before and status.logistics is Logistics.PICKUP_BOOKED,
    )


async def test_another_window_is_booked_in_the_place_of_the_first(pipeline: Pipeline) -> None:
    rma_id = await booked(pipeline)
    later = await window(pipeline, rma_id, 2 * DAY)
    await change(pipeline, rma_id, window=later)
    status = await pipeline.until(
        rma_id,
        lambda status: status.next_deadline is not None and status.next_deadline.due_at == later["end"],
    )
    assert status.carrier == "swift"
    pickups = [clock.state for clock in status.clocks if clock.name is ClockName.PICKUP]
    assert pickups == [ClockState.STOPPED, ClockState.RUNNING]
    assert await pipeline.live_pickups(rma_id) == [f"{rma_id}-pickup-2"]
    await pipeline.lapse(rma_id, SLOT_ENDS + HOUR)
    assert await pipeline.messages(rma_id, 3) == ["approved", "pickup_booked", "pickup_changed"]
    await arrives(pipeline, rma_id)


async def test_another_address_keeps_the_window_and_holds_for_the_next_attempt(pipeline: Pipeline) -> None:
    rma_id = await booked(pipeline)
    await change(pipeline, rma_id, address=SUZHOU)
    first, second = (entry for entry in await pipeline.books("pickups", rma_id) if entry["status"] == "booked")
    assert (first["slot_end"], second["address"]["city"]) == (second["slot_end"], "Suzhou")
    await missed(pipeline, rma_id, "swift")
    assert (await pipeline.books("pickups", rma_id))[-1]["address"]["city"] == "Suzhou"


async def test_a_carrier_that_does_not_go_there_gives_way_to_a_label(pipeline: Pipeline) -> None:
    rma_id = await booked(pipeline)
    await pipeline.act(rma_id, Action.CHANGE_PICKUP, Role.CUSTOMER, address=NOWHERE)
    await pipeline.until(rma_id, lambda status: status.needs == Role.CUSTOMER)
    assert await pipeline.live_pickups(rma_id) == []
    assert (await pipeline.messages(rma_id, 3))[-1] == "label_ready"


async def test_a_courier_that_was_faster_keeps_the_parcel_and_the_customer_is_told(pipeline: Pipeline) -> None:
    """The scan's webhook is lost, so the change is accepted, and the carrier says that it comes too late."""
    rma_id = await booked(pipeline)
    status = await pipeline.returns.status(rma_id)
    path = f"/carriers/{status.carrier}/tracking/{status.tracking_no}/scans"
    at = (await pipeline.now(rma_id)).isoformat()
    (await pipeline.sandbox.post(path, json={"kind": "picked_up", "occurred_at": at})).raise_for_status()
    await pipeline.act(rma_id, Action.CHANGE_PICKUP, Role.CUSTOMER, address=SUZHOU)
    await pipeline.until(rma_id, lambda status: status.logistics is Logistics.PICKED_UP)
    assert await pipeline.live_pickups(rma_id) == [f"{rma_id}-pickup-1"]
    assert (await pipeline.messages(rma_id, 3))[-1] == "pickup_change_late"
    with pytest.raises(ActionNotAllowed):
        await pipeline.act(rma_id, Action.CHANGE_PICKUP, Role.CUSTOMER, address=SUZHOU)


async def test_two_changes_at_once_leave_one_live_pickup(pipeline: Pipeline) -> None:
    rma_id = await booked(pipeline)
    await pipeline.fault(
        target="carriers.pickup", kind="latency", seconds=0.4, match={"reference": f"{rma_id}-pickup-2"}
    )
    await pipeline.act(rma_id, Action.CHANGE_PICKUP, Role.CUSTOMER, window=await window(pipeline, rma_id, 2 * DAY))
    later = await window(pipeline, rma_id, 3 * DAY)
    await pipeline.act(rma_id, Action.CHANGE_PICKUP, Role.CUSTOMER, window=later)
    await pipeline.until(
        rma_id,
        lambda status: status.next_deadline is not None and status.next_deadline.due_at == later["end"],
    )
    assert len(await pipeline.live_pickups(rma_id)) == 1


async def test_a_change_that_nobody_can_keep_is_refused(pipeline: Pipeline) -> None:
    rma_id = await booked(pipeline)
    past = await window(pipeline, rma_id, -HOUR * 6)
    far = await window(pipeline, rma_id, 8 * DAY)
    refusals: list[tuple[dict[str, Any], str]] = [
        ({}, "window"),
        ({"window": past}, "window.end"),
        ({"window": far}, "window.start"),
    ]
    for fields, field in refusals:
        with pytest.raises(InvalidAction) as refused:
            await pipeline.act(rma_id, Action.CHANGE_PICKUP, Role.CUSTOMER, **fields)
        assert refused.value.field == field
    assert await pipeline.live_pickups(rma_id) == [f"{rma_id}-pickup-1"]
