"""Every change of a return's status is an event with the whole return, and costs the return nothing."""

from itertools import pairwise

from testkit.pipeline import Pipeline, line
from workflows.contracts import ReturnStatus


async def test_the_life_of_a_return_is_told_in_order_with_the_whole_return(pipeline: Pipeline) -> None:
    order = await pipeline.order(lines=[line("SHIRT-M", quantity=1, unit_price_minor=9_900)])
    decision = await pipeline.apply(order)
    await pipeline.to_the_warehouse(decision.rma_id)
    await pipeline.receive(decision.rma_id)
    await pipeline.inspect(decision.rma_id)
    await pipeline.end(decision.rma_id)

    told = [event for event in pipeline.ledger.events_after(0, 10_000) if event.rma_id == decision.rma_id]

    stands = [ReturnStatus.model_validate(event.snapshot) for event in told]
    words = [
        (status.header, status.approval, status.logistics, status.inspection, status.reimbursement)
        for status in stands
    ]
    assert all(before != after for before, after in pairwise(words))
    assert all(before.at <= after.at for before, after in pairwise(told))
    assert [status.header.value for status in stands][-1] == "COMPLETED"
    assert [
        (status.logistics.value, status.inspection.value, status.reimbursement.value) for status in stands
    ] == [
        ("NOT_REQUIRED", "PENDING", "NONE"),
        ("NOT_REQUIRED", "PENDING", "QUOTED"),
        ("NOT_REQUIRED", "PENDING", "QUOTED"),
        ("AWAITING_HANDOVER", "PENDING", "QUOTED"),
        ("PICKUP_BOOKED", "PENDING", "QUOTED"),
        ("PICKED_UP", "PENDING", "QUOTED"),
        ("IN_TRANSIT", "PENDING", "QUOTED"),
        ("DELIVERED", "PENDING", "QUOTED"),
        ("RECEIVED", "PENDING", "QUOTED"),
        ("RECEIVED", "ACCEPTED", "QUOTED"),
        ("RECEIVED", "ACCEPTED", "AUTHORIZED"),
        ("RECEIVED", "ACCEPTED", "EXECUTING"),
        ("RECEIVED", "ACCEPTED", "SETTLED"),
        ("RECEIVED", "ACCEPTED", "SETTLED"),
    ]
    now = await pipeline.settled(decision.rma_id)
    assert stands[-1].model_copy(update={"timeline": ()}) == now.model_copy(update={"timeline": ()})
