"""Signals that come after the application: a waybill of several returns, another serial number than was sold."""

from typing import Any
from uuid import uuid4

import pytest

from domain.actions import Action, Role
from domain.status import InspectionStatus, Logistics
from starters.errors import InvalidAction
from testkit.pipeline import Pipeline
from tests.workflow.parcels import at_hand

SHARED = "staff_waybill_shared"


async def hand_over(pipeline: Pipeline, rma_id: str, tracking_no: str) -> None:
    await pipeline.act(
        rma_id,
        Action.RECORD_HANDOVER,
        Role.CUSTOMER,
        carrier="sf",
        tracking_no=tracking_no,
        handed_over_at=await pipeline.now(rma_id),
    )
    await pipeline.until(rma_id, lambda status: status.logistics is Logistics.IN_TRANSIT)


async def alert(pipeline: Pipeline, rma_id: str, template: str) -> dict[str, Any]:
    await pipeline.messages(rma_id, 1, "staff_alert")
    (sent,) = [each for each in await pipeline.books("messages", rma_id) if each["template"] == template]
    return sent


def notes(status: Any) -> list[str]:
    return [entry.detail for entry in status.timeline if entry.what == "waybill of several returns"]


async def test_a_waybill_of_another_customer_is_told_and_refuses_nothing(pipeline: Pipeline) -> None:
    number = f"SF-{uuid4().hex[:12]}"
    first, second = await at_hand(pipeline), await at_hand(pipeline)
    await hand_over(pipeline, first, number)
    await hand_over(pipeline, second, number)
    sent = await alert(pipeline, second, SHARED)
    assert (sent["recipient"], first in sent["body"]) == (Role.SUPERVISOR, True)
    assert notes(await pipeline.returns.status(second)) == [f"sf {number}: {first}"]
    assert SHARED not in await pipeline.told(first, "staff_alert")
    await pipeline.receive(second)
    await pipeline.inspect(second)
    assert (await pipeline.end(second)).refunded_minor == 10_000


async def test_two_returns_of_one_customer_in_one_parcel_are_nothing_unusual(pipeline: Pipeline) -> None:
    number, order = f"SF-{uuid4().hex[:12]}", await pipeline.order()
    methods = [{"id": f"CARD-{uuid4().hex[:8]}", "source": "credit_card"}]
    other = await pipeline.order(customer_id=order["customer_id"], payment_methods=methods)
    for rma_id in (first := await at_hand(pipeline, order), second := await at_hand(pipeline, other)):
        await hand_over(pipeline, rma_id, number)
    assert [SHARED in await pipeline.told(each, "staff_alert") for each in (first, second)] == [False, False]


async def test_goods_that_come_with_the_waybill_of_another_return_are_told(pipeline: Pipeline) -> None:
    number = f"SF-{uuid4().hex[:12]}"
    first, second = await at_hand(pipeline), await at_hand(pipeline)
    await hand_over(pipeline, first, number)
    await pipeline.receive(second, tracking_no=number)
    sent = await alert(pipeline, second, SHARED)
    assert first in sent["body"]
    await pipeline.inspect(second)
    assert (await pipeline.end(second)).refunded_minor == 10_000


async def test_another_serial_number_than_was_sold_is_rejected_and_told_once(pipeline: Pipeline) -> None:
    decision = await pipeline.apply(await pipeline.order())
    await pipeline.to_the_warehouse(decision.rma_id)
    found = {"line_id": "SHIRT-M", "quantity": 1, "grade": "A", "serial": "mismatch", "note": "sold as S1, is S9"}
    with pytest.raises(InvalidAction) as refused:
        await pipeline.inspect(decision.rma_id, found | {"verdict": "accepted"})
    assert refused.value.field == "units[0].serial"
    assert "request_expert" in str(refused.value)
    await pipeline.inspect(decision.rma_id, found | {"verdict": "rejected", "grade": "FAIL"})
    status = await pipeline.until(decision.rma_id, lambda status: status.inspection is InspectionStatus.REJECTED)
    assert status.lines[0].rejected == 1
    sent = await alert(pipeline, decision.rma_id, "staff_serial_mismatch")
    assert "sold as S1, is S9" in sent["body"]
