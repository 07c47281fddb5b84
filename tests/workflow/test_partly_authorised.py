"""A reviewer may approve fewer units than were applied for; the others go free."""

from typing import Any

import pytest

from domain.actions import Action, Role
from domain.status import Approval, Header
from starters.errors import InvalidAction
from testkit.pipeline import Pipeline, line, variant
from tests.workflow.parcels import USED
from tests.workflow.reviews import held

THREE = [USED | {"quantity": 3}]
VERDICT: dict[str, Any] = {"approve": True, "note": "two show no wear"}


async def test_the_rest_goes_free_and_the_customer_is_told(pipeline: Pipeline) -> None:
    order = await pipeline.order(lines=[line(quantity=3)])
    rma_id = (await pipeline.apply(order, lines=THREE)).rma_id
    await pipeline.act(rma_id, Action.REVIEW, Role.AGENT_TIER_2, authorized={"SHIRT-M": 2}, **VERDICT)
    await pipeline.to_the_warehouse(rma_id)
    assert await held(pipeline, order) == [2]
    again = await pipeline.apply(order)
    assert again.approval is Approval.APPROVED
    await pipeline.inspect(rma_id)
    result = await pipeline.end(rma_id)
    assert (result.header, result.refunded_minor) == (Header.COMPLETED, 20_000)
    (shirts,) = (await pipeline.returns.status(rma_id)).lines
    assert (shirts.requested, shirts.authorized, shirts.accepted) == (3, 2, 2)
    told = await pipeline.messages(rma_id, 5)
    assert told[1:3] == ["partly_approved", "pickup_booked"]
    assert "approved" not in told


async def test_parcels_that_were_planned_hold_what_was_authorised(pipeline: Pipeline) -> None:
    order = await pipeline.order(lines=[line(quantity=3)])
    plan = [{"lines": [{"line_id": "SHIRT-M", "quantity": count}]} for count in (1, 2)]
    rma_id = (await pipeline.apply(order, lines=THREE, parcels=plan)).rma_id
    await pipeline.act(rma_id, Action.REVIEW, Role.AGENT_TIER_2, authorized={"SHIRT-M": 1}, **VERDICT)
    status = await pipeline.until(rma_id, lambda status: len(status.parcels) > 0)
    assert [parcel.lines[0].expected for parcel in status.parcels] == [1]


async def test_an_exchange_sends_only_what_was_authorised(pipeline: Pipeline) -> None:
    product_id = "P-PARTLY"
    await pipeline.product(variant("PARTLY-L"), variant("PARTLY-M"), product_id=product_id)
    order = await pipeline.order(lines=[line("PARTLY-M", quantity=2, product_id=product_id)])
    asked = USED | {"line_id": "PARTLY-M", "quantity": 2, "replacement_item_ids": ["PARTLY-L", "PARTLY-L"]}
    rma_id = (await pipeline.apply(order, lines=[asked], desired_resolution="exchange")).rma_id
    await pipeline.act(rma_id, Action.REVIEW, Role.AGENT_TIER_2, authorized={"PARTLY-M": 1}, **VERDICT)
    await pipeline.to_the_warehouse(rma_id)
    await pipeline.inspect(rma_id)
    assert (await pipeline.end(rma_id)).header is Header.COMPLETED
    (sent,) = await pipeline.books("replacements", rma_id)
    assert sent["item_ids"] == ["PARTLY-L"]


@pytest.mark.parametrize(
    ("verdict", "field"),
    [
        (VERDICT | {"authorized": {"SHIRT-M": 4}}, "authorized.SHIRT-M"),
        (VERDICT | {"authorized": {"CAP": 1}}, "authorized.CAP"),
        (VERDICT | {"authorized": {"SHIRT-M": 0}}, "authorized"),
        ({"approve": False, "note": "worn", "authorized": {"SHIRT-M": 1}}, "authorized"),
    ],
    ids=["too many", "unknown line", "nothing", "declined"],
)
async def test_what_does_not_fit_is_refused(pipeline: Pipeline, verdict: dict[str, Any], field: str) -> None:
    order = await pipeline.order(lines=[line(quantity=3)])
    rma_id = (await pipeline.apply(order, lines=THREE)).rma_id
    before = await pipeline.returns.status(rma_id)
    with pytest.raises(InvalidAction) as refused:
        await pipeline.act(rma_id, Action.REVIEW, Role.AGENT_TIER_2, **verdict)
    assert refused.value.field == field
    assert await pipeline.returns.status(rma_id) == before
