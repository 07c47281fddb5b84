from datetime import timedelta

from testkit.pipeline import Pipeline, line


async def test_a_late_inspection_costs_a_coupon_and_the_refund_is_paid(pipeline: Pipeline) -> None:
    order = await pipeline.order(lines=[line("SHIRT-M", quantity=2, unit_price_minor=9_900)])
    decision = await pipeline.apply(order)
    await pipeline.to_the_warehouse(decision.rma_id)
    await pipeline.lapse(decision.rma_id, timedelta(hours=49))
    await pipeline.receive(decision.rma_id)
    await pipeline.inspect(decision.rma_id)
    result = await pipeline.end(decision.rma_id)
    assert result.refunded_minor == 9_900
    assert len(await pipeline.books("coupons", decision.rma_id)) == 1
    await pipeline.balance(order["order_id"])
