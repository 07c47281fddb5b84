"""A whole return whose refund Stripe pays, on a real Temporal server."""

from datetime import timedelta
from pathlib import Path
from uuid import uuid4

from pydantic import SecretStr

from adapters.http import HttpClients
from adapters.payment.stripe import StripeSettings
from domain.intents import IntentState
from testkit.environment import TimeSkippingEnv
from testkit.pipeline import running_pipeline
from tests.stripe.peer import KEY, Slip, StripePeer
from tests.workflow.payouts import shipped_back


async def test_a_return_is_paid_back_once_although_the_answer_is_lost(
    time_skipping_env: TimeSkippingEnv, tmp_path: Path
) -> None:
    peer = StripePeer(honours_keys=False)
    peer.slips.append(Slip(None))
    order_id = f"pi_{uuid4().hex[:12]}"
    peer.payments[f"{order_id}-p1"] = (10_000, "cny")
    async with peer.running() as url, HttpClients() as clients:
        stripe = StripeSettings(stripe_api_key=SecretStr(KEY), stripe_url=url).connect(clients)
        async with running_pipeline(time_skipping_env.address, tmp_path, payment=stripe) as pipeline:
            rma_id = await shipped_back(pipeline, await pipeline.order(order_id=order_id))
            await pipeline.inspect(rma_id)
            await pipeline.lapse(rma_id, timedelta(minutes=5))
            result = await pipeline.end(rma_id)
            intent = pipeline.ledger.payment_intent(f"{rma_id}-refund-1-t0")
            assert await pipeline.books("refunds", rma_id) == []
    assert result.refunded_minor == 10_000
    assert intent.state is IntentState.RECONCILED
    assert [(each["amount"], each["id"]) for each in peer.under(intent.key)] == [
        (10_000, intent.provider_reference)
    ]
