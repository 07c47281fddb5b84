"""Ship-back: the parcel reaches the warehouse, is lost, or never leaves; whatever carriers do or fail to say."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from domain.actions import Action, Role
from domain.clocks import ClockName
from domain.shipping import CarrierEvent
from domain.status import Approval, Header, Logistics
from starters.errors import ActionNotAllowed, InvalidAction
from tests.pipeline import Pipeline, outage, variant

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
SLOT_ENDS = 6 * HOUR
USED = {"line_id": "SHIRT-M", "quantity": 1, "condition": "used"}


async def booked(pipeline: Pipeline, order: dict[str, Any] | None = None, **changes: Any) -> str:
    decision = await pipeline.apply(order or await pipeline.order(), **changes)
    await pipeline.until(decision.rma_id, lambda status: status.logistics is Logistics.PICKUP_BOOKED)
    return decision.rma_id


async def at_hand(pipeline: Pipeline, order: dict[str, Any] | None = None, **changes: Any) -> str:
    """A return that waits for the customer to hand the parcel over."""
    asked = {"ship_back": "label"} | changes
    decision = await pipeline.apply(order or await pipeline.order(), **asked)
    await pipeline.until(decision.rma_id, lambda status: status.needs == Role.CUSTOMER)
    return decision.rma_id


async def event(pipeline: Pipeline, rma_id: str, kind: str, at: datetime | None = None) -> CarrierEvent:
    status = await pipeline.returns.status(rma_id)
    return CarrierEvent(
        event_id=uuid4().hex,
        carrier=status.carrier,
        tracking_no=status.tracking_no,
        kind=kind,
        occurred_at=at or await pipeline.now(rma_id),
    )


async def missed(pipeline: Pipeline, rma_id: str, carrier: str) -> None:
    """Let the slot of the booked pickup pass; the next one is at this carrier."""
    before = (await pipeline.returns.status(rma_id)).tracking_no
    await pipeline.lapse(rma_id, SLOT_ENDS + MINUTE)
    await pipeline.until(
        rma_id,
        lambda status: (
            status.logistics is Logistics.PICKUP_BOOKED
            and status.carrier == carrier
            and status.tracking_no != before
        ),
    )


async def without_a_courier(pipeline: Pipeline, order: dict[str, Any] | None = None, **changes: Any) -> str:
    """A return that every carrier failed to collect."""
    rma_id = await booked(pipeline, order, **changes)
    for carrier in ("swift", "steady", "steady"):
        await missed(pipeline, rma_id, carrier)
    await pipeline.lapse(rma_id, SLOT_ENDS + MINUTE)
    await pipeline.until(rma_id, lambda status: "book_pickup" in status.allowed_actions)
    return rma_id


async def arrives(pipeline: Pipeline, rma_id: str) -> None:
    """The rest of the way, to the refund."""
    for kind in ("picked_up", "accepted", "delivered"):
        await pipeline.scan(rma_id, kind)
    await pipeline.until(rma_id, lambda status: status.logistics is Logistics.DELIVERED)
    await pipeline.inspect(rma_id)
    assert (await pipeline.end(rma_id)).refunded_minor == 10_000


async def released(pipeline: Pipeline, order: dict[str, Any]) -> bool:
    """Whether no return holds units of the order any more, so that the customer can apply again."""
    assert pipeline.ledger.open_returns(order["order_id"]) == []
    return all(entry.held == 0 for entry in pipeline.ledger.order_balance(order["order_id"]).lines)


# Pickups


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


# Received or shipped by other means


async def test_a_parcel_that_is_received_needs_no_courier_any_more(pipeline: Pipeline) -> None:
    """The customer brought it: the booked courier must not ring at the door."""
    rma_id = await booked(pipeline)
    await pipeline.receive(rma_id)
    await pipeline.inspect(rma_id)
    assert (await pipeline.end(rma_id)).refunded_minor == 10_000
    assert await pipeline.live_pickups(rma_id) == []


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


# Scans


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


# Hand-over by the customer


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


# Withdrawal


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
