"""Asks the provider about intents that no return asks for any more. It never sends money."""

import asyncio

import structlog
from temporalio import activity

from activities.metrics import payment_ended
from adapters.errors import ProviderError
from adapters.payment.port import PaymentPort
from domain.bookkeeping import IntentOutcome
from domain.intents import IntentState, PaymentIntent, ProviderStatus
from domain.reconciliation import ReconciliationReport, ReconciliationRequest
from ledger.ledger import Ledger

_STATES = {ProviderStatus.SUCCEEDED: IntentState.SUCCEEDED, ProviderStatus.FAILED: IntentState.DECLINED}
_BATCH = 500

log = structlog.get_logger(__name__)


class ReconciliationActivities:
    """Heals what is safe to heal: an outcome that the provider knows and the ledger does not."""

    def __init__(self, payment: PaymentPort, ledger: Ledger) -> None:
        self._payment = payment
        self._ledger = ledger

    @activity.defn(name="payment.reconcile")
    async def reconcile(self, request: ReconciliationRequest) -> ReconciliationReport:
        """Look up every intent that was left open; write down the ends that the provider tells."""
        intents = await asyncio.to_thread(self._ledger.unsettled_intents, _BATCH, request.untouched_since)
        settled: list[str] = []
        still_open: list[str] = []
        not_answered = 0
        for intent in intents:
            activity.heartbeat(intent.key)
            try:
                is_settled = await self._settle(intent, request)
            except ProviderError as error:
                log.warning("reconciliation_not_answered", key=intent.key, error=str(error))
                not_answered += 1
                continue
            (settled if is_settled else still_open).append(intent.key)
        if still_open:
            log.error("refunds_need_a_person", keys=still_open)
        unpaid = await asyncio.to_thread(self._ledger.unpaid_advances)
        return ReconciliationReport(
            checked=len(intents),
            settled=tuple(settled),
            open=tuple(still_open),
            unpaid_advances=tuple(each.rma_id for each in unpaid),
            not_answered=not_answered,
        )

    async def _settle(self, intent: PaymentIntent, request: ReconciliationRequest) -> bool:
        payment = await self._payment.find(intent.direction, intent.key)
        if payment is None or payment.status not in _STATES:
            return False
        outcome = IntentOutcome(
            rma_id=intent.rma_id,
            op=f"reconciled-{intent.key}",
            at=request.at,
            key=intent.key,
            state=_STATES[payment.status],
            provider_reference=payment.provider_reference,
            failure=payment.failure,
            expires_at=payment.expires_at,
        )
        await asyncio.to_thread(self._ledger.intent_outcome, outcome)
        payment_ended(intent.direction, outcome.state)
        return True
