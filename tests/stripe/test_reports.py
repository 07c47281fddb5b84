"""What Stripe reports by itself, from the webhook to the books, on a real Temporal server."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
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


@dataclass(frozen=True)
class Shop:
    """A pipeline whose refunds Stripe pays, and Stripe."""

    pipeline: Pipeline
    peer: StripePeer

    async def inspected(self, status: str) -> tuple[str, str]:
        """A return whose refund has been asked for at Stripe, which answers with a status; its id and the key."""
        self.peer.status = status
        order_id = f"pi_{uuid4().hex[:12]}"
        self.peer.payments[f"{order_id}-p1"] = (10_000, "cny")
        rma_id = await shipped_back(self.pipeline, await self.pipeline.order(order_id=order_id))
        await self.pipeline.inspect(rma_id)
        key = f"{rma_id}-refund-1-t0"
        async with asyncio.timeout(20):
            while not self.peer.under(key):
                await asyncio.sleep(0.05)
        return rma_id, key

    def refund(self, key: str) -> dict[str, Any]:
        """The one refund under a key."""
        [refund] = self.peer.under(key)
        return refund

    def asked(self, key: str) -> int:
        """How often Stripe was asked about the payment of a refund."""
        payment = str(self.refund(key)["payment_intent"])
        return sum(payment in request.target or payment.encode() in request.body for request in self.peer.requests)

    def state(self, key: str) -> IntentState:
        """Where a refund stands in the ledger."""
        return self.pipeline.ledger.payment_intent(key).state

    def tasks(self, key: str) -> list[DifferenceKind]:
        """What a person is to look into."""
        return [task.kind for _, task in self.pipeline.ledger.live_tasks(0, 10) if task.subject == key]


@pytest.fixture(scope="module")
async def shop(
    time_skipping_env: TimeSkippingEnv, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Shop]:
    peer = StripePeer()
    async with peer.running() as url, HttpClients() as clients:
        stripe = StripeSettings(stripe_api_key=SecretStr(KEY), stripe_url=url).connect(clients)
        folder = tmp_path_factory.mktemp("reports")
        async with running_pipeline(time_skipping_env.address, folder, payment=stripe) as pipeline:
            yield Shop(pipeline, peer)


async def report(shop: Shop, key: str, status: ProviderStatus) -> None:
    """Have Stripe report a refund, and wait until nothing is left to do for the report."""
    news = PaymentNews(
        provider="stripe",
        event_id=f"evt_{uuid4().hex}",
        direction=PaymentDirection.REFUND,
        reference=key,
        provider_reference=shop.refund(key)["id"],
        status=status,
    )
    ledger = shop.pipeline.ledger
    await asyncio.to_thread(ledger.accept_news, news, datetime.now(UTC))
    async with asyncio.timeout(20):
        while any(due.news.reference == key for due in ledger.due_news(datetime.now(UTC))):
            await asyncio.sleep(0.05)


async def test_a_pending_refund_is_asked_for_as_soon_as_stripe_reports_it(shop: Shop) -> None:
    rma_id, key = await shop.inspected("pending")
    await shop.pipeline.lapse(rma_id, timedelta(minutes=40))
    asked = shop.asked(key)
    shop.refund(key)["status"] = "succeeded"
    await report(shop, key, ProviderStatus.SUCCEEDED)
    assert (await shop.pipeline.end(rma_id)).refunded_minor == 10_000
    assert shop.asked(key) == asked + 1
    assert shop.state(key) is IntentState.SUCCEEDED


async def test_people_know_of_a_refund_that_is_pending_for_an_hour(shop: Shop) -> None:
    rma_id, key = await shop.inspected("pending")
    await shop.pipeline.lapse(rma_id, timedelta(minutes=59))
    assert (await shop.pipeline.returns.status(rma_id)).reimbursement is Reimbursement.EXECUTING
    await shop.pipeline.lapse(rma_id, timedelta(minutes=2))
    await shop.pipeline.until(rma_id, lambda status: status.reimbursement is Reimbursement.UNKNOWN)
    await shop.pipeline.lapse(rma_id, timedelta(hours=6))
    assert shop.asked(key) < 40
    shop.refund(key)["status"] = "succeeded"
    await shop.pipeline.lapse(rma_id, timedelta(minutes=31))
    assert (await shop.pipeline.end(rma_id)).refunded_minor == 10_000


async def test_a_refund_that_comes_back_after_the_end_is_booked_and_told(shop: Shop) -> None:
    rma_id, key = await shop.inspected("succeeded")
    await shop.pipeline.end(rma_id)
    for late in (ProviderStatus.PENDING, ProviderStatus.SUCCEEDED, ProviderStatus.SUCCEEDED):
        await report(shop, key, late)
    assert shop.state(key) is IntentState.SUCCEEDED
    refund = shop.refund(key)
    refund["status"], refund["failure_reason"] = "failed", "expired_or_canceled_card"
    for _ in range(2):
        await report(shop, key, ProviderStatus.FAILED)
    async with asyncio.timeout(20):
        while shop.state(key) is not IntentState.DECLINED or not shop.tasks(key):
            await asyncio.sleep(0.05)
    assert shop.tasks(key) == [DifferenceKind.REFUND_RETURNED]


async def test_a_report_that_stripe_does_not_bear_out_changes_nothing(shop: Shop) -> None:
    rma_id, key = await shop.inspected("succeeded")
    await shop.pipeline.end(rma_id)
    asked = shop.asked(key)
    await report(shop, key, ProviderStatus.FAILED)
    async with asyncio.timeout(20):
        while shop.asked(key) == asked:
            await asyncio.sleep(0.05)
    assert shop.state(key) is IntentState.SUCCEEDED
    assert shop.tasks(key) == []
