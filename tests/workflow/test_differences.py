"""What ledger, provider and workflows differ in is healed or told, once, and closed when it is gone."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import uuid4

import pytest
from temporalio.client import (
    Schedule,
    ScheduleActionExecutionStartWorkflow,
    ScheduleActionStartWorkflow,
    ScheduleSpec,
)
from typer.testing import CliRunner

from domain.bookkeeping import ReturnClosing
from domain.intents import IntentState
from starters.cli import reconciliation
from starters.cli.app import app
from starters.cli.session import Session
from starters.errors import ReturnsError
from starters.reconciling import reconcile_now
from testkit.environment import TimeSkippingEnv
from testkit.pipeline import Pipeline
from tests.workflow.reconciliations import a_refund, opened_return, paid_by_provider, reconcile, waiting
from workflows import ids

JUST_NOW = timedelta(minutes=1)


@asynccontextmanager
async def a_workflow(pipeline: Pipeline, rma_id: str) -> AsyncIterator[None]:
    """A return's workflow that is running, on a queue that nobody polls."""
    handle = await pipeline.client.start_workflow(
        ids.RETURN_WORKFLOW, id=ids.return_workflow_id(rma_id), task_queue=f"idle-{uuid4().hex}"
    )
    yield
    await handle.terminate()


async def test_what_provider_and_ledger_differ_in_is_told_once(pipeline: Pipeline) -> None:
    agreed = await a_refund(pipeline, IntentState.SUCCEEDED, JUST_NOW)
    less = await a_refund(pipeline, IntentState.SUCCEEDED, JUST_NOW)
    twice = await a_refund(pipeline, IntentState.SUCCEEDED, JUST_NOW)
    declined = await a_refund(pipeline, IntentState.DECLINED, JUST_NOW)
    never_sent = await a_refund(pipeline, IntentState.SUCCEEDED, JUST_NOW)
    other_amount = await a_refund(pipeline)
    in_flight = await a_refund(pipeline, ago=JUST_NOW)
    unknown = agreed.model_copy(update={"key": f"{agreed.rma_id}-refund-7-t1"})
    for intent in (agreed, twice, twice, declined, unknown, in_flight):
        await paid_by_provider(pipeline, intent)
    for intent in (less, other_amount):
        await paid_by_provider(pipeline, intent, amount_minor=9_000)

    report = await reconcile(pipeline)

    planted = [intent.rma_id for intent in (agreed, less, twice, declined, never_sent, other_amount, in_flight)]
    expected = {
        f"payment_amount/{less.key}",
        f"payment_twice/{twice.key}",
        f"payment_not_expected/{declined.key}",
        f"payment_not_at_provider/{never_sent.key}",
        f"payment_amount/{other_amount.key}",
        f"payment_not_in_ledger/{unknown.key}",
    }
    of_payments = {key for key in waiting(pipeline, *planted) if key.startswith("payment")}
    assert of_payments == expected
    assert expected <= set(report.opened)
    # Another amount than the intent's is never written down as its end.
    assert pipeline.ledger.payment_intent(other_amount.key).state is IntentState.UNKNOWN
    assert await pipeline.messages(less.rma_id, 1, "staff_alert") == ["staff_reconciliation"]

    again = await reconcile(pipeline)

    assert not expected & {*again.opened, *again.closed}
    assert await pipeline.messages(less.rma_id, 1, "staff_alert") == ["staff_reconciliation"]


async def test_a_refund_that_came_back_is_written_down_and_waits_until_a_person_has_seen_to_it(
    pipeline: Pipeline,
) -> None:
    intent = await a_refund(pipeline, IntentState.SUCCEEDED, JUST_NOW)
    closed_card = {"target": "payments.refund", "kind": "closed_method", "match": {"reference": intent.key}}
    await pipeline.fault(**closed_card)
    await paid_by_provider(pipeline, intent)
    key = f"refund_returned/{intent.key}"

    report = await reconcile(pipeline)

    assert intent.key in report.returned
    assert pipeline.ledger.payment_intent(intent.key).state is IntentState.DECLINED
    balance = pipeline.ledger.order_balance(intent.order_id)
    assert (balance.refunded_minor, balance.reserved_minor) == (0, 0)
    await reconcile(pipeline)
    assert key in waiting(pipeline, intent.rma_id)
    pipeline.ledger.accept_task(key, "S-1", "Paid by hand.", datetime.now(UTC))
    again = await reconcile(pipeline)
    assert key not in {*waiting(pipeline, intent.rma_id), *again.opened}


async def test_what_is_settled_meanwhile_closes_its_task(pipeline: Pipeline) -> None:
    intent = await a_refund(pipeline)
    key = f"payment_unsettled/{intent.key}"
    assert key in (await reconcile(pipeline)).opened
    await paid_by_provider(pipeline, intent)
    report = await reconcile(pipeline)
    assert (key in report.closed, intent.key in report.settled) == (True, True)
    assert pipeline.ledger.payment_intent(intent.key).state is IntentState.RECONCILED
    assert key not in waiting(pipeline, intent.rma_id)


async def test_a_return_without_a_workflow_is_told_closed_and_told_again(pipeline: Pipeline) -> None:
    _, rma_id = await opened_return(pipeline, datetime.now(UTC) - timedelta(hours=4))
    _, young = await opened_return(pipeline, datetime.now(UTC) - JUST_NOW)
    key = f"return_without_workflow/{rma_id}"
    assert key in (await reconcile(pipeline)).opened
    async with a_workflow(pipeline, rma_id):
        assert key in (await reconcile(pipeline)).closed
    assert key in (await reconcile(pipeline)).opened
    assert waiting(pipeline, rma_id, young) == {key}
    assert await pipeline.messages(rma_id, 2, "staff_alert") == ["staff_reconciliation"] * 2


async def test_a_workflow_of_a_closed_return_is_told_and_closed_when_it_has_ended(pipeline: Pipeline) -> None:
    rma_id = f"RMA-{uuid4().hex[:16].upper()}"
    long_ago = datetime.now(UTC) - timedelta(hours=4)
    pipeline.ledger.close_return(ReturnClosing(rma_id=rma_id, op="close-1", at=long_ago, header="COMPLETED"))
    key = f"workflow_of_closed_return/{rma_id}"
    async with a_workflow(pipeline, rma_id):
        assert key in (await reconcile(pipeline)).opened
    assert key in (await reconcile(pipeline)).closed


async def test_an_outage_of_the_list_is_waited_for_and_one_of_a_look_up_is_counted(pipeline: Pipeline) -> None:
    intent = await a_refund(pipeline)
    await pipeline.fault(target="payments.find_refund", kind="error_before", match={"reference": intent.key})
    await pipeline.fault(target="payments.list", kind="error_before")
    report = await reconcile(pipeline)
    assert report.not_answered == 1
    assert report.payments_until is not None
    assert intent.key not in report.open


async def test_the_schedule_runs_at_once_and_a_run_begins_where_the_last_one_stopped(
    pipeline: Pipeline, time_skipping_env: TimeSkippingEnv, monkeypatch: pytest.MonkeyPatch
) -> None:
    schedule = f"reconciliation-{uuid4().hex}"
    handle = await pipeline.client.create_schedule(
        schedule,
        Schedule(
            action=ScheduleActionStartWorkflow(
                ids.RECONCILIATION_WORKFLOW, id=schedule, task_queue=pipeline.task_queue
            ),
            spec=ScheduleSpec(),
        ),
    )
    first = await reconcile_now(pipeline.client, schedule)
    monkeypatch.setattr(reconciliation, "reconcile_now", partial(reconcile_now, schedule=schedule))
    session = Session(time_skipping_env.address)
    shown = await asyncio.to_thread(CliRunner().invoke, app, ["reconciliation", "run"], obj=session)
    assert (shown.exit_code, "waiting for a person" in shown.stdout) == (0, True), shown.output
    runs = [each.action for each in (await handle.describe()).info.recent_actions]
    await handle.delete()
    assert len(runs) == 2
    assert isinstance(runs[-1], ScheduleActionExecutionStartWorkflow)
    history = await pipeline.client.get_workflow_handle(runs[-1].workflow_id).fetch_history()
    (asked,) = [
        event.activity_task_scheduled_event_attributes.input.payloads[0].data.decode()
        for event in history.events
        if event.HasField("activity_task_scheduled_event_attributes")
    ]
    assert first.payments_until is not None
    since = first.payments_until - timedelta(hours=1)
    assert f'"payments_since":"{since.isoformat().replace("+00:00", "Z")}"' in asked


async def test_a_run_may_look_further_back(pipeline: Pipeline, time_skipping_env: TimeSkippingEnv) -> None:
    intent = await a_refund(pipeline, IntentState.SUCCEEDED, timedelta(days=20))
    key = f"payment_not_at_provider/{intent.key}"
    assert key not in (await reconcile(pipeline)).opened
    session = Session(time_skipping_env.address, task_queue=pipeline.task_queue)
    since = (datetime.now(UTC) - timedelta(days=21)).isoformat()
    command = ["reconciliation", "run", "--since", since]
    shown = await asyncio.to_thread(CliRunner().invoke, app, command, obj=session)
    assert (shown.exit_code, key in shown.stdout) == (0, True), shown.output


async def test_a_schedule_that_is_not_there_is_told(pipeline: Pipeline) -> None:
    with pytest.raises(ReturnsError, match="run `returns setup`"):
        await reconcile_now(pipeline.client, "none")
