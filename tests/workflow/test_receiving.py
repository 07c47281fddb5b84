"""Parcels that reach the warehouse without their return being known, and those that come after its end."""

from typing import Any
from uuid import uuid4

import pytest

from domain.actions import Action, Actor, Role
from domain.inspection import Disposition
from domain.receiving import (
    BlindReceipt,
    Goods,
    MatchedUnits,
    ParkedDisposal,
    ParkedMatch,
    ParkedState,
    ParkReason,
    Received,
)
from domain.status import Header, Logistics
from starters.errors import ActionNotAllowed, InvalidAction, ParkedNotFound, RequestIdReused, RoleNotPermitted
from starters.receiving import Receiving
from testkit.pipeline import Pipeline, line
from tests.workflow.parcels import DAY, HOUR, at_hand, booked

DOCK = Actor(role=Role.WAREHOUSE, id="dock-2")
CAP = line("CAP-RED", unit_price_minor=3_000, product_id="P-CAP", name="Cap")


@pytest.fixture
def desk(pipeline: Pipeline) -> Receiving:
    return Receiving(pipeline.returns, pipeline.ledger)


async def seen(pipeline: Pipeline, rma_id: str, **what: Any) -> BlindReceipt:
    """A parcel at the door, at the return's own time."""
    goods = tuple(Goods(item_id=item, quantity=count) for item, count in what.pop("goods", {}).items())
    fixed = {"receipt_id": f"D-{uuid4().hex[:10]}", "actor": DOCK, "received_at": await pipeline.now(rma_id)}
    return BlindReceipt.model_validate(fixed | {"goods": goods} | what)


async def paid(pipeline: Pipeline, rma_id: str) -> int:
    """Inspect what came as good, and wait for the end."""
    status = await pipeline.until(rma_id, lambda status: "inspect" in status.allowed_actions)
    units = [
        {"line_id": entry.line_id, "quantity": entry.received, "verdict": "accepted", "grade": "A"}
        for entry in status.lines
        if entry.received
    ]
    await pipeline.inspect(rma_id, *units)
    return (await pipeline.end(rma_id)).refunded_minor


async def expired(pipeline: Pipeline, order: dict[str, Any]) -> str:
    rma_id = await at_hand(pipeline, order)
    await pipeline.lapse(rma_id, 8 * DAY)
    assert (await pipeline.end(rma_id)).header is Header.EXPIRED
    return rma_id


async def lost(pipeline: Pipeline, order: dict[str, Any]) -> str:
    rma_id = await booked(pipeline, order)
    await pipeline.scan(rma_id, "picked_up")
    await pipeline.scan(rma_id, "lost")
    assert (await pipeline.end(rma_id)).refunded_minor == 10_000
    return rma_id


async def test_a_parcel_is_known_by_its_tracking_number(pipeline: Pipeline, desk: Receiving) -> None:
    rma_id = await booked(pipeline)
    status = await pipeline.returns.status(rma_id)
    receipt = await seen(pipeline, rma_id, carrier=status.carrier, tracking_no=status.tracking_no)
    for _ in range(2):  # the second one is a repeat
        assert await desk.receive(receipt) == Received(receipt_id=receipt.receipt_id, rma_ids=(rma_id,))
    with pytest.raises(RequestIdReused):
        await desk.receive(receipt.model_copy(update={"freight_collect": True}))
    status = await pipeline.returns.status(rma_id)
    assert (status.logistics, status.lines[0].received) == (Logistics.RECEIVED, 1)
    assert await paid(pipeline, rma_id) == 10_000


async def test_a_mixed_parcel_is_divided_between_two_returns_of_the_customer(
    pipeline: Pipeline, desk: Receiving
) -> None:
    first = await pipeline.order()
    rma_id = await booked(pipeline, first)
    second = await pipeline.order(customer_id=first["customer_id"], lines=[CAP])
    other = await booked(pipeline, second)
    goods = {"SHIRT-M": 1, "CAP-RED": 1, "SHOE-41": 1}
    received = await desk.receive(await seen(pipeline, rma_id, rma_ids=[rma_id], goods=goods))
    assert received.rma_ids == (rma_id, other)
    for each, worth in ((rma_id, 10_000), (other, 3_000)):
        assert (await pipeline.returns.status(each)).logistics is Logistics.RECEIVED
        assert await paid(pipeline, each) == worth
    (parked,) = [each for each in await desk.parked() if each.receipt_id == received.receipt_id]
    assert (parked.reason, parked.goods) == (ParkReason.NOT_EXPECTED, (Goods(item_id="SHOE-41", quantity=1),))
    disposal = ParkedDisposal(actor=DOCK, disposition=Disposition.DONATE, note="nobody asks for it")
    assert (await desk.dispose(parked.parked_id, disposal)).state is ParkedState.DISPOSED
    with pytest.raises(ActionNotAllowed, match="was disposed by warehouse dock-2"):
        await desk.match(parked.parked_id, ParkedMatch(actor=DOCK, rma_id=rma_id))


async def test_a_parked_parcel_is_matched_by_a_person(pipeline: Pipeline, desk: Receiving) -> None:
    rma_id = await booked(pipeline)
    receipt = await seen(pipeline, rma_id, tracking_no="NOBODYS-1")
    (parked_id,) = (await desk.receive(receipt)).parked_ids
    customer = Actor(role=Role.CUSTOMER, id="C-1")
    with pytest.raises(RoleNotPermitted):
        await desk.match(parked_id, ParkedMatch(actor=customer, rma_id=rma_id))
    with pytest.raises(InvalidAction, match="no return RMA-0"):
        await desk.match(parked_id, ParkedMatch(actor=DOCK, rma_id="RMA-0"))
    with pytest.raises(ParkedNotFound):
        await desk.match("NONE", ParkedMatch(actor=DOCK, rma_id=rma_id))
    decision = ParkedMatch(actor=DOCK, rma_id=rma_id, note="by the name on the note")
    for _ in range(2):
        found = await desk.match(parked_id, decision)
    assert (found.state, found.rma_id) == (ParkedState.MATCHED, rma_id)
    assert await paid(pipeline, rma_id) == 10_000


async def test_what_its_return_refuses_is_parked(pipeline: Pipeline, desk: Receiving) -> None:
    rma_id = await booked(pipeline)
    await pipeline.receive(rma_id)
    received = await desk.receive(await seen(pipeline, rma_id, rma_ids=[rma_id], goods={"SHIRT-M": 1}))
    assert received.rma_ids == ()
    (parked,) = [each for each in await desk.parked() if each.receipt_id == received.receipt_id]
    assert (parked.reason, parked.rma_id) == (ParkReason.REFUSED, rma_id)
    assert "receive is not allowed" in parked.detail
    assert parked.goods == (Goods(item_id="SHIRT-M", quantity=1),)


async def test_an_agent_does_not_receive(pipeline: Pipeline, desk: Receiving) -> None:
    agent = Actor(role=Role.AGENT_TIER_1, id="agent-7")
    rma_id = await booked(pipeline)
    with pytest.raises(RoleNotPermitted):
        await desk.receive(await seen(pipeline, rma_id, rma_ids=[rma_id], actor=agent))


async def test_goods_that_come_after_the_return_expired_are_paid_in_a_case_of_their_own(
    pipeline: Pipeline, desk: Receiving
) -> None:
    order = await pipeline.order()
    rma_id = await expired(pipeline, order)
    (late,) = (await desk.receive(await seen(pipeline, rma_id, rma_ids=[rma_id]))).rma_ids
    assert late == f"{rma_id}-2"
    status = await pipeline.until(late, lambda status: status.needs == "warehouse")
    assert (status.header, status.logistics) == (Header.REOPENED, Logistics.RECEIVED)
    assert "inspect" in status.allowed_actions
    assert await paid(pipeline, late) == 10_000
    balance = await pipeline.balance(order["order_id"])
    assert (balance.refunded_minor, balance.lines[0].settled, balance.lines[0].held) == (10_000, 1, 0)
    told = await pipeline.messages(late, 4)
    assert told == ["late_parcel", "parcel_received", "inspection_passed", "refund_paid"]


async def test_goods_that_come_late_are_under_the_promise_too(pipeline: Pipeline, desk: Receiving) -> None:
    rma_id = await expired(pipeline, await pipeline.order())
    (late,) = (await desk.receive(await seen(pipeline, rma_id, rma_ids=[rma_id], goods={"SHIRT-M": 1}))).rma_ids
    await pipeline.lapse(late, 49 * HOUR)
    await pipeline.until(late, lambda status: len(status.coupons) == 1)
    assert await paid(pipeline, late) == 10_000
    assert len(await pipeline.books("coupons", late)) == 1


async def test_a_lost_parcel_that_comes_after_all_is_not_paid_twice(pipeline: Pipeline, desk: Receiving) -> None:
    order = await pipeline.order()
    rma_id = await lost(pipeline, order)
    tracking_no = (await pipeline.returns.status(rma_id)).tracking_no
    (late,) = (await desk.receive(await seen(pipeline, rma_id, tracking_no=tracking_no))).rma_ids
    assert await paid(pipeline, late) == 0
    assert (await pipeline.balance(order["order_id"])).refunded_minor == 10_000
    assert "staff_lost_parcel_came" in await pipeline.told(late, "staff_alert")
    goods = [notice for notice in await pipeline.books("warehouse", late) if "RESTOCK" in notice["subject"]]
    assert len(goods) == 1


async def test_parked_goods_can_be_matched_to_a_return_that_has_ended(pipeline: Pipeline, desk: Receiving) -> None:
    rma_id = await expired(pipeline, await pipeline.order())
    (parked_id,) = (await desk.receive(await seen(pipeline, rma_id))).parked_ids
    one = (MatchedUnits(line_id="SHIRT-M", quantity=1),)
    await desk.match(parked_id, ParkedMatch(actor=DOCK, rma_id=rma_id, lines=one))
    assert await paid(pipeline, f"{rma_id}-2") == 10_000


async def test_what_came_while_nothing_answered_is_passed_on_later(pipeline: Pipeline, desk: Receiving) -> None:
    rma_id = await booked(pipeline)
    receipt = await seen(pipeline, rma_id, rma_ids=[rma_id])
    pipeline.ledger.accept_receipt(receipt)
    await pipeline.until(rma_id, lambda status: status.logistics is Logistics.RECEIVED)  # the relay has done it
    assert pipeline.ledger.due_receipts(receipt_id=receipt.receipt_id) == []
    await pipeline.act(rma_id, Action.INSPECT, Role.WAREHOUSE, units=[])
