"""The nightly reconciliation: it asks for what no return asks for any more, heals what is safe, sends nothing."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from adapters.orders.sandbox import SandboxOrders
from adapters.payment.sandbox import SandboxPayment
from domain.bookkeeping import HoldAuthorization, RefundAuthorization, ReturnOpening, Review
from domain.holds import HoldState
from domain.intents import IntentState, PaymentIntent, RefundBasis
from domain.orders import OrderSnapshot
from domain.reconciliation import ReconciliationReport
from domain.refund import UnitsToSettle
from starters.setup import prepare_schedules
from testkit.pipeline import Pipeline
from workflows import ids


@pytest.fixture
async def abandoned(pipeline: Pipeline) -> tuple[OrderSnapshot, PaymentIntent]:
    """An intent that was submitted two days ago, whose return nobody runs any more."""
    placed = await pipeline.order()
    order = await SandboxOrders(pipeline.sandbox).get_order(placed["order_id"])
    assert order is not None
    at = datetime.now(UTC) - timedelta(days=2)
    rma_id = f"RMA-{uuid4().hex[:16].upper()}"
    opening = ReturnOpening(
        rma_id=rma_id,
        op="review-1",
        at=at,
        order=order,
        units={"SHIRT-M": 1},
        max_applications_per_line=5,
        review=Review(),
    )
    pipeline.ledger.open_return(opening)
    authorized = pipeline.ledger.authorize_refund(
        RefundAuthorization(
            rma_id=rma_id,
            op="settle-1",
            at=at,
            round=1,
            basis=RefundBasis.INSPECTION,
            units=(UnitsToSettle(line_id="SHIRT-M", quantity=1),),
        )
    )
    (intent,) = authorized.intents
    pipeline.ledger.intent_submitted(intent.key, at)
    pipeline.ledger.intent_unknown(intent.key, at)
    return order, intent


async def reconcile(pipeline: Pipeline) -> ReconciliationReport:
    report: ReconciliationReport = await pipeline.client.execute_workflow(
        ids.RECONCILIATION_WORKFLOW,
        id=f"reconciliation-{uuid4().hex}",
        task_queue=pipeline.task_queue,
        result_type=ReconciliationReport,
    )
    return report


async def test_what_the_provider_paid_is_written_down(
    pipeline: Pipeline, abandoned: tuple[OrderSnapshot, PaymentIntent]
) -> None:
    order, intent = abandoned
    paid = {
        "reference": intent.key,
        "payment_id": intent.payment_id,
        "method_id": intent.method_id,
        "amount_minor": intent.amount_minor,
        "currency": intent.currency,
        "at": datetime.now(UTC).isoformat(),
    }
    (await pipeline.sandbox.post("/payments/refunds", json=paid)).raise_for_status()
    report = await reconcile(pipeline)
    assert intent.key in report.settled
    assert pipeline.ledger.payment_intent(intent.key).state is IntentState.RECONCILED
    balance = pipeline.ledger.order_balance(order.order_id)
    assert (balance.reserved_minor, balance.refunded_minor) == (0, 10_000)


async def test_what_the_provider_never_saw_is_named_and_not_sent(
    pipeline: Pipeline, abandoned: tuple[OrderSnapshot, PaymentIntent]
) -> None:
    _, intent = abandoned
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


async def test_a_hold_that_was_placed_unseen_is_written_down_with_its_end(
    pipeline: Pipeline, abandoned: tuple[OrderSnapshot, PaymentIntent]
) -> None:
    order, refund = abandoned
    pipeline.ledger.open_return(
        ReturnOpening(
            rma_id=f"{refund.rma_id}-2",
            op="review-1",
            at=datetime.now(UTC),
            order=order.model_copy(update={"order_id": f"{order.order_id}-2"}),
            units={"SHIRT-M": 1},
            max_applications_per_line=5,
            review=Review(),
        )
    )
    at = datetime.now(UTC) - timedelta(days=2)
    hold = pipeline.ledger.authorize_hold(
        HoldAuthorization(
            rma_id=f"{refund.rma_id}-2",
            op="hold-1",
            at=at,
            round=1,
            method_id=refund.method_id,
            units=(UnitsToSettle(line_id="SHIRT-M", quantity=1),),
        )
    )
    pipeline.ledger.intent_submitted(hold.key, at)
    pipeline.ledger.intent_unknown(hold.key, at)
    placed = await SandboxPayment(pipeline.sandbox).submit(
        hold.model_copy(update={"order_id": order.order_id}), at
    )
    report = await reconcile(pipeline)
    assert hold.key in report.settled
    known = pipeline.ledger.payment_hold(hold.key)
    assert (known.state, known.expires_at) == (HoldState.OPEN, placed.expires_at)
