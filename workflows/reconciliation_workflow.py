"""The daily reconciliation of the ledger with the payment provider and the workflows, started by a schedule."""

from datetime import datetime

from temporalio import workflow

from domain.reconciliation import (
    FIRST_LOOK,
    OVERLAP,
    UNTOUCHED_FOR,
    ReconciliationOrder,
    ReconciliationReport,
    ReconciliationRequest,
)
from workflows import calls, ids

_SHOWN = 20
"""So many keys of each kind are shown; Temporal keeps no long texts."""


@workflow.defn(name=ids.RECONCILIATION_WORKFLOW)
class ReconciliationWorkflow:
    """One run: compare, heal what is safe, and tell what is left for a person."""

    @workflow.run
    async def run(self, order: ReconciliationOrder | None = None) -> ReconciliationReport:
        """Reconcile what nothing has touched for a day, and what the provider did since the last run.

        An order of somebody's says since when instead; the schedule gives none.
        """
        now = workflow.now()
        report = await calls.reconcile(
            ReconciliationRequest(
                at=now,
                untouched_since=now - UNTOUCHED_FOR,
                payments_since=order.payments_since if order else _since(now),
                payment=order.payment if order else None,
            ),
            summary="compare ledger, payment provider and workflows",
        )
        workflow.set_current_details(_details(report))
        return report


def _since(now: datetime) -> datetime:
    """Where the last run of the schedule stopped looking, so that a missed night is made up for."""
    last = workflow.get_last_completion_result(ReconciliationReport)
    until = last.payments_until if last else None
    return until - OVERLAP if until else now - FIRST_LOOK


def _details(report: ReconciliationReport) -> str:
    return (
        f"{report.checked} open intents, {len(report.settled)} settled, {len(report.returned)} refunds came back, "
        f"{report.not_answered} without an answer. For a person: {_some(report.open)}. "
        f"Compared: {report.payments} payments, {report.returns} open returns, {report.workflows} workflows. "
        f"Tasks opened: {report.tasks_opened}, {_some(report.opened)}. "
        f"Tasks closed: {report.tasks_closed}, {_some(report.closed)}. Tasks open: {report.tasks_open}. "
        f"Advances not paid back: {_some(report.unpaid_advances)}"
    )


def _some(keys: tuple[str, ...]) -> str:
    """The first of some keys; the result of the run names more of them."""
    more = f" and {len(keys) - _SHOWN} more" if len(keys) > _SHOWN else ""
    return (", ".join(keys[:_SHOWN]) or "none") + more
