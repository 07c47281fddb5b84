"""Several parcels of one return, each on its own way: nothing of one waits for another."""

from typing import Any
from uuid import uuid4

import pytest

from domain.actions import Action, Role
from domain.clocks import ClockName, ClockState
from domain.status import Header, InspectionStatus, Logistics
from starters.errors import ActionNotAllowed, InvalidAction
from testkit.pipeline import Pipeline, line
from tests.workflow.parcels import DAY, HOUR, at_hand

TWO_SHIRTS = [{"line_id": "SHIRT-M", "quantity": 2, "condition": "unopened"}]
ONE = {"lines": [{"line_id": "SHIRT-M", "quantity": 1}]}


def accepted(quantity: int) -> dict[str, Any]:
    return {"line_id": "SHIRT-M", "quantity": quantity, "verdict": "accepted", "grade": "A"}


async def two_parcels(pipeline: Pipeline, **changes: Any) -> str:
    """Two shirts, each in a parcel that a courier is booked for."""
    order = await pipeline.order(lines=[line(quantity=2)])
    decision = await pipeline.apply(order, lines=TWO_SHIRTS, parcels=[ONE, ONE], **changes)
    await pipeline.until(
        decision.rma_id,
        lambda status: [parcel.logistics for parcel in status.parcels] == [Logistics.PICKUP_BOOKED] * 2,
    )
    return decision.rma_id


async def delivered(pipeline: Pipeline, rma_id: str, parcel: int) -> None:
    for kind in ("picked_up", "accepted", "delivered"):
        await pipeline.scan(rma_id, kind, parcel=parcel)
    await pipeline.until(rma_id, lambda status: status.parcels[parcel - 1].logistics is Logistics.DELIVERED)


async def found(pipeline: Pipeline, rma_id: str, *units: dict[str, Any], **which: Any) -> None:
    await pipeline.act(rma_id, Action.INSPECT, Role.WAREHOUSE, units=list(units), **which)


async def handed_over(pipeline: Pipeline, rma_id: str, **fields: Any) -> str:
    number = f"SF-{uuid4().hex[:12]}"
    at = {"handed_over_at": await pipeline.now(rma_id)}
    await pipeline.act(
        rma_id, Action.RECORD_HANDOVER, Role.CUSTOMER, carrier="sf", tracking_no=number, **(at | fields)
    )
    return number


async def test_one_parcel_is_paid_at_once_while_the_other_is_lost(pipeline: Pipeline) -> None:
    rma_id = await two_parcels(pipeline)
    assert sorted(await pipeline.live_pickups(rma_id)) == [f"{rma_id}-p2-pickup-1", f"{rma_id}-pickup-1"]
    await delivered(pipeline, rma_id, 1)
    await pipeline.scan(rma_id, "picked_up", parcel=2)
    await pipeline.receive(rma_id, parcel=1)
    await found(pipeline, rma_id, accepted(1))
    status = await pipeline.settled(rma_id)
    assert (status.header, status.inspection) == (Header.PARTIALLY_COMPLETED, InspectionStatus.IN_PROGRESS)
    assert (status.logistics, status.money_settled) == (Logistics.PARTIALLY_RECEIVED, False)
    assert [payment.amount_minor for payment in status.payments] == [10_000]
    assert [parcel.logistics for parcel in status.parcels] == [Logistics.RECEIVED, Logistics.PICKED_UP]
    await pipeline.scan(rma_id, "lost", parcel=2)
    result = await pipeline.end(rma_id)
    assert (result.header, result.refunded_minor) == (Header.COMPLETED, 20_000)
    status = await pipeline.returns.status(rma_id)
    assert [parcel.logistics for parcel in status.parcels] == [Logistics.RECEIVED, Logistics.LOST]
    (shirt,) = status.lines
    assert (shirt.shipped, shirt.received, shirt.accepted, shirt.refunded) == (2, 1, 1, 2)
    assert (await pipeline.balance(status.order_id)).refunded_minor == 20_000


async def test_two_late_parcels_earn_one_coupon(pipeline: Pipeline) -> None:
    rma_id = await two_parcels(pipeline)
    for parcel in (1, 2):
        await delivered(pipeline, rma_id, parcel)
    promised = {ClockName.INSPECTION}
    await pipeline.until(
        rma_id, lambda status: {p.next_deadline.clock for p in status.parcels if p.next_deadline} == promised
    )
    await pipeline.lapse(rma_id, 49 * HOUR)
    await pipeline.until(
        rma_id, lambda status: [c.subject for c in status.clocks if c.state is ClockState.BREACHED] == ["", "2"]
    )
    for parcel in (1, 2):
        await found(pipeline, rma_id, accepted(1), parcel=parcel)
    await pipeline.end(rma_id)
    status = await pipeline.returns.status(rma_id)
    late = [clock.subject for clock in status.clocks if clock.state is ClockState.BREACHED]
    assert (late, len(status.coupons)) == (["", "2"], 1)
    assert len(await pipeline.books("coupons", rma_id)) == 1
    told = await pipeline.told(rma_id)
    assert (told.count("inspection_late"), told.count("inspection_late_again")) == (1, 1)


async def test_a_parcel_that_arrives_first_starts_its_own_clock_only(pipeline: Pipeline) -> None:
    rma_id = await two_parcels(pipeline)
    await delivered(pipeline, rma_id, 2)
    status = await pipeline.until(rma_id, lambda status: status.parcels[1].next_deadline is not None)
    assert [parcel.next_deadline.clock for parcel in status.parcels if parcel.next_deadline] == [
        ClockName.PICKUP,
        ClockName.INSPECTION,
    ]
    assert status.parcels[1].allowed_actions == (Action.RECEIVE, Action.INSPECT)


async def test_an_action_that_two_parcels_allow_has_to_name_one(pipeline: Pipeline) -> None:
    rma_id = await two_parcels(pipeline)
    for parcel in (1, 2):
        await delivered(pipeline, rma_id, parcel)
    before = await pipeline.returns.status(rma_id)
    with pytest.raises(InvalidAction, match=r"name one of them: 1 \(.+\), 2 \(.+\)") as refused:
        await found(pipeline, rma_id, accepted(1))
    assert refused.value.field == "parcel"
    with pytest.raises(InvalidAction, match="has the parcels 1"):
        await found(pipeline, rma_id, accepted(1), parcel=3)
    assert await pipeline.returns.status(rma_id) == before
    await found(pipeline, rma_id, accepted(1), tracking_no=before.parcels[1].tracking_no)
    await pipeline.until(rma_id, lambda status: status.parcels[1].inspection is InspectionStatus.ACCEPTED)
    with pytest.raises(ActionNotAllowed, match="Parcel 2 is DELIVERED and does not allow inspect"):
        await found(pipeline, rma_id, accepted(1), parcel=2)


async def test_each_parcel_is_contested_for_itself(pipeline: Pipeline) -> None:
    rma_id = await two_parcels(pipeline)
    for parcel in (1, 2):
        await delivered(pipeline, rma_id, parcel)
        torn = {"line_id": "SHIRT-M", "quantity": 1, "verdict": "rejected", "grade": "C", "note": "torn"}
        await found(pipeline, rma_id, torn, parcel=parcel)
    await pipeline.act(rma_id, Action.ACCEPT_RESULT, Role.CUSTOMER, parcel=1)
    await pipeline.act(rma_id, Action.CONTEST, Role.CUSTOMER, note="it came like this")
    won = [{"line_id": "SHIRT-M", "quantity": 1}]
    await pipeline.act(rma_id, Action.DECIDE_CONTEST, Role.SUPERVISOR, note="it did", accepted=won)
    assert (await pipeline.end(rma_id)).refunded_minor == 10_000
    (shirt,) = (await pipeline.returns.status(rma_id)).lines
    assert (shirt.accepted, shirt.rejected, shirt.refunded) == (1, 1, 1)


async def test_what_is_left_at_the_hand_over_is_awaited_under_the_same_promise(pipeline: Pipeline) -> None:
    order = await pipeline.order(lines=[line(quantity=2)])
    rma_id = await at_hand(pipeline, order, lines=TWO_SHIRTS, ship_back="customer_ships")
    promised = (await pipeline.returns.status(rma_id)).parcels[0].next_deadline
    await pipeline.lapse(rma_id, 2 * DAY)
    await handed_over(pipeline, rma_id, lines=[{"line_id": "SHIRT-M", "quantity": 1}])
    status = await pipeline.until(rma_id, lambda status: status.parcels[-1].next_deadline is not None)
    assert [parcel.logistics for parcel in status.parcels] == [Logistics.IN_TRANSIT, Logistics.AWAITING_HANDOVER]
    assert promised is not None
    assert promised.clock is ClockName.HANDOVER
    assert status.parcels[1].next_deadline == promised
    number = await handed_over(pipeline, rma_id)
    await pipeline.until(rma_id, lambda _: pipeline.ledger.find_parcel("sf", number) == rma_id)
    for parcel in (1, 2):
        await pipeline.receive(rma_id, parcel=parcel)
        await found(pipeline, rma_id, accepted(1), parcel=parcel)
    assert (await pipeline.end(rma_id)).refunded_minor == 20_000


async def test_a_rest_that_is_never_sent_expires_and_goes_free(pipeline: Pipeline) -> None:
    order = await pipeline.order(lines=[line(quantity=2)])
    rma_id = await at_hand(pipeline, order, lines=TWO_SHIRTS, ship_back="customer_ships")
    await handed_over(pipeline, rma_id, lines=[{"line_id": "SHIRT-M", "quantity": 1}])
    await pipeline.receive(rma_id, parcel=1)
    await found(pipeline, rma_id, accepted(1), parcel=1)
    await pipeline.settled(rma_id)
    await pipeline.lapse(rma_id, 8 * DAY)
    result = await pipeline.end(rma_id)
    assert (result.header, result.refunded_minor) == (Header.COMPLETED, 10_000)
    assert "parcel_expired" in await pipeline.told(rma_id)
    (shirts,) = pipeline.ledger.order_balance(order["order_id"]).lines
    assert (shirts.held, shirts.settled) == (0, 1)


async def test_the_rest_of_a_parcel_is_counted_when_it_comes(pipeline: Pipeline) -> None:
    order = await pipeline.order(lines=[line(quantity=3)])
    three = [{"line_id": "SHIRT-M", "quantity": 3, "condition": "unopened"}]
    rma_id = (await pipeline.apply(order, lines=three)).rma_id
    await pipeline.to_the_warehouse(rma_id)
    first: dict[str, Any] = {
        "received_at": await pipeline.now(rma_id),
        "lines": [{"line_id": "SHIRT-M", "quantity": 1}],
    }
    for _ in range(2):  # the second one is a repeat
        await pipeline.act(rma_id, Action.RECEIVE, Role.WAREHOUSE, **first)
    status = await pipeline.returns.status(rma_id)
    assert (status.logistics, status.lines[0].received) == (Logistics.PARTIALLY_RECEIVED, 1)
    with pytest.raises(InvalidAction, match="2 units are still to come"):
        await pipeline.receive(rma_id, lines=[{"line_id": "SHIRT-M", "quantity": 3}])
    await pipeline.receive(rma_id, lines=[{"line_id": "SHIRT-M", "quantity": 2}])
    status = await pipeline.returns.status(rma_id)
    assert (status.logistics, status.lines[0].received) == (Logistics.RECEIVED, 3)
    await pipeline.inspect(rma_id)
    assert (await pipeline.end(rma_id)).refunded_minor == 30_000


async def test_a_collect_parcel_is_refused_and_comes_again_prepaid(pipeline: Pipeline) -> None:
    rma_id = await at_hand(pipeline, ship_back="customer_ships")
    with pytest.raises(InvalidAction, match="send it prepaid"):
        await handed_over(pipeline, rma_id, freight_collect=True)
    await handed_over(pipeline, rma_id)
    await pipeline.receive(rma_id, freight_collect=True)
    status = await pipeline.until(
        rma_id, lambda status: status.logistics is Logistics.REFUSED_COLLECT and status.tracking_no[:3] != "SF-"
    )
    assert status.lines[0].received == 0
    assert (await pipeline.messages(rma_id, 4))[-2:] == ["collect_refused", "label_ready"]
    await pipeline.scan(rma_id, "accepted")
    await pipeline.receive(rma_id)
    await pipeline.inspect(rma_id)
    assert (await pipeline.end(rma_id)).refunded_minor == 10_000


async def test_a_refused_collect_parcel_that_is_not_sent_again_expires(pipeline: Pipeline) -> None:
    rma_id = await at_hand(pipeline, ship_back="customer_ships")
    await handed_over(pipeline, rma_id)
    await pipeline.scan(rma_id, "refused_collect")
    await pipeline.until(rma_id, lambda status: status.logistics is Logistics.REFUSED_COLLECT)
    await pipeline.lapse(rma_id, 8 * DAY)
    assert (await pipeline.end(rma_id)).header is Header.EXPIRED


async def test_a_lost_parcel_that_comes_is_inspected_and_not_paid_again(pipeline: Pipeline) -> None:
    rma_id = await two_parcels(pipeline)
    await pipeline.scan(rma_id, "picked_up", parcel=2)
    await pipeline.scan(rma_id, "lost", parcel=2)
    await pipeline.settled(rma_id)
    await pipeline.receive(rma_id, parcel=2)
    await found(pipeline, rma_id, accepted(1), parcel=2)
    assert "staff_lost_parcel_came" in await pipeline.messages(rma_id, 2, "staff_alert")
    await delivered(pipeline, rma_id, 1)
    await found(pipeline, rma_id, accepted(1), parcel=1)
    assert (await pipeline.end(rma_id)).refunded_minor == 20_000


async def test_an_expired_parcel_that_comes_while_the_return_is_open_is_settled(pipeline: Pipeline) -> None:
    order = await pipeline.order(lines=[line(quantity=2)])
    rma_id = await at_hand(pipeline, order, lines=TWO_SHIRTS, ship_back="customer_ships")
    await handed_over(pipeline, rma_id, lines=[{"line_id": "SHIRT-M", "quantity": 1}])
    await pipeline.scan(rma_id, "accepted")
    await pipeline.lapse(rma_id, 2 * DAY)
    await pipeline.scan(rma_id, "in_transit")
    await pipeline.lapse(rma_id, 5 * DAY + HOUR)
    await pipeline.until(rma_id, lambda status: status.parcels[1].logistics is Logistics.EXPIRED)
    for parcel in (1, 2):
        await pipeline.receive(rma_id, parcel=parcel)
        await found(pipeline, rma_id, accepted(1), parcel=parcel)
    assert (await pipeline.end(rma_id)).refunded_minor == 20_000


async def test_parcels_that_do_not_hold_the_lines_are_refused(pipeline: Pipeline) -> None:
    order = await pipeline.order(lines=[line(quantity=2)])
    with pytest.raises(ValueError, match="the parcels hold 1 units of line SHIRT-M, the return has 2"):
        await pipeline.apply(order, lines=TWO_SHIRTS, parcels=[ONE])


async def test_units_packed_otherwise_than_planned_are_counted_where_they_came(pipeline: Pipeline) -> None:
    rma_id = await two_parcels(pipeline)
    await delivered(pipeline, rma_id, 1)
    await found(pipeline, rma_id, accepted(2))
    assert (await pipeline.settled(rma_id)).lines[0].refunded == 2
    status = await pipeline.returns.status(rma_id)
    assert [parcel.lines[0].expected for parcel in status.parcels] == [2, 0]
