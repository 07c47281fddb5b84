"""The reconciliation at once: has the schedule run now, and waits for what it found."""

import asyncio
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from temporalio.client import (
    Client,
    RPCError,
    RPCStatusCode,
    ScheduleActionExecution,
    ScheduleActionExecutionStartWorkflow,
    ScheduleDescription,
    WorkflowFailureError,
    WorkflowHandle,
)
from temporalio.common import WorkflowIDConflictPolicy

from domain.reconciliation import ReconciliationOrder, ReconciliationReport
from starters.errors import ReturnsError, ServiceUnavailable
from starters.translation import unavailable
from workflows import ids

_STARTS_WITHIN_SECONDS = 30.0


async def reconcile_now(client: Client, schedule: str = ids.RECONCILIATION_SCHEDULE) -> ReconciliationReport:
    """Trigger the schedule and wait for the run; one that is under way already is waited for instead.

    Raises:
        ReturnsError: If there is no schedule, or the run failed.
        ServiceUnavailable: If Temporal does not answer, or the run does not start.
    """
    try:
        run = await _started(client, schedule)
        handle: WorkflowHandle[Any, ReconciliationReport] = client.get_workflow_handle(
            run.workflow_id, run_id=run.first_execution_run_id, result_type=ReconciliationReport
        )
        return await handle.result()
    except WorkflowFailureError as error:
        raise ReturnsError(f"The reconciliation failed: {error.cause}") from error
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            raise ReturnsError(f"There is no schedule {schedule}: run `returns setup`.") from error
        raise unavailable(error) from error


async def reconcile_since(client: Client, task_queue: str, since: datetime) -> ReconciliationReport:
    """Look through the provider's payments since a moment, beside the schedule, and wait for what is found.

    Raises:
        ReturnsError: If the run failed.
        ServiceUnavailable: If Temporal does not answer.
    """
    order = ReconciliationOrder(payments_since=since)
    began = (order.payments_since or since).isoformat()
    try:
        report: ReconciliationReport = await client.execute_workflow(
            ids.RECONCILIATION_WORKFLOW,
            order,
            id=f"reconciliation-since-{began}",
            task_queue=task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            result_type=ReconciliationReport,
        )
    except WorkflowFailureError as error:
        raise ReturnsError(f"The reconciliation failed: {error.cause}") from error
    except RPCError as error:
        raise unavailable(error) from error
    return report


async def _started(client: Client, schedule: str) -> ScheduleActionExecutionStartWorkflow:
    handle = client.get_schedule_handle(schedule)
    before = await handle.describe()
    if under_way := _workflows(before.info.running_actions):
        return under_way[-1]
    known = {run.first_execution_run_id for run in _runs(before)}
    await handle.trigger()
    try:
        async with asyncio.timeout(_STARTS_WITHIN_SECONDS):
            while not (new := [run for run in _runs(await handle.describe()) if _is_new(run, known)]):
                await asyncio.sleep(0.1)
    except TimeoutError as error:
        raise ServiceUnavailable(
            f"The schedule {schedule} was triggered, and no run of it began. Is it paused?"
        ) from error
    return new[-1]


def _runs(schedule: ScheduleDescription) -> list[ScheduleActionExecutionStartWorkflow]:
    return _workflows(each.action for each in schedule.info.recent_actions)


def _workflows(actions: Iterable[ScheduleActionExecution]) -> list[ScheduleActionExecutionStartWorkflow]:
    return [each for each in actions if isinstance(each, ScheduleActionExecutionStartWorkflow)]


def _is_new(run: ScheduleActionExecutionStartWorkflow, known: set[str]) -> bool:
    return run.first_execution_run_id not in known
