"""A parcel on its way: hand-over, scans in any order, silence, loss."""

from typing import Any
from uuid import uuid4

import pytest

from domain.actions import Action, Role
from domain.clocks import ClockName
from domain.shipping import CarrierEvent
from domain.status import Approval, Logistics
from starters.errors import InvalidAction
from testkit.pipeline import Pipeline, outage
from tests.workflow.parcels import DAY, HOUR, MINUTE, USED, arrives, at_hand, booked, event, missed


async def test_a_parcel_that_the_customer_shipped_while_no_carrier_answered_is_followed(
    pipeline: Pipeline,
) -> None:
    rma_id = (await pipeline.apply(await pipeline.order(), lines=[USED])).rma_id
    await pipeline.fault(target="carriers.pickup", match={"rma_id": rma_id}, **outage(1))
    await pipeline.act(rma_id, Action.REVIEW, Role.AGENT_TIER_2, approve=True, note="fine")
    await pipeline.until(rma_id, lambda status: status.logistics is Logistics.AWAITING_HANDOVER)
    tracking_no = f"SF-{uuid4().hex[:12]}"
    await pipeline.act(
        rma_id,
        Action.RECORD_HANDOVER,
        Role.CUSTOMER,
        carrier="sf",
        tracking_no=tracking_no,
        handed_over_at=await pipeline.now(rma_id),
    )
    await pipeline.lapse(rma_id, HOUR)
    status = await pipeline.until(
        rma_id,
        lambda status: status.next_deadline is not None and status.next_deadline.clock is ClockName.TRANSIT,
    )
    assert (status.carrier, status.tracking_no) == ("sf", tracking_no)
    assert pipeline.ledger.find_parcel("sf", tracking_no) == rma_id
    assert await pipeline.live_pickups(rma_id) == []
    assert "pickup_booked" not in await pipeline.messages(rma_id, 2)


async def test_a_customer_who_ships_is_followed_by_the_number_they_name(pipeline: Pipeline) -> None:
    rma_id = await at_hand(pipeline, ship_back="customer_ships")
    assert await pipeline.messages(rma_id, 2) == ["approved", "ship_yourself"]
    await pipeline.lapse(rma_id, 2 * DAY)
    tracking_no = f"SF-{uuid4().hex[:12]}"
    early = CarrierEvent(
        event_id="1",
        carrier="sf",
        tracking_no=tracking_no,
        kind="accepted",
        occurred_at=await pipeline.now(rma_id),
    )
    await pipeline.returns.report_carrier_event(rma_id, early)
    assert (await pipeline.returns.status(rma_id)).logistics is Logistics.AWAITING_HANDOVER
    await pipeline.act(
        rma_id,
        Action.RECORD_HANDOVER,
        Role.CUSTOMER,
        carrier="sf",
        tracking_no=tracking_no,
        handed_over_at=await pipeline.now(rma_id),
    )
    status = await pipeline.until(rma_id, lambda status: status.logistics is Logistics.IN_TRANSIT)
    assert (status.carrier, status.tracking_no) == ("sf", tracking_no)
    await pipeline.until(rma_id, lambda _: pipeline.ledger.find_parcel("sf", tracking_no) == rma_id)
    await pipeline.receive(rma_id)
    await pipeline.inspect(rma_id)
    assert (await pipeline.end(rma_id)).refunded_minor == 10_000


async def test_a_handover_before_the_application_is_refused(pipeline: Pipeline) -> None:
    """Else a parcel would be lost, and paid for, on the day on which it is announced."""
    rma_id = await at_hand(pipeline, ship_back="customer_ships")
    with pytest.raises(InvalidAction) as refused:
        await pipeline.act(
            rma_id,
            Action.RECORD_HANDOVER,
            Role.CUSTOMER,
            carrier="sf",
            tracking_no=f"SF-{uuid4().hex[:12]}",
            handed_over_at=await pipeline.now(rma_id) - 11 * DAY,
        )
    assert refused.value.field == "handed_over_at"
    status = await pipeline.returns.status(rma_id)
    assert status.logistics is Logistics.AWAITING_HANDOVER


@pytest.mark.parametrize(
    "kinds",
    [
        ("delivered", "in_transit", "accepted", "picked_up"),
        ("accepted", "delivered", "picked_up", "in_transit"),
        ("in_transit", "picked_up", "delivered", "accepted"),
    ],
)
async def test_scans_in_any_order_and_twice_end_at_the_same_place(
    pipeline: Pipeline, kinds: tuple[str, ...]
) -> None:
    rma_id = await booked(pipeline)
    await pipeline.lapse(rma_id, HOUR)
    earliest = await pipeline.now(rma_id) - 10 * MINUTE
    in_order = ("picked_up", "accepted", "in_transit", "delivered")
    moments = {kind: earliest + number * MINUTE for number, kind in enumerate(in_order)}
    for kind in (*kinds, *kinds):
        scan = await event(pipeline, rma_id, kind, at=moments[kind])
        await pipeline.returns.report_carrier_event(rma_id, scan.model_copy(update={"event_id": kind}))
    due_at = moments["delivered"] + 48 * HOUR
    status = await pipeline.until(
        rma_id,
        lambda status: status.next_deadline is not None and status.next_deadline.due_at == due_at,
    )
    assert status.logistics is Logistics.DELIVERED
    seen = [entry.what for entry in status.timeline if entry.what.startswith("logistics")]
    assert len(seen) == len(set(seen))


@pytest.mark.parametrize("kind", ["held_at_customs", "PICKED_UP", "", "🚚"])
async def test_a_scan_of_an_unknown_kind_changes_nothing(pipeline: Pipeline, kind: str) -> None:
    rma_id = await booked(pipeline)
    before = await pipeline.returns.status(rma_id)
    await pipeline.returns.report_carrier_event(rma_id, await event(pipeline, rma_id, kind))
    after = await pipeline.until(rma_id, lambda status: status.timeline[-1].what == "scan ignored")
    assert after.model_copy(update={"timeline": before.timeline}) == before
    await arrives(pipeline, rma_id)


async def test_a_scan_of_an_unknown_parcel_waits_until_the_parcel_is_known(pipeline: Pipeline) -> None:
    """The carrier's push can be faster than its own answer to the booking."""
    rma_id = (await pipeline.apply(await pipeline.order(), lines=[USED])).rma_id
    await pipeline.fault(target="carriers.pickup", kind="error_after", match={"rma_id": rma_id})
    await pipeline.act(rma_id, Action.REVIEW, Role.AGENT_TIER_2, approve=True, note="fine")
    await pipeline.until(rma_id, lambda status: status.logistics is Logistics.AWAITING_HANDOVER)
    pickups: list[dict[str, Any]] = []
    while not pickups:
        pickups = await pipeline.books("pickups", rma_id)
    scan = CarrierEvent(
        event_id=uuid4().hex,
        carrier="swift",
        tracking_no=pickups[0]["tracking_no"],
        kind="picked_up",
        occurred_at=await pipeline.now(rma_id),
    )
    await pipeline.returns.report_carrier_event(rma_id, scan)
    await pipeline.lapse(rma_id, MINUTE)
    status = await pipeline.until(rma_id, lambda status: status.logistics is Logistics.PICKED_UP)
    assert status.tracking_no == pickups[0]["tracking_no"]


async def test_scans_of_two_carriers_are_told_apart_although_they_share_an_id(pipeline: Pipeline) -> None:
    """Event ids are a carrier's own: each may count from one."""
    rma_id = await booked(pipeline)
    await missed(pipeline, rma_id, "swift")
    for kind, carrier in (("pickup_failed", "steady"), ("picked_up", "steady")):
        scan = await event(pipeline, rma_id, kind)
        await pipeline.returns.report_carrier_event(rma_id, scan.model_copy(update={"event_id": "1"}))
        await pipeline.until(rma_id, lambda status, carrier=carrier: status.carrier == carrier)  # type: ignore[misc]
    await pipeline.until(rma_id, lambda status: status.logistics is Logistics.PICKED_UP)


async def test_a_parcel_that_nobody_accepts_is_asked_about(pipeline: Pipeline) -> None:
    rma_id = await booked(pipeline)
    await pipeline.scan(rma_id, "picked_up")
    await pipeline.until(rma_id, lambda status: status.logistics is Logistics.PICKED_UP)
    await pipeline.lapse(rma_id, 2 * HOUR - MINUTE)
    assert await pipeline.told(rma_id, "staff_alert") == []
    await pipeline.lapse(rma_id, 2 * MINUTE)
    assert await pipeline.messages(rma_id, 1, "staff_alert") == ["staff_scan_missing"]
    await arrives(pipeline, rma_id)


async def test_a_delivery_whose_webhook_was_lost_is_found_after_three_days(pipeline: Pipeline) -> None:
    rma_id = await booked(pipeline)
    await pipeline.scan(rma_id, "picked_up")
    await pipeline.scan(rma_id, "accepted")
    await pipeline.until(rma_id, lambda status: status.logistics is Logistics.IN_TRANSIT)
    await pipeline.lapse(rma_id, 40 * HOUR)
    delivered = await event(pipeline, rma_id, "delivered")
    await pipeline.scan_unreported(delivered)
    await pipeline.lapse(rma_id, 33 * HOUR)
    status = await pipeline.until(rma_id, lambda status: status.logistics is Logistics.DELIVERED)
    assert await pipeline.told(rma_id, "staff_alert") == []
    await pipeline.until(
        rma_id,
        lambda status: (
            status.next_deadline is not None and status.next_deadline.due_at == delivered.occurred_at + 48 * HOUR
        ),
    )
    assert status.approval is Approval.APPROVED


async def test_a_silent_parcel_is_asked_about_and_then_lost_and_paid(pipeline: Pipeline) -> None:
    order = await pipeline.order()
    rma_id = await booked(pipeline, order)
    await pipeline.scan(rma_id, "picked_up")
    await pipeline.scan(rma_id, "accepted")
    await pipeline.until(rma_id, lambda status: status.logistics is Logistics.IN_TRANSIT)
    await pipeline.lapse(rma_id, 71 * HOUR)
    assert await pipeline.told(rma_id, "staff_alert") == []
    await pipeline.lapse(rma_id, 2 * HOUR)
    assert await pipeline.messages(rma_id, 1, "staff_alert") == ["staff_parcel_silent"]
    await pipeline.lapse(rma_id, 7 * DAY - 2 * HOUR)
    assert (await pipeline.returns.status(rma_id)).logistics is Logistics.IN_TRANSIT
    assert await pipeline.books("refunds", rma_id) == []
    await pipeline.lapse(rma_id, 2 * HOUR)
    assert (await pipeline.end(rma_id)).refunded_minor == 10_000
    ending = await pipeline.ending(rma_id, order["order_id"])
    assert [refund.amount_minor for refund in ending.refunds] == [10_000]
    assert (await pipeline.balance(order["order_id"])).lines[0].settled == 1
    await pipeline.messages(rma_id, 2, "staff_alert")
    assert (await pipeline.ending(rma_id, order["order_id"])).alerts == (
        "staff_parcel_silent",
        "staff_carrier_claim",
    )


async def test_each_scan_starts_the_silence_anew(pipeline: Pipeline) -> None:
    rma_id = await booked(pipeline)
    await pipeline.scan(rma_id, "picked_up")
    await pipeline.scan(rma_id, "accepted")
    await pipeline.until(rma_id, lambda status: status.logistics is Logistics.IN_TRANSIT)
    for _ in range(3):
        await pipeline.lapse(rma_id, 70 * HOUR)
        await pipeline.scan(rma_id, "in_transit")
    await pipeline.lapse(rma_id, 70 * HOUR)
    assert await pipeline.told(rma_id, "staff_alert") == []
    assert (await pipeline.returns.status(rma_id)).logistics is Logistics.IN_TRANSIT


async def test_a_parcel_that_the_carrier_reports_lost_is_paid_at_once(pipeline: Pipeline) -> None:
    rma_id = await booked(pipeline)
    await pipeline.scan(rma_id, "picked_up")
    await pipeline.scan(rma_id, "lost")
    assert (await pipeline.end(rma_id)).refunded_minor == 10_000
    assert (await pipeline.returns.status(rma_id)).logistics is Logistics.LOST
