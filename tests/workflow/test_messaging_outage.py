"""A messaging service that is down for a day: no refund and no parcel waits; messages go out later, in order."""

import asyncio
from datetime import timedelta

from domain.status import Logistics
from testkit.pipeline import Pipeline
from tests.workflow.parcels import arrives, booked

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
PLAIN = ["approved", "pickup_booked", "parcel_received", "inspection_passed", "refund_paid"]


async def test_an_outage_of_a_day_delays_messages_only(pipeline: Pipeline) -> None:
    order = await pipeline.order()
    customer = {"recipient": order["customer_id"]}
    await pipeline.fault(target="messages.send", kind="error_before", times=None, match=customer)
    rma_id = await booked(pipeline, order)
    await pipeline.lapse(rma_id, 2 * HOUR)
    await pipeline.scan(rma_id, "picked_up")
    await pipeline.lapse(rma_id, HOUR)
    await pipeline.scan(rma_id, "accepted")
    await pipeline.lapse(rma_id, DAY - 3 * HOUR)
    assert (await pipeline.returns.status(rma_id)).logistics is Logistics.IN_TRANSIT
    await arrives(pipeline, rma_id)
    ending = await pipeline.ending(rma_id, order["order_id"])
    assert [refund.amount_minor for refund in ending.refunds] == [10_000]
    assert ending.messages == ()

    (await pipeline.sandbox.delete("/faults")).raise_for_status()
    async with asyncio.timeout(30):
        while pipeline.ledger.pending_deliveries():
            await asyncio.sleep(0.05)
    sent = [entry for entry in await pipeline.books("messages", rma_id) if entry["audience"] == "customer_message"]
    assert [message["template"] for message in sent] == PLAIN


async def test_a_repeat_after_a_lost_answer_has_the_same_id(pipeline: Pipeline) -> None:
    order = await pipeline.order()
    match = {"recipient": order["customer_id"], "template": "pickup_booked"}
    await pipeline.fault(target="messages.send", kind="error_after", times=3, match=match)
    rma_id = await booked(pipeline, order)
    await pipeline.told(rma_id)
    sent = await pipeline.books("messages", rma_id)
    assert [message["template"] for message in sent] == ["approved"] + 4 * ["pickup_booked"]
    assert len({message["message_id"] for message in sent}) == 2


async def test_a_customer_with_a_phone_gets_an_sms_beside_the_app(pipeline: Pipeline) -> None:
    decision = await pipeline.apply(await pipeline.order(), contact={"phone": "13800000000"})
    await pipeline.until(decision.rma_id, lambda status: status.logistics is Logistics.PICKUP_BOOKED)
    await pipeline.told(decision.rma_id)
    sent = await pipeline.books("messages", decision.rma_id)
    assert [(message["template"], message["channel"]) for message in sent] == [
        ("approved", "in_app"),
        ("pickup_booked", "in_app"),
        ("pickup_booked", "sms"),
    ]
    assert sent[2]["subject"] == ""
    assert sent[2]["message_id"] == f"{sent[1]['message_id']}/sms"
    assert "13800000000" not in str(sent)
