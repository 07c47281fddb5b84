"""The daily reconciliation of the ledger with the payment provider, started by a schedule."""

from temporalio import workflow

from domain.reconciliation import UNTOUCHED_FOR, ReconciliationReport, ReconciliationRequest
from workflows import calls, ids


@workflow.defn(name=ids.RECONCILIATION_WORKFLOW)
class ReconciliationWorkflow:
    """One run: ask, heal what is safe, and tell what is left for a person."""

    @workflow.run
    async def run(self) -> ReconciliationReport:
        """Reconcile what nothing has touched for a day."""
        now = workflow.now()
        report = await calls.reconcile(
            ReconciliationRequest(at=now, untouched_since=now - UNTOUCHED_FOR),
            summary="ask the provider about open intents",
        )
        workflow.set_current_details(
            f"{report.checked} open intents, {len(report.settled)} settled, "
            f"{report.not_answered} without an answer. For a person: {', '.join(report.open) or 'none'}. "
            f"Advances not paid back: {', '.join(report.unpaid_advances) or 'none'}"
        )
        return report
