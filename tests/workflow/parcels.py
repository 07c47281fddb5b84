"""What the tests of ship-back do with parcels."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from domain.actions import Role
from domain.shipping import CarrierEvent
from domain.status import Logistics
from testkit.pipeline import Pipeline

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
