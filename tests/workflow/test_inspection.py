"""The 48-hour promise: the coupon comes exactly when it is owed, once."""

from datetime import timedelta

from domain.clocks import ClockName, ClockState
from tests.pipeline import Pipeline

HOUR = timedelta(hours=1)


async def at_the_warehouse(pipeline: Pipeline) -> str:
    decision = await pipeline.apply(await pipeline.order())
    await pipeline.to_the_warehouse(decision.rma_id)
    return decision.rma_id


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
    coupons = await pipeline.books("coupons", rma_id)
    assert [(coupon["amount_minor"], coupon["currency"]) for coupon in coupons] == [(5000, "CNY")]
    assert result.refunded_minor == 10_000
    alerts = await pipeline.messages(rma_id, 2, "staff_alert")
    assert alerts == ["staff_inspection_late", "staff_inspection_late"]
