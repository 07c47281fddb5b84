"""The 48-hour promise: the coupon comes exactly when it is owed, once."""

from datetime import timedelta
from uuid import uuid4

import pytest

from domain.actions import Action, Role
from domain.clocks import ClockName, ClockState
from domain.keys import inspection_clock_key
from domain.shipping import CarrierEvent
from domain.status import Logistics, Reimbursement
from testkit.pipeline import Pipeline, line

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
DUE = 48 * HOUR

REJECTED = {
    "line_id": "SHIRT-M",
    "quantity": 1,
    "verdict": "rejected",
    "grade": "D",
    "disposition": "RETURN_TO_CUSTOMER",
    "note": "worn",
}


async def at_the_warehouse(pipeline: Pipeline) -> str:
    decision = await pipeline.apply(await pipeline.order())
    await pipeline.to_the_warehouse(decision.rma_id)
    return decision.rma_id


async def on_the_way(pipeline: Pipeline) -> str:
    """A return whose parcel has travelled for 60 hours and is still under way."""
    decision = await pipeline.apply(await pipeline.order())
    await pipeline.until(decision.rma_id, lambda status: status.logistics is Logistics.PICKUP_BOOKED)
    await pipeline.scan(decision.rma_id, "picked_up")
    await pipeline.scan(decision.rma_id, "accepted")
    await pipeline.until(decision.rma_id, lambda status: status.logistics is Logistics.IN_TRANSIT)
    await pipeline.lapse(decision.rma_id, 60 * HOUR)
    return decision.rma_id


async def coupons(pipeline: Pipeline, rma_id: str) -> list[tuple[int, str]]:
    return [(coupon["amount_minor"], coupon["currency"]) for coupon in await pipeline.books("coupons", rma_id)]


async def recipients(pipeline: Pipeline, rma_id: str, template: str) -> list[str]:
    sent = await pipeline.books("messages", rma_id)
    return [message["recipient"] for message in sent if message["template"] == template]


async def test_in_time_earns_nothing(pipeline: Pipeline) -> None:
    rma_id = await at_the_warehouse(pipeline)
    await pipeline.lapse(rma_id, timedelta(hours=47, minutes=50))
    await pipeline.receive(rma_id)
    await pipeline.inspect(rma_id)
    await pipeline.end(rma_id)
    status = await pipeline.returns.status(rma_id)
    assert await pipeline.books("coupons", rma_id) == []
    assert [clock.state for clock in status.clocks if clock.name is ClockName.INSPECTION] == [ClockState.MET]


async def test_late_earns_one_coupon_and_the_inspection_goes_on(pipeline: Pipeline) -> None:
    rma_id = await at_the_warehouse(pipeline)
    await pipeline.lapse(rma_id, timedelta(hours=48, minutes=1))
    status = await pipeline.until(rma_id, lambda status: bool(status.coupons and status.coupons[0].coupon_id))
    assert status.inspection == "PENDING"
    assert "inspect" in status.allowed_actions
    await pipeline.lapse(rma_id, timedelta(hours=49))
    await pipeline.receive(rma_id)
    await pipeline.inspect(rma_id)
    result = await pipeline.end(rma_id)
    assert await coupons(pipeline, rma_id) == [(5000, "CNY")]
    assert result.refunded_minor == 10_000
    alerts = await pipeline.messages(rma_id, 2, "staff_alert")
    assert alerts == ["staff_inspection_late", "staff_inspection_late"]


@pytest.mark.parametrize(("after", "earned"), [(DUE - MINUTE, 0), (DUE + MINUTE, 1)])
async def test_the_promise_ends_after_48_hours(pipeline: Pipeline, after: timedelta, earned: int) -> None:
    rma_id = await at_the_warehouse(pipeline)
    await pipeline.lapse(rma_id, after)
    await pipeline.inspect(rma_id)
    await pipeline.end(rma_id)
    assert await coupons(pipeline, rma_id) == [(5000, "CNY")] * earned


@pytest.mark.parametrize(
    ("delivered_ago", "received_ago", "earned"),
    [
        (timedelta(0), 3 * HOUR, 0),
        (10 * HOUR, timedelta(0), 0),
        (10 * HOUR, 9 * HOUR, 0),
        (30 * HOUR, timedelta(0), 1),
        (timedelta(0), 30 * HOUR, 1),
        (50 * HOUR, 49 * HOUR, 1),
    ],
)
async def test_the_clock_starts_at_the_earlier_of_delivery_and_receipt(
    pipeline: Pipeline, delivered_ago: timedelta, received_ago: timedelta, earned: int
) -> None:
    """The scans' own times count, 20 hours before the inspection, not when they were told."""
    rma_id = await on_the_way(pipeline)
    told_at = await pipeline.now(rma_id)
    await pipeline.scan(rma_id, "delivered", at=told_at - delivered_ago)
    await pipeline.receive(rma_id, received_at=told_at - received_ago)
    await pipeline.lapse(rma_id, 20 * HOUR)
    await pipeline.inspect(rma_id)
    await pipeline.end(rma_id)
    assert await coupons(pipeline, rma_id) == [(5000, "CNY")] * earned
    certificate = pipeline.ledger.coupon(inspection_clock_key(rma_id))
    if earned:
        assert certificate is not None
        assert certificate.started_at == told_at - max(delivered_ago, received_ago)
        assert certificate.due_at == certificate.started_at + DUE


async def test_a_receipt_that_is_told_too_late_is_a_breach_at_once(pipeline: Pipeline) -> None:
    rma_id = await on_the_way(pipeline)
    await pipeline.receive(rma_id, received_at=await pipeline.now(rma_id) - 49 * HOUR)
    status = await pipeline.until(rma_id, lambda status: bool(status.coupons and status.coupons[0].coupon_id))
    assert status.inspection == "PENDING"
    assert await coupons(pipeline, rma_id) == [(5000, "CNY")]


async def test_news_of_an_earlier_delivery_breaks_the_promise_at_once(pipeline: Pipeline) -> None:
    rma_id = await on_the_way(pipeline)
    await pipeline.receive(rma_id)
    await pipeline.lapse(rma_id, 20 * HOUR)
    delivered_at = await pipeline.now(rma_id) - 49 * HOUR
    await pipeline.scan(rma_id, "delivered", at=delivered_at)
    await pipeline.until(rma_id, lambda status: bool(status.coupons and status.coupons[0].coupon_id))
    certificate = pipeline.ledger.coupon(inspection_clock_key(rma_id))
    assert certificate is not None
    assert certificate.started_at == delivered_at
    await pipeline.inspect(rma_id)
    await pipeline.end(rma_id)
    assert await coupons(pipeline, rma_id) == [(5000, "CNY")]


async def test_news_of_an_earlier_delivery_brings_the_due_time_forward(pipeline: Pipeline) -> None:
    rma_id = await on_the_way(pipeline)
    await pipeline.receive(rma_id)
    delivered_at = await pipeline.now(rma_id) - 10 * HOUR
    await pipeline.scan(rma_id, "delivered", at=delivered_at)
    status = await pipeline.until(
        rma_id,
        lambda status: status.next_deadline is not None and status.next_deadline.due_at == delivered_at + DUE,
    )
    inspection = [clock.state for clock in status.clocks if clock.name is ClockName.INSPECTION]
    assert inspection == [ClockState.STOPPED, ClockState.RUNNING]
    await pipeline.lapse(rma_id, 38 * HOUR + MINUTE)
    await pipeline.inspect(rma_id)
    await pipeline.end(rma_id)
    status = await pipeline.returns.status(rma_id)
    inspection = [clock.state for clock in status.clocks if clock.name is ClockName.INSPECTION]
    assert ClockState.MET not in inspection[:2]
    assert await coupons(pipeline, rma_id) == [(5000, "CNY")]


@pytest.mark.parametrize(("delivered_before", "earned"), [(47 * HOUR, 0), (49 * HOUR, 1)])
async def test_news_of_the_delivery_that_comes_after_the_inspection_still_counts(
    pipeline: Pipeline, delivered_before: timedelta, earned: int
) -> None:
    rma_id = await on_the_way(pipeline)
    await pipeline.receive(rma_id)
    await pipeline.lapse(rma_id, 20 * HOUR)
    inspected_at = await pipeline.now(rma_id)
    await pipeline.inspect(rma_id, REJECTED)
    await pipeline.until(rma_id, lambda status: "contest" in status.allowed_actions)
    await pipeline.scan(rma_id, "delivered", at=inspected_at - delivered_before)
    await pipeline.lapse(rma_id, 73 * HOUR)
    await pipeline.end(rma_id)
    assert await coupons(pipeline, rma_id) == [(5000, "CNY")] * earned


async def test_a_delivery_whose_webhook_was_lost_still_starts_the_clock(pipeline: Pipeline) -> None:
    """The carrier's books show the delivery ten hours before the receipt, 50 before the inspection."""
    rma_id = await on_the_way(pipeline)
    status = await pipeline.returns.status(rma_id)
    await pipeline.scan_unreported(
        CarrierEvent(
            event_id=uuid4().hex,
            carrier=status.carrier,
            tracking_no=status.tracking_no,
            kind="delivered",
            occurred_at=await pipeline.now(rma_id) - 10 * HOUR,
        )
    )
    await pipeline.receive(rma_id)
    await pipeline.lapse(rma_id, 40 * HOUR)
    await pipeline.inspect(rma_id)
    await pipeline.end(rma_id)
    assert await coupons(pipeline, rma_id) == [(5000, "CNY")]


async def test_every_way_to_a_breach_together_gives_one_coupon(pipeline: Pipeline) -> None:
    """The timer, repeats and older news of the delivery, an older receipt, and the late report."""
    rma_id = await at_the_warehouse(pipeline)
    await pipeline.lapse(rma_id, DUE + MINUTE)
    await pipeline.until(rma_id, lambda status: bool(status.coupons))
    now = await pipeline.now(rma_id)
    for ago in (50 * HOUR, 49 * HOUR):
        event_id = uuid4().hex
        await pipeline.scan(rma_id, "delivered", at=now - ago, event_id=event_id)
        await pipeline.scan(rma_id, "delivered", at=now - ago, event_id=event_id)
    await pipeline.receive(rma_id, received_at=now - 47 * HOUR)
    await pipeline.lapse(rma_id, 60 * HOUR)
    await pipeline.inspect(rma_id)
    await pipeline.end(rma_id)
    assert await coupons(pipeline, rma_id) == [(5000, "CNY")]
    await pipeline.messages(rma_id, 6)
    assert len(await recipients(pipeline, rma_id, "inspection_late")) == 1


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "error_before", "times": 2},
        {"kind": "error_after", "times": 2},
        {"kind": "lost_response", "times": 2},
        {"kind": "too_busy", "seconds": 60},
    ],
    ids=lambda fault: str(fault["kind"]),
)
async def test_a_coupon_service_that_fails_issues_one_coupon(pipeline: Pipeline, fault: dict[str, object]) -> None:
    rma_id = await at_the_warehouse(pipeline)
    key = inspection_clock_key(rma_id)
    await pipeline.fault(target="coupons.issue", match={"key": key}, **fault)
    await pipeline.lapse(rma_id, DUE + 10 * MINUTE)
    await pipeline.until(rma_id, lambda status: bool(status.coupons and status.coupons[0].coupon_id))
    await pipeline.inspect(rma_id)
    await pipeline.end(rma_id)
    (issued,) = await pipeline.books("coupons", rma_id)
    certificate = pipeline.ledger.coupon(key)
    assert certificate is not None
    assert certificate.coupon_id == issued["coupon_id"]
    assert (issued["amount_minor"], issued["key"]) == (5000, key)


async def test_a_coupon_service_that_is_down_does_not_hold_up_the_refund(pipeline: Pipeline) -> None:
    rma_id = await at_the_warehouse(pipeline)
    await pipeline.fault(
        target="coupons.issue", kind="too_busy", seconds=1200, match={"key": inspection_clock_key(rma_id)}
    )
    await pipeline.lapse(rma_id, DUE + MINUTE)
    await pipeline.inspect(rma_id)
    await pipeline.settled(rma_id)
    assert await coupons(pipeline, rma_id) == []
    assert len(await pipeline.books("refunds", rma_id)) == 1
    await pipeline.lapse(rma_id, 21 * MINUTE)
    await pipeline.end(rma_id)
    assert await coupons(pipeline, rma_id) == [(5000, "CNY")]


async def test_the_certificate_tells_the_breach(pipeline: Pipeline) -> None:
    order = await pipeline.order(currency="JPY", lines=[line(unit_price_minor=6800)])
    decision = await pipeline.apply(order)
    await pipeline.to_the_warehouse(decision.rma_id)
    delivered_at = await pipeline.now(decision.rma_id)
    await pipeline.lapse(decision.rma_id, DUE + MINUTE)
    await pipeline.until(decision.rma_id, lambda status: bool(status.coupons and status.coupons[0].coupon_id))
    certificate = pipeline.ledger.coupon(inspection_clock_key(decision.rma_id))
    assert certificate is not None
    assert abs(certificate.started_at - delivered_at) < MINUTE
    assert certificate.due_at == certificate.started_at + DUE
    assert certificate.observed_at >= certificate.due_at
    assert (certificate.clock, certificate.coupon_minor, certificate.currency) == ("inspection", 1000, "JPY")
    (issued,) = await pipeline.books("coupons", decision.rma_id)
    assert (issued["customer_id"], issued["currency"]) == (order["customer_id"], "JPY")


async def test_management_is_told_after_96_hours_and_then_daily(pipeline: Pipeline) -> None:
    rma_id = await at_the_warehouse(pipeline)
    told: list[str] = []
    for time in (DUE + MINUTE, DUE, 24 * HOUR):
        await pipeline.lapse(rma_id, time)
        told.append("warehouse_supervisor" if not told else "management")
        await pipeline.messages(rma_id, len(told), "staff_alert")
        assert await recipients(pipeline, rma_id, "staff_inspection_late") == told
    await pipeline.inspect(rma_id)
    await pipeline.end(rma_id)
    assert await coupons(pipeline, rma_id) == [(5000, "CNY")]


async def test_an_inspection_that_is_written_down_without_a_receipt_counts(pipeline: Pipeline) -> None:
    rma_id = await at_the_warehouse(pipeline)
    await pipeline.inspect(rma_id)
    assert (await pipeline.settled(rma_id)).reimbursement is Reimbursement.SETTLED
    await pipeline.end(rma_id)
    assert await coupons(pipeline, rma_id) == []


async def test_an_empty_parcel_can_be_inspected(pipeline: Pipeline) -> None:
    """Missing goods are a result: what the report does not name is missing, even if that is everything."""
    order = await pipeline.order()
    decision = await pipeline.apply(order)
    await pipeline.to_the_warehouse(decision.rma_id)
    await pipeline.act(decision.rma_id, Action.INSPECT, Role.WAREHOUSE, units=[])
    status = await pipeline.until(decision.rma_id, lambda status: status.inspection == "REJECTED")
    assert [entry.missing for entry in status.lines] == [1]
    await pipeline.lapse(decision.rma_id, 73 * HOUR)
    assert (await pipeline.end(decision.rma_id)).refunded_minor == 0
    assert (await pipeline.balance(order["order_id"])).lines[0].settled == 0
