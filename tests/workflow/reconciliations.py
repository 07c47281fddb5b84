"""What the tests of the reconciliation plant: intents that nobody runs, and what the provider has of them."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from adapters.orders.sandbox import SandboxOrders
from domain.bookkeeping import IntentOutcome, RefundAuthorization, ReturnOpening, Review
from domain.intents import IntentState, PaymentIntent, RefundBasis
from domain.orders import OrderSnapshot
from domain.reconciliation import ReconciliationReport
from domain.refund import UnitsToSettle
from testkit.pipeline import Pipeline, line
from workflows import ids


async def reconcile(pipeline: Pipeline) -> ReconciliationReport:
    """One run."""
    report: ReconciliationReport = await pipeline.client.execute_workflow(
        ids.RECONCILIATION_WORKFLOW,
        id=f"reconciliation-{uuid4().hex}",
        task_queue=pipeline.task_queue,
        result_type=ReconciliationReport,
    )
    return report


async def opened_return(pipeline: Pipeline, at: datetime) -> tuple[OrderSnapshot, str]:
    """A return in the ledger, of one shirt of two, that no workflow runs."""
    placed = await pipeline.order(lines=[line(quantity=2)])
    order = await SandboxOrders(pipeline.sandbox).get_order(placed["order_id"])
    assert order is not None
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
    return order, rma_id


async def a_refund(
    pipeline: Pipeline, state: IntentState = IntentState.UNKNOWN, ago: timedelta = timedelta(days=2)
) -> PaymentIntent:
    """An intent of 100.00 yuan that nobody runs; of the provider's own word it knows only what `state` says."""
    at = datetime.now(UTC) - ago
    _, rma_id = await opened_return(pipeline, at)
    units = (UnitsToSettle(line_id="SHIRT-M", quantity=1),)
    (intent,) = pipeline.ledger.authorize_refund(
        RefundAuthorization(
            rma_id=rma_id, op="settle-1", at=at, round=1, basis=RefundBasis.INSPECTION, units=units
        )
    ).intents
    pipeline.ledger.intent_submitted(intent.key, at)
    if state is IntentState.UNKNOWN:
        pipeline.ledger.intent_unknown(intent.key, at)
    else:
        outcome = IntentOutcome(rma_id=rma_id, op="outcome-1", at=at, key=intent.key, state=state)
        pipeline.ledger.intent_outcome(outcome)
    return intent


async def paid_by_provider(pipeline: Pipeline, intent: PaymentIntent, **changes: Any) -> dict[str, Any]:
    """A refund at the provider under the key of an intent, asked for just now behind the ledger's back."""
    paid = {
        "reference": intent.key,
        "payment_id": intent.payment_id,
        "method_id": intent.method_id,
        "amount_minor": intent.amount_minor,
        "currency": intent.currency,
        "at": datetime.now(UTC).isoformat(),
    }
    answer = await pipeline.sandbox.post("/payments/refunds", json=paid | changes)
    answer.raise_for_status()
    made: dict[str, Any] = answer.json()
    return made


def waiting(pipeline: Pipeline, *rma_ids: str) -> set[str]:
    """The keys of the open tasks of some returns."""
    return {task.key for task in pipeline.ledger.open_tasks() if task.rma_id in rma_ids}
