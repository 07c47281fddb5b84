"""What ends before the parcel travels: nothing handed over, or the return withdrawn."""

import pytest

from domain.actions import Action, Role
from domain.status import Approval, Header, Logistics
from starters.errors import ActionNotAllowed
from testkit.pipeline import Pipeline, outage, variant
from tests.workflow.parcels import (
    DAY,
    HOUR,
    MINUTE,
    USED,
    arrives,
    at_hand,
    booked,
    event,
    released,
    without_a_courier,
)


async def test_nothing_handed_over_is_reminded_and_then_expires(pipeline: Pipeline) -> None:
    order = await pipeline.order()
    rma_id = await at_hand(pipeline, order)
    told = ["approved", "label_ready"]
    for days in (3, 3):
        await pipeline.lapse(rma_id, days * DAY - HOUR)
        assert await pipeline.messages(rma_id, len(told)) == told
        await pipeline.lapse(rma_id, HOUR + MINUTE)
        told.append("handover_reminder")
        assert await pipeline.messages(rma_id, len(told)) == told
    await pipeline.lapse(rma_id, DAY)
    assert (await pipeline.end(rma_id)).header is Header.EXPIRED
    assert await pipeline.messages(rma_id, 5) == [*told, "handover_expired"]
    assert await released(pipeline, order)
    assert (await pipeline.apply(order)).approval is Approval.APPROVED


async def test_a_return_that_expires_leaves_no_courier_behind(pipeline: Pipeline) -> None:
    order = await pipeline.order()
    rma_id = await without_a_courier(pipeline, order)
    await pipeline.act(rma_id, Action.BOOK_PICKUP, Role.CUSTOMER, by_label=True)
    await pipeline.until(rma_id, lambda status: status.logistics is Logistics.AWAITING_HANDOVER)
    await pipeline.lapse(rma_id, 7 * DAY + HOUR)
    assert (await pipeline.end(rma_id)).header is Header.EXPIRED
    assert await pipeline.live_pickups(rma_id) == []
    assert await released(pipeline, order)


async def test_a_label_that_was_used_unseen_does_not_expire(pipeline: Pipeline) -> None:
    rma_id = await at_hand(pipeline)
    await pipeline.lapse(rma_id, 2 * DAY)
    await pipeline.scan_unreported(await event(pipeline, rma_id, "accepted"))
    await pipeline.lapse(rma_id, DAY + HOUR)
    await pipeline.until(rma_id, lambda status: status.logistics is Logistics.IN_TRANSIT)
    assert await pipeline.messages(rma_id, 2) == ["approved", "label_ready"]


@pytest.mark.parametrize("kind", ["error_after", "lost_response"])
async def test_a_label_whose_answer_is_lost_is_bought_once(pipeline: Pipeline, kind: str) -> None:
    rma_id = (await pipeline.apply(await pipeline.order(), lines=[USED], ship_back="label")).rma_id
    await pipeline.fault(target="carriers.label", kind=kind, match={"rma_id": rma_id})
    await pipeline.act(rma_id, Action.REVIEW, Role.AGENT_TIER_2, approve=True, note="fine")
    await pipeline.until(rma_id, lambda status: status.logistics is Logistics.AWAITING_LABEL)
    await pipeline.lapse(rma_id, MINUTE)
    await pipeline.until(rma_id, lambda status: status.logistics is Logistics.AWAITING_HANDOVER)
    assert len(await pipeline.books("labels", rma_id)) == 1


async def test_a_withdrawal_gives_everything_back(pipeline: Pipeline) -> None:
    order = await pipeline.order()
    await pipeline.product(variant(f"L-{order['order_id']}", stock=1))
    exchange = {
        "desired_resolution": "exchange",
        "lines": [
            {
                "line_id": "SHIRT-M",
                "quantity": 1,
                "condition": "unopened",
                "replacement_item_ids": [f"L-{order['order_id']}"],
            }
        ],
    }
    rma_id = await booked(pipeline, order, **exchange)
    await pipeline.act(rma_id, Action.CANCEL, Role.CUSTOMER, note="I keep it")
    result = await pipeline.end(rma_id)
    assert (result.header, result.refunded_minor) == (Header.CANCELED, 0)
    assert await pipeline.live_pickups(rma_id) == []
    assert (await pipeline.books("holds", rma_id))[-1]["status"] == "released"
    assert await released(pipeline, order)
    assert (await pipeline.messages(rma_id, 3))[-1] == "return_canceled"
    again = await booked(pipeline, order, **exchange)
    assert len(await pipeline.books("holds", again)) == 1


@pytest.mark.parametrize("ship_back", ["label", "qr_dropoff", "customer_ships"])
async def test_a_withdrawal_before_the_customer_ships_closes_the_return(
    pipeline: Pipeline, ship_back: str
) -> None:
    order = await pipeline.order()
    rma_id = await at_hand(pipeline, order, ship_back=ship_back)
    await pipeline.act(rma_id, Action.CANCEL, Role.CUSTOMER)
    assert (await pipeline.end(rma_id)).header is Header.CANCELED
    assert await released(pipeline, order)


async def test_a_withdrawal_while_nobody_can_collect_closes_the_return(pipeline: Pipeline) -> None:
    order = await pipeline.order()
    rma_id = await without_a_courier(pipeline, order)
    await pipeline.act(rma_id, Action.CANCEL, Role.CUSTOMER)
    assert (await pipeline.end(rma_id)).header is Header.CANCELED
    assert await pipeline.live_pickups(rma_id) == []
    assert await released(pipeline, order)


async def test_a_withdrawal_does_not_wait_for_a_label_that_cannot_be_bought(pipeline: Pipeline) -> None:
    order = await pipeline.order()
    rma_id = (await pipeline.apply(order, lines=[USED], ship_back="label")).rma_id
    await pipeline.fault(target="carriers.label", match={"rma_id": rma_id}, **outage(30))
    await pipeline.act(rma_id, Action.REVIEW, Role.AGENT_TIER_2, approve=True, note="fine")
    await pipeline.until(rma_id, lambda status: status.logistics is Logistics.AWAITING_LABEL)
    await pipeline.act(rma_id, Action.CANCEL, Role.CUSTOMER)
    await pipeline.lapse(rma_id, 3 * HOUR)
    assert (await pipeline.end(rma_id)).header is Header.CANCELED
    assert await pipeline.books("labels", rma_id) == []
    assert await released(pipeline, order)


@pytest.mark.parametrize("ship_back", ["pickup", "label"])
async def test_a_withdrawal_that_the_carrier_overtook_is_void(pipeline: Pipeline, ship_back: str) -> None:
    """The carrier has the parcel, and its webhook was lost: the return goes on and the customer is paid."""
    order = await pipeline.order()
    rma_id = await (booked if ship_back == "pickup" else at_hand)(pipeline, order)
    await pipeline.scan_unreported(await event(pipeline, rma_id, "picked_up"))
    await pipeline.act(rma_id, Action.CANCEL, Role.CUSTOMER)
    status = await pipeline.until(
        rma_id,
        lambda status: status.logistics is Logistics.PICKED_UP and status.approval is Approval.APPROVED,
    )
    assert not status.is_final
    assert pipeline.ledger.open_returns(order["order_id"]) == [rma_id]
    with pytest.raises(ActionNotAllowed):
        await pipeline.act(rma_id, Action.CANCEL, Role.CUSTOMER)
    assert "return_resumed" in await pipeline.messages(rma_id, 3)
    await arrives(pipeline, rma_id)


async def test_a_withdrawal_that_the_webhook_overtakes_is_void(pipeline: Pipeline) -> None:
    rma_id = await booked(pipeline)
    await pipeline.fault(target="carriers.cancel_pickup", kind="too_busy", seconds=30, match={"carrier": "swift"})
    await pipeline.act(rma_id, Action.CANCEL, Role.CUSTOMER)
    await pipeline.scan(rma_id, "picked_up")
    await pipeline.lapse(rma_id, MINUTE)
    status = await pipeline.until(rma_id, lambda status: status.approval is Approval.APPROVED)
    assert status.logistics is Logistics.PICKED_UP
    await arrives(pipeline, rma_id)


async def test_a_customer_who_withdrew_is_not_told_of_a_courier(pipeline: Pipeline) -> None:
    """The withdrawal came while the carrier took its time to confirm the booking."""
    rma_id = (await pipeline.apply(await pipeline.order(), lines=[USED])).rma_id
    await pipeline.fault(target="carriers.pickup", match={"rma_id": rma_id}, **outage(1))
    await pipeline.act(rma_id, Action.REVIEW, Role.AGENT_TIER_2, approve=True, note="fine")
    await pipeline.until(rma_id, lambda status: status.logistics is Logistics.AWAITING_HANDOVER)
    await pipeline.act(rma_id, Action.CANCEL, Role.CUSTOMER)
    await pipeline.lapse(rma_id, HOUR)
    assert (await pipeline.end(rma_id)).header is Header.CANCELED
    assert await pipeline.live_pickups(rma_id) == []
    assert await pipeline.told(rma_id) == ["manual_review", "return_canceled"]
