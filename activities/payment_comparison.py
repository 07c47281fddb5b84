"""Holds the ledger against the payment provider. It is given only what reads there, so it cannot move money."""

import asyncio
from datetime import datetime, timedelta

import structlog
from temporalio.exceptions import ApplicationError

from activities.errors import provider_errors
from activities.metrics import payment_ended
from activities.reconciliation_run import ReconciliationRun
from adapters.errors import ProviderError
from adapters.payment.port import ListedPayment, PaymentRecords
from domain.bookkeeping import IntentOutcome
from domain.differences import (
    BookedPayment,
    Difference,
    DifferenceKind,
    known_end,
    payment_difference,
    provider_direction,
)
from domain.intents import IntentState, PaymentDirection, PaymentIntent, ProviderPayment, ProviderStatus
from domain.reconciliation import FIRST_LOOK, PaymentQuestion, ReconciliationTask
from ledger.errors import LedgerError
from ledger.ledger import Ledger

_STATES = {ProviderStatus.SUCCEEDED: IntentState.SUCCEEDED, ProviderStatus.FAILED: IntentState.DECLINED}
_INTENTS = 100
_PAYMENTS = 500
_SLICE = timedelta(hours=6)
"""The references of so long a time are kept in memory at once."""

log = structlog.get_logger(__name__)


class PaymentComparison:
    """Compares intents and payments, and writes down the ends that the provider knows."""

    def __init__(self, records: PaymentRecords, ledger: Ledger) -> None:
        self._records = records
        self._ledger = ledger

    async def open_intents(self, run: ReconciliationRun, after: str) -> str:
        """Ask for a page of the intents that nothing touched for a day; where the next page begins."""
        since = run.request.untouched_since
        intents = await asyncio.to_thread(self._ledger.unsettled_intents, _INTENTS, since, after)
        for intent in intents:
            run.alive()
            run.count(checked=1)
            try:
                difference = await self._compare(run, intent.direction, intent.key)
            except ProviderError as error:
                _not_answered(run, intent.key, error)
                continue
            if difference:
                run.name(open=intent.key)
                await run.open(difference)
        return intents[-1].key if len(intents) == _INTENTS else ""

    async def changes(self, run: ReconciliationRun, cursor: str) -> str:
        """Compare what the provider paid in some hours with what the ledger has as paid; where the next begin."""
        end = run.request.at
        since = datetime.fromisoformat(cursor) if cursor else run.request.payments_since or end - FIRST_LOOK
        until = min(since + _SLICE, end)
        seen: set[str] = set()
        after = ""
        while True:
            with provider_errors():
                page = await self._records.changed(since, until, after)
            run.alive()
            run.count(payments=len(page.payments))
            references = [each.reference for each in page.payments]
            seen.update(references)
            booked = await asyncio.to_thread(self._ledger.booked_payments, references)
            for listed in page.payments:
                if _is_suspect(listed, booked.get(listed.reference), run.request.untouched_since):
                    await self._look_into(run, listed.direction, listed.reference, listed)
            after = page.next
            if not after:
                break
        await self._paid_unseen(run, since, until, seen)
        return until.isoformat() if until < end else ""

    async def one(self, run: ReconciliationRun, question: PaymentQuestion) -> None:
        """Compare one payment that the provider reported something of."""
        run.count(payments=1)
        await self._look_into(run, question.direction, question.reference)

    async def is_gone(self, run: ReconciliationRun, task: ReconciliationTask) -> bool:
        """Whether a payment's difference is gone; another one in its place is a task of its own.

        Of a refund that came back the books agree as soon as that is written down; the customer is still owed it.
        """
        try:
            direction, payment_id = PaymentDirection(task.direction), str(task.details.get("payment", ""))
            difference = await self._compare(run, direction, task.subject, payment_id)
        except ProviderError as error:
            _not_answered(run, task.subject, error)
            return False
        if difference is not None and difference.kind is not task.kind:
            await run.open(difference)
        if task.kind is DifferenceKind.REFUND_RETURNED:
            booked = await self._booked(task.subject)
            return booked is None or booked.is_replaced
        return difference is None or difference.kind is not task.kind

    async def _paid_unseen(self, run: ReconciliationRun, since: datetime, until: datetime, seen: set[str]) -> None:
        """Look into what the ledger has as paid in a time and the provider did not list in it."""
        after = ""
        while keys := await asyncio.to_thread(self._ledger.paid_between, since, until, after, _PAYMENTS):
            unseen = [key for key in keys if key not in seen]
            booked = await asyncio.to_thread(self._ledger.booked_payments, unseen)
            for key, each in booked.items():
                await self._look_into(run, each.intent.direction, key)
            after = keys[-1]

    async def _look_into(
        self, run: ReconciliationRun, direction: PaymentDirection, reference: str, *listed: ListedPayment
    ) -> None:
        """Compare exactly. What the provider refuses to look up is judged by its list: no run sees it again."""
        run.alive()
        payment_id = listed[0].payment_id if listed else ""
        try:
            with provider_errors():
                difference = await self._compare(run, direction, reference, payment_id)
        except ApplicationError as error:
            if not error.non_retryable:
                raise
            _not_answered(run, reference, error)
            since = run.request.untouched_since
            difference = payment_difference(direction, reference, listed, await self._booked(reference), since)
        if difference:
            await run.open(difference)

    async def _compare(
        self, run: ReconciliationRun, direction: PaymentDirection, reference: str, payment_id: str = ""
    ) -> Difference | None:
        """Compare one reference exactly, heal what may be healed, and say what is left for a person.

        `payment_id` is what a refund draws from by the provider's word; by the ledger's, where it is empty.

        What an intent came to is written down if nothing touched it for a day and the provider tells one end that
        fits it in amount and currency. That is safe: no return asks for it any more, the ledger takes an end from
        whoever learns it first and keeps it, and only the provider's own decline frees what a refund reserved.

        A refund that was paid and came back is written down as declined. That is safe: the money is with the shop
        again, which the provider says itself, and the books only stop counting it as paid. Nothing is sent in its
        place; the task stays until a person has seen to the customer.
        """
        booked = await self._booked(reference)
        drawn_from = payment_id or (booked.intent.payment_id if booked else "")
        payments = await self._records.under(provider_direction(direction), reference, drawn_from)
        # An intent is recorded before the provider is asked: one that came meanwhile is there by now.
        booked = booked or await self._booked(reference)
        difference = payment_difference(direction, reference, payments, booked, run.request.untouched_since)
        if difference is None or booked is None:
            return difference
        if difference.kind is DifferenceKind.PAYMENT_UNSETTLED:
            end = known_end(payments, booked)
            if end is not None and await self._write(run, "reconciled", booked.intent, end):
                run.name(settled=reference)
                return None
        if difference.kind is DifferenceKind.REFUND_RETURNED and await self._write(
            run, "returned", booked.intent, payments[-1]
        ):
            run.name(returned=reference)
        return difference

    async def _write(
        self, run: ReconciliationRun, op: str, intent: PaymentIntent, payment: ProviderPayment
    ) -> bool:
        """Write down what the provider says; False if the ledger does not take it, which is for a person then."""
        outcome = IntentOutcome(
            rma_id=intent.rma_id,
            op=f"{op}-{intent.key}",
            at=run.request.at,
            key=intent.key,
            state=_STATES[payment.status],
            provider_reference=payment.provider_reference,
            failure=payment.failure,
            expires_at=payment.expires_at,
        )
        try:
            await asyncio.to_thread(self._ledger.intent_outcome, outcome)
        except (LedgerError, ValueError) as error:
            log.error("reconciliation_not_written", key=intent.key, error=str(error))
            return False
        payment_ended(intent.direction, outcome.state)
        return True

    async def _booked(self, reference: str) -> BookedPayment | None:
        return (await asyncio.to_thread(self._ledger.booked_payments, [reference])).get(reference)


def _is_suspect(listed: ListedPayment, booked: BookedPayment | None, untouched_since: datetime) -> bool:
    """Whether a listed payment, by itself, does not agree with the ledger, or is not the one that it knows."""
    if payment_difference(listed.direction, listed.reference, [listed], booked, untouched_since):
        return True
    if booked is None or not booked.intent.state.is_paid or listed.status is not ProviderStatus.SUCCEEDED:
        return False
    return booked.intent.provider_reference != listed.provider_reference


def _not_answered(run: ReconciliationRun, key: str, error: Exception) -> None:
    log.warning("reconciliation_not_answered", key=key, error=str(error))
    run.count(not_answered=1)
