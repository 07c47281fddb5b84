"""The nightly reconciliation: it asks for what no return asks for any more, heals what is safe, sends nothing."""

from datetime import UTC, datetime, timedelta

from adapters.payment.sandbox import SandboxPayment
from domain.bookkeeping import HoldAuthorization
from domain.holds import HoldState
from domain.intents import IntentState
from domain.refund import UnitsToSettle
from starters.setup import prepare_schedules
from testkit.pipeline import Pipeline
from tests.workflow.reconciliations import a_refund, opened_return, paid_by_provider, reconcile
from workflows import ids


async def test_what_the_provider_paid_is_written_down(pipeline: Pipeline) -> None:
    intent = await a_refund(pipeline)
    await paid_by_provider(pipeline, intent)
    report = await reconcile(pipeline)
    assert intent.key in report.settled
    assert pipeline.ledger.payment_intent(intent.key).state is IntentState.RECONCILED
    balance = pipeline.ledger.order_balance(intent.order_id)
    assert (balance.reserved_minor, balance.refunded_minor) == (0, 10_000)


async def test_what_the_provider_never_saw_is_named_and_not_sent(pipeline: Pipeline) -> None:
    intent = await a_refund(pipeline)
    report = await reconcile(pipeline)
    assert intent.key in report.open
    assert await pipeline.books("refunds", intent.rma_id) == []
    assert pipeline.ledger.payment_intent(intent.key).state is IntentState.UNKNOWN


async def test_setup_makes_the_schedule_and_may_be_repeated(pipeline: Pipeline) -> None:
    for _ in range(2):
        await prepare_schedules(pipeline.client, pipeline.task_queue)
    description = await pipeline.client.get_schedule_handle(ids.RECONCILIATION_SCHEDULE).describe()
    (next_run, *_) = description.info.next_action_times
    assert next_run.hour == 18


async def test_a_hold_that_was_placed_unseen_is_written_down_with_its_end(pipeline: Pipeline) -> None:
    at = datetime.now(UTC) - timedelta(days=2)
    order, rma_id = await opened_return(pipeline, at)
    hold = pipeline.ledger.authorize_hold(
        HoldAuthorization(
            rma_id=rma_id,
            op="hold-1",
            at=at,
            round=1,
            method_id=order.payments[0].method_id,
            units=(UnitsToSettle(line_id="SHIRT-M", quantity=1),),
        )
    )
    pipeline.ledger.intent_submitted(hold.key, at)
    pipeline.ledger.intent_unknown(hold.key, at)
    placed = await SandboxPayment(pipeline.sandbox).submit(hold, at)
    report = await reconcile(pipeline)
    assert hold.key in report.settled
    known = pipeline.ledger.payment_hold(hold.key)
    assert (known.state, known.expires_at) == (HoldState.OPEN, placed.expires_at)
