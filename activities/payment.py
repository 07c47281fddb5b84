"""Money: the one place where a provider is asked to move it.

The order is what keeps it from moving twice: the intent is in the ledger before this runs; it is marked
submitted before the call; and whatever was submitted before is looked up under its key, never sent again blindly.
"""

import asyncio
from datetime import datetime, timedelta

from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.errors import PAYMENT_FROZEN, PAYMENT_PENDING, to_application_error
from activities.metrics import payment_ended
from adapters.errors import OutcomeUnknown, ProviderError, ProviderRefused
from adapters.payment.port import PaymentPort
from domain.bookkeeping import IntentCall, IntentOutcome
from domain.intents import IntentState, PaymentIntent, ProviderPayment, ProviderStatus
from ledger.errors import IntentFrozen
from ledger.ledger import Ledger

_PENDING_RETRY = timedelta(seconds=10)
_STATES = {ProviderStatus.SUCCEEDED: IntentState.SUCCEEDED, ProviderStatus.FAILED: IntentState.DECLINED}


class PaymentActivities:
    """Brings payment intents to their end at the provider."""

    def __init__(self, payment: PaymentPort, ledger: Ledger) -> None:
        self._payment = payment
        self._ledger = ledger

    @activity.defn(name="payment.move_money")
    async def move_money(self, call: IntentCall) -> PaymentIntent:
        """Submit an intent, or find out what became of it, and write down the outcome with its messages.

        Returns:
            The intent with its outcome; or as SUBMITTED while the provider works on it, for a caller that waits.

        Raises:
            ApplicationError: If the outcome is not known yet; the next attempt asks before it sends. Or if a
                chargeback has frozen the order, which is not retried.
        """
        try:
            intent = await asyncio.to_thread(self._ledger.intent_submitted, call.key, call.at)
        except IntentFrozen as frozen:
            raise _frozen(str(frozen)) from frozen
        if intent.state is IntentState.CHARGED_BACK:
            payment_ended(intent.direction, intent.state)
            return intent
        if intent.state.is_final:
            return await self._known(call, intent)
        try:
            payment = await self._find_or_submit(intent, call)
        except ProviderRefused as error:
            if intent.state is IntentState.INTENT:
                return await self._declined(call, intent, error)
            # An earlier attempt may have moved the money: only the provider's word on it proves a decline.
            await self._unknown(intent, call)
            raise to_application_error(OutcomeUnknown(error.provider, f"repeat refused: {error.code}")) from error
        except ProviderError as error:
            if isinstance(error, OutcomeUnknown):
                await self._unknown(intent, call)
            elif intent.state is IntentState.INTENT:
                await asyncio.to_thread(self._ledger.intent_not_sent, call.key, call.at)
            raise to_application_error(error) from error
        if payment.status is ProviderStatus.PENDING and call.answers_pending:
            return intent.model_copy(update={"state": IntentState.SUBMITTED})
        if payment.status is ProviderStatus.PENDING:
            raise ApplicationError(
                f"{call.key} is pending at the provider",
                type=PAYMENT_PENDING,
                next_retry_delay=_PENDING_RETRY,
                category=ApplicationErrorCategory.BENIGN,
            )
        return await self._write(call, intent, payment)

    async def _find_or_submit(self, intent: PaymentIntent, call: IntentCall) -> ProviderPayment:
        if intent.state is not IntentState.INTENT:
            found = await self._payment.find(intent)
            if found is not None:
                return found
            if not await asyncio.to_thread(self._ledger.intent_may_be_repeated, intent.key, call.at):
                raise _frozen(f"{intent.key} never reached the provider, and its order is frozen by now")
        return await self._payment.submit(intent, call.at)

    async def _unknown(self, intent: PaymentIntent, call: IntentCall) -> None:
        await asyncio.to_thread(self._ledger.intent_unknown, call.key, call.at)
        if intent.state is not IntentState.UNKNOWN:
            payment_ended(intent.direction, IntentState.UNKNOWN)

    async def _write(self, call: IntentCall, intent: PaymentIntent, payment: ProviderPayment) -> PaymentIntent:
        state = _STATES[payment.status]
        written = await self._record(call, state, payment.provider_reference, payment.failure, payment.expires_at)
        payment_ended(intent.direction, state)
        return written

    async def _declined(self, call: IntentCall, intent: PaymentIntent, error: ProviderRefused) -> PaymentIntent:
        written = await self._record(call, IntentState.DECLINED, failure=error.code)
        payment_ended(intent.direction, IntentState.DECLINED)
        return written

    async def _known(self, call: IntentCall, intent: PaymentIntent) -> PaymentIntent:
        """An outcome that the ledger has already; what is to be told of it may still have to be written."""
        state = IntentState.SUCCEEDED if intent.state.is_paid else IntentState.DECLINED
        return await self._record(call, state, intent.provider_reference, intent.failure)

    async def _record(
        self,
        call: IntentCall,
        state: IntentState,
        provider_reference: str = "",
        failure: str = "",
        expires_at: datetime | None = None,
    ) -> PaymentIntent:
        outcome = IntentOutcome(
            rma_id=call.rma_id,
            op=f"outcome-{call.key}-{state.value}",
            at=call.at,
            outbox=call.if_paid if state.is_paid else call.if_declined,
            key=call.key,
            state=state,
            provider_reference=provider_reference,
            failure=failure,
            expires_at=expires_at,
        )
        return await asyncio.to_thread(self._ledger.intent_outcome, outcome)


def _frozen(why: str) -> ApplicationError:
    return ApplicationError(why, type=PAYMENT_FROZEN, non_retryable=True)
