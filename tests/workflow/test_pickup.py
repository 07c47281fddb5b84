"""Collection at the door: booked, missed, booked again, another carrier, a person."""

from datetime import datetime

import pytest

from domain.actions import Action, Role
from domain.clocks import ClockName
from domain.status import Logistics
from testkit.pipeline import Pipeline, outage
from tests.workflow.parcels import HOUR, MINUTE, SLOT_ENDS, USED, arrives, booked, event, missed, without_a_courier


async def test_missed_pickups_are_booked_again_then_elsewhere_then_by_a_person(pipeline: Pipeline) -> None:
    rma_id = await booked(pipeline)
    assert (await pipeline.returns.status(rma_id)).carrier == "swift"
    assert await pipeline.live_pickups(rma_id) == [f"{rma_id}-pickup-1"]
    for number, carrier in enumerate(("swift", "steady", "steady"), start=2):
        await missed(pipeline, rma_id, carrier)
        assert await pipeline.live_pickups(rma_id) == [f"{rma_id}-pickup-{number}"]
    await pipeline.lapse(rma_id, SLOT_ENDS + MINUTE)
    status = await pipeline.until(rma_id, lambda status: status.logistics is Logistics.PICKUP_FAILED)
    assert "book_pickup" in status.allowed_actions
    await pipeline.until(rma_id, lambda status: status.needs == Role.AGENT_TIER_1)
    assert await pipeline.messages(rma_id, 6) == [
        "approved",
        "pickup_booked",
        *["pickup_rebooked"] * 3,
        "pickup_failed",
    ]
    await pipeline.lapse(rma_id, 25 * HOUR)
    await pipeline.messages(rma_id, 2, "staff_alert")
    sent = await pipeline.books("messages", rma_id)
    stuck = [message["recipient"] for message in sent if message["template"] == "staff_pickup_stuck"]
    assert stuck == [Role.AGENT_TIER_1, Role.SUPERVISOR]


async def test_a_person_books_again_with_another_carrier_and_address(pipeline: Pipeline) -> None:
    rma_id = await without_a_courier(pipeline)
    address = {"lines": ["12 Canal Road"], "city": "Suzhou", "country": "CN"}
    await pipeline.act(rma_id, Action.BOOK_PICKUP, Role.AGENT_TIER_1, carrier="swift", address=address)
    await pipeline.until(rma_id, lambda status: status.logistics is Logistics.PICKUP_BOOKED)
    assert await pipeline.live_pickups(rma_id) == [f"{rma_id}-pickup-5"]
    assert (await pipeline.books("pickups", rma_id))[-1]["address"]["city"] == "Suzhou"
    await arrives(pipeline, rma_id)


async def test_a_pickup_that_a_person_booked_and_that_is_missed_comes_back_to_a_person(pipeline: Pipeline) -> None:
    rma_id = await without_a_courier(pipeline)
    await pipeline.act(rma_id, Action.BOOK_PICKUP, Role.CUSTOMER)
    await pipeline.until(rma_id, lambda status: status.logistics is Logistics.PICKUP_BOOKED)
    await pipeline.lapse(rma_id, SLOT_ENDS + MINUTE)
    await pipeline.until(rma_id, lambda status: status.logistics is Logistics.PICKUP_FAILED)
    await pipeline.until(rma_id, lambda status: status.needs == Role.AGENT_TIER_1)


async def test_a_person_sends_a_label_in_the_place_of_a_courier(pipeline: Pipeline) -> None:
    rma_id = await without_a_courier(pipeline)
    await pipeline.act(rma_id, Action.BOOK_PICKUP, Role.CUSTOMER, by_label=True)
    await pipeline.until(
        rma_id,
        lambda status: (
            status.logistics is Logistics.AWAITING_HANDOVER
            and status.next_deadline is not None
            and status.next_deadline.clock is ClockName.HANDOVER
        ),
    )
    assert len(await pipeline.books("labels", rma_id)) == 1
    await arrives(pipeline, rma_id)
    assert await pipeline.live_pickups(rma_id) == []


async def test_a_courier_who_was_faster_than_the_label_is_noticed(pipeline: Pipeline) -> None:
    """He came after his slot, and the webhook of his scan was lost: the return must not expire over it."""
    rma_id = await without_a_courier(pipeline)
    await pipeline.scan_unreported(await event(pipeline, rma_id, "picked_up"))
    await pipeline.act(rma_id, Action.BOOK_PICKUP, Role.CUSTOMER, by_label=True)
    await pipeline.until(rma_id, lambda status: status.logistics is Logistics.PICKED_UP)


async def test_an_approval_is_told_once_however_the_parcel_travels(pipeline: Pipeline) -> None:
    rma_id = (await pipeline.apply(await pipeline.order(), lines=[USED])).rma_id
    await pipeline.act(rma_id, Action.REVIEW, Role.AGENT_TIER_2, approve=True, note="fine")
    await pipeline.until(rma_id, lambda status: status.logistics is Logistics.PICKUP_BOOKED)
    for carrier in ("swift", "steady", "steady"):
        await missed(pipeline, rma_id, carrier)
    await pipeline.lapse(rma_id, SLOT_ENDS + MINUTE)
    await pipeline.until(rma_id, lambda status: "book_pickup" in status.allowed_actions)
    await pipeline.act(rma_id, Action.BOOK_PICKUP, Role.CUSTOMER, by_label=True)
    told = await pipeline.messages(rma_id, 8)
    assert told.count("approved") == 1
    assert told[-1] == "label_ready"


async def test_an_approval_is_told_although_the_first_booking_got_no_answer(pipeline: Pipeline) -> None:
    rma_id = (await pipeline.apply(await pipeline.order(), lines=[USED])).rma_id
    await pipeline.fault(target="carriers.pickup", match={"reference": f"{rma_id}-pickup-1"}, **outage())
    await pipeline.act(rma_id, Action.REVIEW, Role.AGENT_TIER_2, approve=True, note="fine")
    await pipeline.until(rma_id, lambda status: status.logistics is Logistics.AWAITING_HANDOVER)
    await pipeline.lapse(rma_id, 2 * HOUR)
    await pipeline.until(rma_id, lambda status: status.logistics is Logistics.PICKUP_BOOKED)
    assert await pipeline.messages(rma_id, 3) == ["manual_review", "approved", "pickup_booked"]


async def test_a_courier_who_reports_a_failure_is_sent_again_at_once(pipeline: Pipeline) -> None:
    rma_id = await booked(pipeline)
    first = (await pipeline.returns.status(rma_id)).tracking_no
    await pipeline.scan(rma_id, "pickup_failed")
    status = await pipeline.until(
        rma_id,
        lambda status: status.logistics is Logistics.PICKUP_BOOKED and status.tracking_no != first,
    )
    assert status.carrier == "swift"
    assert await pipeline.live_pickups(rma_id) == [f"{rma_id}-pickup-2"]
    await arrives(pipeline, rma_id)


@pytest.mark.parametrize(
    "fault",
    [{"kind": "error_after"}, {"kind": "lost_response"}, {"kind": "error_before"}, {"kind": "too_busy"}],
    ids=lambda fault: str(fault["kind"]),
)
async def test_a_booking_whose_answer_is_lost_is_booked_once(pipeline: Pipeline, fault: dict[str, str]) -> None:
    order = await pipeline.order(status="delivered")
    rma_id = (await pipeline.apply(order, lines=[USED])).rma_id
    await pipeline.fault(target="carriers.pickup", match={"rma_id": rma_id}, **fault)
    await pipeline.act(rma_id, Action.REVIEW, Role.AGENT_TIER_2, approve=True, note="fine")
    await pipeline.until(rma_id, lambda status: status.logistics is Logistics.AWAITING_HANDOVER)
    await pipeline.lapse(rma_id, MINUTE)
    await pipeline.until(rma_id, lambda status: status.logistics is Logistics.PICKUP_BOOKED)
    assert len(await pipeline.books("pickups", rma_id)) == 1


async def test_a_carrier_that_does_not_cover_the_address_gives_way_to_the_next(pipeline: Pipeline) -> None:
    rma_id = (await pipeline.apply(await pipeline.order(), lines=[USED])).rma_id
    match = {"rma_id": rma_id, "carrier": "swift"}
    await pipeline.fault(target="carriers.pickup", kind="not_covered", times=None, match=match)
    await pipeline.act(rma_id, Action.REVIEW, Role.AGENT_TIER_2, approve=True, note="fine")
    status = await pipeline.until(rma_id, lambda status: status.logistics is Logistics.PICKUP_BOOKED)
    assert status.carrier == "steady"
    assert await pipeline.messages(rma_id, 3) == ["manual_review", "approved", "pickup_booked"]
    await arrives(pipeline, rma_id)


async def test_where_no_carrier_collects_a_label_comes_at_once(pipeline: Pipeline) -> None:
    address = {"lines": ["1 Far Island"], "city": "Nansha", "postal_code": "999001", "country": "CN"}
    decision = await pipeline.apply(await pipeline.order(), pickup_address=address)
    rma_id = decision.rma_id
    await pipeline.until(rma_id, lambda status: status.tracking_no != "" and status.next_deadline is not None)
    assert await pipeline.books("pickups", rma_id) == []
    assert len(await pipeline.books("labels", rma_id)) == 1
    assert await pipeline.messages(rma_id, 2) == ["approved", "label_ready"]
    await arrives(pipeline, rma_id)


async def test_a_label_whose_carrier_gave_no_answer_is_voided_when_the_next_one_takes_over(
    pipeline: Pipeline,
) -> None:
    """The first carrier made it, and nobody was told: its answers are lost for more than an hour."""
    rma_id = (await pipeline.apply(await pipeline.order(), lines=[USED], ship_back="label")).rma_id
    reference = f"{rma_id}-label"
    made = {"reference": reference, "rma_id": rma_id, "at": (await pipeline.now(rma_id)).isoformat()}
    (await pipeline.sandbox.post("/carriers/swift/labels", json=made)).raise_for_status()
    match = {"reference": reference, "carrier": "swift"}
    await pipeline.fault(target="carriers.find_label", match=match, **outage())
    await pipeline.act(rma_id, Action.REVIEW, Role.AGENT_TIER_2, approve=True, note="fine")
    await pipeline.until(rma_id, lambda status: status.logistics is Logistics.AWAITING_LABEL)
    await pipeline.lapse(rma_id, 2 * HOUR)
    status = await pipeline.until(rma_id, lambda status: status.tracking_no != "")
    assert status.carrier == "steady"
    await arrives(pipeline, rma_id)
    assert await pipeline.live_labels(rma_id) == [("steady", reference)]
    assert [each["carrier"] for each in await pipeline.books("labels", rma_id)].count("swift") == 2


async def test_the_customers_window_is_kept_and_a_missed_one_is_not_booked_again(pipeline: Pipeline) -> None:
    order = await pipeline.order()
    start = datetime.now().astimezone() + 20 * HOUR
    window = {"start": start.isoformat(), "end": (start + 2 * HOUR).isoformat()}
    rma_id = await booked(pipeline, order, pickup_window=window)
    (first,) = await pipeline.books("pickups", rma_id)
    assert datetime.fromisoformat(first["slot_start"]) == start
    await pipeline.lapse(rma_id, 22 * HOUR + MINUTE)
    await pipeline.until(rma_id, lambda status: status.tracking_no not in ("", first["tracking_no"]))
    again = (await pipeline.books("pickups", rma_id))[-1]
    assert datetime.fromisoformat(again["slot_start"]) > start + 2 * HOUR


async def test_a_pickup_whose_webhook_was_lost_is_found_at_the_end_of_its_slot(pipeline: Pipeline) -> None:
    rma_id = await booked(pipeline)
    await pipeline.lapse(rma_id, 3 * HOUR)
    picked_up = await event(pipeline, rma_id, "picked_up")
    await pipeline.scan_unreported(picked_up)
    await pipeline.lapse(rma_id, 4 * HOUR)
    status = await pipeline.until(rma_id, lambda status: status.logistics is Logistics.PICKED_UP)
    assert len(await pipeline.books("pickups", rma_id)) == 1
    assert {entry.at for entry in status.timeline if entry.what == "logistics PICKED_UP"} == {
        picked_up.occurred_at
    }
    await arrives(pipeline, rma_id)


async def test_a_pickup_that_the_next_booking_finds_collected_is_the_last(pipeline: Pipeline) -> None:
    """The carrier does not answer when it is asked; that its courier came shows when the pickup is withdrawn."""
    rma_id = await booked(pipeline)
    status = await pipeline.returns.status(rma_id)
    await pipeline.fault(target="carriers.track", match={"tracking_no": status.tracking_no}, **outage())
    await pipeline.scan_unreported(await event(pipeline, rma_id, "picked_up"))
    await pipeline.lapse(rma_id, SLOT_ENDS + 2 * HOUR)
    await pipeline.until(rma_id, lambda status: status.logistics is Logistics.PICKED_UP)
    assert len({pickup["pickup_id"] for pickup in await pipeline.books("pickups", rma_id)}) == 1
    await arrives(pipeline, rma_id)


async def test_a_parcel_that_is_received_needs_no_courier_any_more(pipeline: Pipeline) -> None:
    """The customer brought it: the booked courier must not ring at the door."""
    rma_id = await booked(pipeline)
    await pipeline.receive(rma_id)
    await pipeline.inspect(rma_id)
    assert (await pipeline.end(rma_id)).refunded_minor == 10_000
    assert await pipeline.live_pickups(rma_id) == []
