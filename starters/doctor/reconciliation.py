"""The nightly reconciliation: whether it is scheduled, ran lately, came to its end, and what it left to people."""

from collections import Counter
from datetime import datetime

from temporalio.client import (
    ScheduleActionExecutionStartWorkflow,
    ScheduleDescription,
    WorkflowExecutionStatus,
)
from temporalio.service import RPCError, RPCStatusCode

from starters.doctor.codes import Code
from starters.doctor.findings import Finding, Looked, Step
from starters.doctor.site import Site, in_thread
from workflows import ids

_WHY = "A payment whose return has stopped asking is not found, and its customer waits."
_ENDED_WELL = (WorkflowExecutionStatus.COMPLETED, WorkflowExecutionStatus.RUNNING)


async def reconciliation(site: Site) -> Looked:
    """A schedule that is missing or paused; a last run that failed, or is older than a day."""
    handle = site.client.get_schedule_handle(ids.RECONCILIATION_SCHEDULE)
    try:
        schedule = await handle.describe(rpc_timeout=site.limits.answer)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return Looked(findings=(_missing(site),))
        raise
    findings = []
    if schedule.schedule.state.paused:
        findings.append(_paused(site))
    last = await _last_run(site, schedule)
    if last and last[1] not in _ENDED_WELL:
        findings.append(_failed(site, *last))
    ran_at = last[0] if last else schedule.info.created_at
    if site.now - ran_at > site.limits.reconciled_within:
        findings.append(_late(site, last[0] if last else None))
    return Looked(findings=tuple(findings))


async def open_differences(site: Site) -> Looked:
    """What the reconciliation found and could not heal."""
    ledger = site.ledger
    tasks = await in_thread(ledger.open_tasks)
    if not tasks:
        return Looked()
    kinds = Counter(task.kind.value for task in tasks)
    rma_ids = dict.fromkeys(task.rma_id for task in tasks if task.rma_id)
    return Looked(
        findings=(
            Finding(
                code=Code.DIFFERENCES_OPEN,
                what="Ledger, payment provider and workflows differ: "
                + ", ".join(f"{count} {kind.replace('_', ' ')}" for kind, count in sorted(kinds.items()))
                + ".",
                why="Nothing heals it by itself, and each may be money that moved or did not.",
                count=len(tasks),
                rma_ids=tuple(rma_ids)[: site.limits.few],
                steps=(
                    Step(command=site.commands.of_ledger("reconciliation", "list"), say="what to do for each"),
                    Step(
                        command=site.commands.returns("reconciliation", "run"), say="once it is done: it goes away"
                    ),
                ),
            ),
        )
    )


async def _last_run(site: Site, schedule: ScheduleDescription) -> tuple[datetime, WorkflowExecutionStatus] | None:
    """When it last began, and what came of that; one that Temporal has forgotten had an end."""
    if not schedule.info.recent_actions:
        return None
    last = schedule.info.recent_actions[-1]
    started = last.action
    if not isinstance(started, ScheduleActionExecutionStartWorkflow):
        return None
    handle = site.client.get_workflow_handle(started.workflow_id, run_id=started.first_execution_run_id)
    try:
        status = (await handle.describe(rpc_timeout=site.limits.answer)).status
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        status = None
    return last.started_at, status or WorkflowExecutionStatus.COMPLETED


def _missing(site: Site) -> Finding:
    return Finding(
        code=Code.SCHEDULE_MISSING,
        what=f"There is no schedule {ids.RECONCILIATION_SCHEDULE}: the ledger is not reconciled at night.",
        why=_WHY,
        steps=(Step(command=site.commands.setup()),),
    )


def _paused(site: Site) -> Finding:
    return Finding(
        code=Code.SCHEDULE_PAUSED,
        what=f"The schedule {ids.RECONCILIATION_SCHEDULE} is paused.",
        why=_WHY,
        steps=(
            Step(
                command=site.commands.temporal(
                    "schedule", "describe", "--schedule-id", ids.RECONCILIATION_SCHEDULE
                ),
                say="who paused it, and why",
            ),
            Step(
                command=site.commands.temporal(
                    "schedule", "toggle", "--unpause", "--schedule-id", ids.RECONCILIATION_SCHEDULE
                )
            ),
        ),
    )


def _failed(site: Site, at: datetime, status: WorkflowExecutionStatus) -> Finding:
    return Finding(
        code=Code.RECONCILIATION_FAILED,
        what=f"The reconciliation of {at:%Y-%m-%d %H:%M} UTC ended as {status.name.lower().replace('_', ' ')}.",
        why=_WHY,
        steps=(
            Step(say="See whether the payment provider and the ledger answer; then run it again:"),
            Step(command=_run(site)),
        ),
    )


def _late(site: Site, at: datetime | None) -> Finding:
    hours = site.limits.reconciled_within.total_seconds() / 3600
    last = f"It last ran at {at:%Y-%m-%d %H:%M} UTC" if at else "It has never run"
    return Finding(
        code=Code.RECONCILIATION_LATE,
        what=f"The reconciliation has not run for over {hours:g} hours. {last}.",
        why=_WHY,
        steps=(Step(command=_run(site)),),
    )


def _run(site: Site) -> str:
    return site.commands.temporal("schedule", "trigger", "--schedule-id", ids.RECONCILIATION_SCHEDULE)
