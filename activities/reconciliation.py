"""Reconciles the ledger with the provider and the workflows. It never sends money and never acts on a return."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from temporalio import activity

from activities.payment_comparison import PaymentComparison
from activities.reconciliation_run import Phase, Progress, ReconciliationRun
from activities.return_comparison import ReturnComparison
from activities.return_workflows import ReturnWorkflows
from adapters.payment.port import PaymentRecords
from domain.reconciliation import ReconciliationReport, ReconciliationRequest
from ledger.ledger import Ledger

_TASKS = 100

Step = Callable[[ReconciliationRun, str], Awaitable[str]]
"""Does one page, from a cursor on, and says where the next one begins: empty at the end."""

log = structlog.get_logger(__name__)


class ReconciliationActivities:
    """Heals what is safe to heal (`PaymentComparison`), and has a person look at everything else that differs."""

    def __init__(self, payment: PaymentRecords, ledger: Ledger, workflows: ReturnWorkflows) -> None:
        self._ledger = ledger
        self._payments = PaymentComparison(payment, ledger)
        self._returns = ReturnComparison(workflows, ledger)

    @activity.defn(name="payment.reconcile")
    async def reconcile(self, request: ReconciliationRequest) -> ReconciliationReport:
        """Compare page by page; an attempt that takes over begins at the page where the one before stopped.

        Raises:
            ApplicationError: If the provider does not answer where nothing goes on without it.
        """
        run = ReconciliationRun(self._ledger, request, _progress())
        if request.payment:
            await self._payments.one(run, request.payment)
            return run.report
        steps: dict[Phase, Step] = {
            Phase.TASKS: self._tasks,
            Phase.INTENTS: self._payments.open_intents,
            Phase.RETURNS: self._returns.open_returns,
            Phase.WORKFLOWS: self._returns.running_workflows,
            Phase.PAYMENTS: self._payments.changes,
        }
        phases = list(steps)
        for phase in phases[phases.index(run.progress.phase) :]:
            await _through(run, phase, steps[phase])
        if run.report.open:
            log.error("refunds_need_a_person", keys=run.report.open)
        unpaid = await asyncio.to_thread(self._ledger.unpaid_advances)
        return run.report.model_copy(
            update={
                "unpaid_advances": tuple(each.rma_id for each in unpaid),
                "tasks_open": await asyncio.to_thread(self._ledger.open_task_count),
                "payments_until": request.at,
            }
        )

    async def _tasks(self, run: ReconciliationRun, after: str) -> str:
        """Close a page of the tasks whose difference is gone."""
        tasks = await asyncio.to_thread(self._ledger.live_tasks, int(after or 0), _TASKS)
        for _, task in tasks:
            run.alive()
            side = self._returns if task.kind.is_of_returns else self._payments
            if await side.is_gone(run, task):
                await run.close(task.key)
        return str(tasks[-1][0]) if len(tasks) == _TASKS else ""


async def _through(run: ReconciliationRun, phase: Phase, step: Step) -> None:
    """All pages of a part."""
    cursor = run.progress.cursor if run.progress.phase is phase else ""
    run.reached(phase, cursor)
    while cursor := await step(run, cursor):
        run.reached(phase, cursor)


def _progress() -> Progress:
    """Where an earlier attempt of this activity stopped; the beginning if there was none.

    A worker of an older version told the key of an intent, from which nothing can go on.
    """
    told = activity.info().heartbeat_details
    return Progress.model_validate(told[0]) if told and isinstance(told[0], dict) else Progress()
