"""A whole return whose refund WeChat Pay pays, on a real Temporal server."""

from datetime import timedelta
from pathlib import Path

import pytest

from adapters.http import HttpClients
from domain.intents import IntentState
from testkit.environment import TimeSkippingEnv
from testkit.pipeline import running_pipeline
from tests.wechat.simulator import Slip, WechatSimulator
from tests.wechat.test_adapter import PAYMENT, settings
from tests.workflow.payouts import shipped_back


@pytest.mark.deep
async def test_a_return_is_paid_back_once_although_the_answer_is_lost(
    time_skipping_env: TimeSkippingEnv, tmp_path: Path
) -> None:
    simulator = WechatSimulator(payments={PAYMENT: 10_000})
    simulator.slips.append(Slip(None))
    paid = {"kind": "payment", "amount_minor": 10_000, "payment_method_id": "WALLET-1", "payment_id": PAYMENT}
    async with simulator.running() as url, HttpClients() as clients:
        wechat = settings(url).connect(clients)
        async with running_pipeline(time_skipping_env.address, tmp_path, payment=wechat) as pipeline:
            order = await pipeline.order(payments=[paid], payment_methods=[{"id": "WALLET-1", "source": "wallet"}])
            rma_id = await shipped_back(pipeline, order)
            await pipeline.inspect(rma_id)
            await pipeline.lapse(rma_id, timedelta(minutes=5))
            result = await pipeline.end(rma_id)
            intent = pipeline.ledger.payment_intent(f"{rma_id}-refund-1-t0")
            assert await pipeline.books("refunds", rma_id) == []
    assert result.refunded_minor == 10_000
    assert intent.state is IntentState.RECONCILED
    assert [(each.fen, each.refund_id) for each in simulator.under(intent.key)] == [
        (10_000, intent.provider_reference)
    ]
