"""What Stripe reports by itself, from the webhook to the books, on a real Temporal server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from pydantic import SecretStr

from adapters.http import HttpClients
from adapters.payment.stripe import StripeSettings
from domain.differences import DifferenceKind
from domain.intents import IntentState, PaymentDirection, ProviderStatus
from domain.payment_news import PaymentNews
from domain.status import Reimbursement
from testkit.environment import TimeSkippingEnv
from testkit.pipeline import Pipeline, running_pipeline
from tests.stripe.peer import KEY, StripePeer
from tests.workflow.payouts import shipped_back


@asynccontextmanager
async def inspected(
    env: TimeSkippingEnv, folder: Path, status: str
) -> AsyncIterator[tuple[Pipeline, StripePeer, str]]:
    """A return whose refund has been asked for at Stripe, which answers with a status."""
    peer = StripePeer()
    peer.status = status
    order_id = f"pi_{uuid4().hex[:12]}"
    peer.payments[f"{order_id}-p1"] = (10_000, "cny")
    async with peer.running() as url, HttpClients() as clients:
        stripe = StripeSettings(stripe_api_key=SecretStr(KEY), stripe_url=url).connect(clients)
        async with running_pipeline(env.address, folder, payment=stripe) as pipeline:
            rma_id = await shipped_back(pipeline, await pipeline.order(order_id=order_id))
            await pipeline.inspect(rma_id)
            yield pipeline, peer, rma_id


async def report(pipeline: Pipeline, refund: dict[str, Any], status: ProviderStatus) -> None:
    """Have Stripe report a refund, and wait until nothing is left to do for the report."""
    news = PaymentNews(
        provider="stripe",
        event_id=f"evt_{uuid4().hex}",
        direction=PaymentDirection.REFUND,
        reference=refund["metadata"]["returnflow_reference"],
        provider_reference=refund["id"],
        status=status,
    )
    await asyncio.to_thread(pipeline.ledger.accept_news, news, datetime.now(UTC))
    async with asyncio.timeout(20):
        while pipeline.ledger.due_news(datetime.now(UTC)):
            await asyncio.sleep(0.05)


async def test_a_pending_refund_is_asked_for_as_soon_as_stripe_reports_it(
    time_skipping_env: TimeSkippingEnv, tmp_path: Path
) -> None:
    async with inspected(time_skipping_env, tmp_path, "pending") as (pipeline, peer, rma_id):
        await pipeline.until(rma_id, lambda status: status.reimbursement is Reimbursement.EXECUTING)
        await pipeline.lapse(rma_id, timedelta(minutes=40))
        [refund] = peer.refunds
        asked = len(peer.requests)
        refund["status"] = "succeeded"
        await report(pipeline, refund, ProviderStatus.SUCCEEDED)
        result = await pipeline.end(rma_id)
        assert result.refunded_minor == 10_000
        assert len(peer.requests) == asked + 1
        assert (
            pipeline.ledger.payment_intent(refund["metadata"]["returnflow_reference"]).state
            is IntentState.SUCCEEDED
        )


async def test_people_know_of_a_refund_that_is_pending_for_an_hour(
    time_skipping_env: TimeSkippingEnv, tmp_path: Path
) -> None:
    async with inspected(time_skipping_env, tmp_path, "pending") as (pipeline, peer, rma_id):
        await pipeline.until(rma_id, lambda status: status.reimbursement is Reimbursement.EXECUTING)
        await pipeline.lapse(rma_id, timedelta(minutes=59))
        assert (await pipeline.returns.status(rma_id)).reimbursement is Reimbursement.EXECUTING
        await pipeline.lapse(rma_id, timedelta(minutes=2))
        await pipeline.until(rma_id, lambda status: status.reimbursement is Reimbursement.UNKNOWN)
        await pipeline.lapse(rma_id, timedelta(hours=6))
        [refund] = peer.refunds
        assert len(peer.requests) < 40
        refund["status"] = "succeeded"
        await pipeline.lapse(rma_id, timedelta(minutes=31))
        assert (await pipeline.end(rma_id)).refunded_minor == 10_000


async def test_a_refund_that_comes_back_after_the_end_is_booked_and_told(
    time_skipping_env: TimeSkippingEnv, tmp_path: Path
) -> None:
    async with inspected(time_skipping_env, tmp_path, "succeeded") as (pipeline, peer, rma_id):
        await pipeline.end(rma_id)
        [refund] = peer.refunds
        for late in (ProviderStatus.PENDING, ProviderStatus.SUCCEEDED, ProviderStatus.SUCCEEDED):
            await report(pipeline, refund, late)
        ledger = pipeline.ledger
        key = refund["metadata"]["returnflow_reference"]
        assert ledger.payment_intent(key).state is IntentState.SUCCEEDED
        refund["status"], refund["failure_reason"] = "failed", "expired_or_canceled_card"
        for _ in range(2):
            await report(pipeline, refund, ProviderStatus.FAILED)
        async with asyncio.timeout(20):
            while ledger.payment_intent(key).state is not IntentState.DECLINED:
                await asyncio.sleep(0.05)
        [task] = [task for _, task in ledger.live_tasks(0, 10)]
        assert (task.kind, task.subject) == (DifferenceKind.REFUND_RETURNED, key)


async def test_a_report_that_stripe_does_not_bear_out_changes_nothing(
    time_skipping_env: TimeSkippingEnv, tmp_path: Path
) -> None:
    async with inspected(time_skipping_env, tmp_path, "succeeded") as (pipeline, peer, rma_id):
        await pipeline.end(rma_id)
        [refund] = peer.refunds
        asked = len(peer.requests)
        await report(pipeline, refund, ProviderStatus.FAILED)
        async with asyncio.timeout(20):
            while len(peer.requests) == asked:
                await asyncio.sleep(0.05)
        key = refund["metadata"]["returnflow_reference"]
        assert pipeline.ledger.payment_intent(key).state is IntentState.SUCCEEDED
        assert pipeline.ledger.live_tasks(0, 10) == []
