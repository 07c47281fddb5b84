"""The stock of an exchange: leased from approval, renewed while the parcel moves, given back when it stops."""

from datetime import timedelta
from typing import Any

from domain.status import Logistics
from testkit.pipeline import Pipeline
from tests.workflow.swaps import Swap, swap

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


async def sent_by_label(pipeline: Pipeline, item: str = "SAME") -> Swap:
    case = await swap(pipeline)
    await case.apply(item, ship_back="label")
    await pipeline.until(case.rma_id, lambda status: status.logistics is Logistics.AWAITING_HANDOVER)
    return case


async def leases(pipeline: Pipeline, case: Swap) -> list[tuple[str, Any]]:
    return [(hold["status"], hold["until"]) for hold in await pipeline.books("holds", case.rma_id)]


async def noted(pipeline: Pipeline, case: Swap, what: str) -> None:
    await pipeline.until(case.rma_id, lambda status: what in [entry.what for entry in status.timeline])


async def under_trace(pipeline: Pipeline, case: Swap) -> None:
    await pipeline.scan(case.rma_id, "picked_up")
    await pipeline.scan(case.rma_id, "accepted")
    await pipeline.lapse(case.rma_id, 3 * DAY + HOUR)
    await noted(pipeline, case, "replacement stock given back")


async def test_an_exchange_in_time_needs_one_lease(pipeline: Pipeline) -> None:
    case = await sent_by_label(pipeline)
    await pipeline.lapse(case.rma_id, 6 * DAY + 12 * HOUR)
    await pipeline.scan(case.rma_id, "picked_up")
    await pipeline.scan(case.rma_id, "accepted")
    await pipeline.lapse(case.rma_id, 2 * DAY)
    await pipeline.scan(case.rma_id, "delivered")
    await pipeline.inspect(case.rma_id)
    await pipeline.end(case.rma_id)
    assert [status for status, _ in await leases(pipeline, case)] == ["held", "used"]


async def test_a_slow_parcel_has_its_lease_renewed(pipeline: Pipeline) -> None:
    case = await sent_by_label(pipeline)
    await pipeline.lapse(case.rma_id, 6 * DAY)
    await pipeline.scan(case.rma_id, "picked_up")
    await pipeline.scan(case.rma_id, "accepted")
    for _ in range(2):
        await pipeline.lapse(case.rma_id, 2 * DAY + 22 * HOUR)
        await pipeline.scan(case.rma_id, "in_transit")
    await noted(pipeline, case, "replacement stock held")
    await pipeline.lapse(case.rma_id, 2 * DAY)
    await pipeline.scan(case.rma_id, "delivered")
    await pipeline.inspect(case.rma_id)
    await pipeline.end(case.rma_id)
    (first, second, used) = await leases(pipeline, case)
    assert (first[0], second[0], used[0]) == ("held", "held", "used")
    assert second[1] > first[1]
    assert (await case.ending()).replacements == ((case.item("SAME"),),)


async def test_a_silent_parcel_gives_its_stock_back_and_takes_it_again_when_it_moves(pipeline: Pipeline) -> None:
    case = await sent_by_label(pipeline, "LAST")
    await under_trace(pipeline, case)
    assert await case.hold() == "released"
    await pipeline.scan(case.rma_id, "in_transit")
    await noted(pipeline, case, "replacement stock held")
    assert await case.hold() == "held"
    await pipeline.scan(case.rma_id, "delivered")
    await pipeline.inspect(case.rma_id)
    await pipeline.end(case.rma_id)
    assert (await case.ending()).replacements == ((case.item("LAST"),),)


async def test_stock_that_another_took_meanwhile_becomes_a_refund_and_the_customer_is_told(
    pipeline: Pipeline,
) -> None:
    case = await sent_by_label(pipeline, "LAST")
    await under_trace(pipeline, case)
    at = (await pipeline.now(case.rma_id)).isoformat()
    other = {"reference": f"{case.own}-other", "item_ids": [case.item("LAST")], "at": at}
    answer = await pipeline.sandbox.post("/inventory/holds", json=other)
    assert answer.json()["held"] is True
    await pipeline.scan(case.rma_id, "in_transit")
    await noted(pipeline, case, "replacement stock lost")
    await pipeline.scan(case.rma_id, "delivered")
    await pipeline.inspect(case.rma_id)
    await case.substitute("return_and_refund")
    result = await pipeline.end(case.rma_id)
    assert result.refunded_minor == 10_000
    told = await pipeline.told(case.rma_id)
    assert told.index("exchange_stock_lost") < told.index("exchange_refunded") < told.index("refund_paid")
    await pipeline.balance(case.order_id)


async def test_a_lost_parcel_gives_the_stock_back(pipeline: Pipeline) -> None:
    case = await sent_by_label(pipeline)
    await pipeline.scan(case.rma_id, "picked_up")
    await pipeline.scan(case.rma_id, "lost")
    await pipeline.end(case.rma_id)
    assert await case.hold() == "released"


async def test_a_size_swap_may_come_freight_collect(pipeline: Pipeline) -> None:
    case = await swap(pipeline)
    asked = case.asking("SAME", ship_back="customer_ships")
    asked["lines"][0]["reason"] = "size_too_small"
    case.rma_id = (await pipeline.apply(case.order, **asked)).rma_id
    assert "ship_yourself_collect" in await pipeline.messages(case.rma_id, 2)
