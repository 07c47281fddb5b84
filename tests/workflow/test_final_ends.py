"""News that comes in just as a return ends: the ledger has written the end, so the end stays."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from domain.actions import Action, Role
from domain.bookkeeping import ReturnClosing
from domain.shipping import CarrierEvent
from domain.status import Header, Logistics
from testkit.pipeline import Pipeline


async def scan_at_the_close(pipeline: Pipeline, rma_id: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Have a scan reach the workflow while the ledger writes its end; the server then has the task run again."""
    loop = asyncio.get_running_loop()
    status = await pipeline.returns.status(rma_id)
    scan = CarrierEvent(
        event_id=uuid4().hex,
        carrier=status.carrier,
        tracking_no=status.tracking_no,
        kind="in_transit",
        occurred_at=await pipeline.now(rma_id),
    )
    write = pipeline.ledger.close_return
    closings: list[str] = []

    def close(closing: ReturnClosing) -> None:
        write(closing)
        closings.append(closing.header)
        if len(closings) == 1:
            reported = pipeline.returns.report_carrier_event(rma_id, scan)
            asyncio.run_coroutine_threadsafe(reported, loop).result(timeout=20)

    monkeypatch.setattr(pipeline.ledger, "close_return", close)
    return closings


async def test_a_scan_at_the_last_moment_does_not_bring_back_a_withdrawn_return(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    decision = await pipeline.apply(await pipeline.order())
    await pipeline.until(decision.rma_id, lambda status: status.logistics is Logistics.PICKUP_BOOKED)
    closings = await scan_at_the_close(pipeline, decision.rma_id, monkeypatch)

    await pipeline.act(decision.rma_id, Action.CANCEL, Role.CUSTOMER)

    assert (await pipeline.end(decision.rma_id)).header is Header.CANCELED
    assert set(closings) == {"CANCELED"}


async def test_a_scan_at_the_last_moment_does_not_bring_back_an_expired_return(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    decision = await pipeline.apply(await pipeline.order(), ship_back="label")
    await pipeline.until(decision.rma_id, lambda status: bool(status.tracking_no))
    closings = await scan_at_the_close(pipeline, decision.rma_id, monkeypatch)

    await pipeline.lapse(decision.rma_id, timedelta(days=8))

    assert (await pipeline.end(decision.rma_id)).header is Header.EXPIRED
    assert set(closings) == {"EXPIRED"}
