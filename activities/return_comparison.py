"""Holds the ledger against the workflows of returns. It only reads: a person starts, resets or ends a return."""

import asyncio

from activities.reconciliation_run import ReconciliationRun
from activities.return_workflows import ReturnWorkflows
from domain.differences import Difference, DifferenceKind
from domain.reconciliation import SETTLED_IN, ReconciliationTask
from ledger.ledger import Ledger

_RETURNS = 100


class ReturnComparison:
    """Compares open returns of the ledger with running workflows, both ways.

    Searches lag behind, so each suspect is asked for by its id before anybody is told.
    """

    def __init__(self, workflows: ReturnWorkflows, ledger: Ledger) -> None:
        self._workflows = workflows
        self._ledger = ledger

    async def open_returns(self, run: ReconciliationRun, after: str) -> str:
        """Compare a page of the returns that the ledger has as open; where the next page begins."""
        before = run.request.at - SETTLED_IN
        returns = await asyncio.to_thread(self._ledger.returns_opened_before, before, after, _RETURNS)
        run.count(returns=len(returns))
        running = await self._workflows.running_among([rma_id for rma_id, _ in returns])
        for rma_id, order_id in returns:
            if rma_id not in running and not await self._goes_on(run, rma_id):
                await run.open(_difference(DifferenceKind.RETURN_WITHOUT_WORKFLOW, rma_id, order_id))
        return returns[-1][0] if len(returns) == _RETURNS else ""

    async def running_workflows(self, run: ReconciliationRun, after: str) -> str:
        """Compare a page of the running workflows; where the next page begins."""
        rma_ids, following = await self._workflows.running(after)
        run.count(workflows=len(rma_ids))
        before = run.request.at - SETTLED_IN
        for rma_id, order_id in await asyncio.to_thread(self._ledger.returns_closed_before, before, rma_ids):
            run.alive()
            if await self._workflows.is_running(rma_id):
                await run.open(_difference(DifferenceKind.WORKFLOW_OF_CLOSED_RETURN, rma_id, order_id))
        return following

    async def is_gone(self, run: ReconciliationRun, task: ReconciliationTask) -> bool:
        """Whether a return's difference is gone."""
        if task.kind is DifferenceKind.RETURN_WITHOUT_WORKFLOW:
            return await self._goes_on(run, task.subject)
        return not await self._workflows.is_running(task.subject)

    async def _goes_on(self, run: ReconciliationRun, rma_id: str) -> bool:
        """Whether a return of the ledger has its workflow, or has ended meanwhile."""
        run.alive()
        if await self._workflows.is_running(rma_id):
            return True
        return not await asyncio.to_thread(self._ledger.is_open, rma_id)


def _difference(kind: DifferenceKind, rma_id: str, order_id: str) -> Difference:
    return Difference(kind=kind, subject=rma_id, rma_id=rma_id, order_id=order_id)
