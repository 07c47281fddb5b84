"""What a parcel holds beyond what was to come is a result: told, kept or sent back, and never refunded."""

from typing import Any

from domain.actions import Action, Role
from domain.inspection import Unexpected
from domain.status import InspectionStatus
from testkit.pipeline import Pipeline

GOOD = {"line_id": "SHIRT-M", "quantity": 1, "verdict": "accepted", "grade": "A"}


async def inspected(pipeline: Pipeline, *units: dict[str, Any], **more: Any) -> str:
    rma_id = (await pipeline.apply(await pipeline.order())).rma_id
    await pipeline.to_the_warehouse(rma_id)
    await pipeline.act(rma_id, Action.INSPECT, Role.WAREHOUSE, units=list(units), **more)
    return rma_id


async def test_more_units_than_were_to_come_are_held_and_not_paid(pipeline: Pipeline) -> None:
    worn = {"line_id": "SHIRT-M", "quantity": 1, "verdict": "rejected", "grade": "C", "note": "worn"}
    rma_id = await inspected(pipeline, worn, GOOD | {"quantity": 2})
    result = await pipeline.end(rma_id)
    assert result.refunded_minor == 10_000
    status = await pipeline.returns.status(rma_id)
    assert (status.inspection, status.lines[0].accepted) == (InspectionStatus.ACCEPTED, 1)
    found = [(each.item, each.quantity, each.kind, each.grade) for each in status.parcels[0].unexpected]
    assert found == [("SHIRT-M", 1, Unexpected.EXTRA, "A"), ("SHIRT-M", 1, Unexpected.EXTRA, "C")]
    assert "unexpected_goods" in await pipeline.messages(rma_id, 5)
    assert "staff_unexpected_goods" in await pipeline.told(rma_id, "staff_alert")
    notices = [notice["subject"] for notice in await pipeline.books("warehouse", rma_id)]
    assert notices.count("goods_disposition:HOLD") == 2
    assert notices.count("goods_disposition:RESTOCK") == 1


async def test_goods_of_another_kind_are_wrong_and_the_right_ones_are_missing(pipeline: Pipeline) -> None:
    brick = {"item": "a brick", "quantity": 1, "kind": "wrong", "photos": ["photos/brick.jpg"], "note": "no shirt"}
    rma_id = await inspected(pipeline, unexpected=[brick])
    await pipeline.act(rma_id, Action.ACCEPT_RESULT, Role.CUSTOMER)
    assert (await pipeline.end(rma_id)).refunded_minor == 0
    status = await pipeline.returns.status(rma_id)
    assert (status.inspection, status.lines[0].missing) == (InspectionStatus.REJECTED, 1)
    await pipeline.told(rma_id)
    (message,) = [
        sent for sent in await pipeline.books("messages", rma_id) if sent["template"] == "unexpected_goods"
    ]
    assert "1 x a brick: no shirt" in message["body"]
    assert "photos/brick.jpg" in message["body"]


async def test_goods_of_an_unknown_line_are_no_error(pipeline: Pipeline) -> None:
    rma_id = await inspected(pipeline, GOOD, GOOD | {"line_id": "NO-SUCH-LINE"})
    assert (await pipeline.end(rma_id)).refunded_minor == 10_000
    (extra,) = (await pipeline.returns.status(rma_id)).parcels[0].unexpected
    assert (extra.item, extra.kind) == ("NO-SUCH-LINE", Unexpected.EXTRA)
