"""One movement of money, from its recorded intent to the provider's word (section 9)."""

from collections import Counter
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, is_cancelled_exception

from domain.actions import Role
from domain.bookkeeping import IntentCall, TenderReplacement
from domain.clocks import ClockName
from domain.intents import IntentState, PaymentDirection, PaymentIntent
from domain.outbox import OutboxItem, Template
from domain.status import Reimbursement
from workflows import calls
from workflows.case import ReturnCase
from workflows.contracts import PaymentMethodChoice

_RECONCILE_FOR = timedelta(hours=24)
_FIRST_ASKED_AFTER = timedelta(seconds=10)
_ASKED_EACH = timedelta(minutes=30)
"""How long a provider that works on a payment is left alone at most, if it does not report by itself."""
_ASK_AGAIN = timedelta(hours=24)
_FROZEN = "PaymentFrozen"
"""The type of the error that the activity raises for a refund that may not be sent."""


class Payments:
    """Executes intents. The key of an intent never changes, whatever happens to the calls.

    Several may run side by side: the subject tells their promises apart, and is empty for the plain refund.
    """

    def __init__(self, case: ReturnCase) -> None:
        self._case = case
        self._choices: list[PaymentMethodChoice] = []
        self._news: Counter[str] = Counter()
        self._rounds = 0
        self._waiting = 0
        self.settlements = 0

    def on_choice(self, choice: PaymentMethodChoice) -> None:
        """Take another means of payment; it serves every intent that waits for one."""
        self._choices.append(choice)
        self._case.note("means of payment chosen")

    def on_news(self, key: str) -> None:
        """The provider reported something of an intent: it is asked what, if it is still under way."""
        self._news[key] += 1

    def next_round(self) -> int:
        """Count the settlements of the return; each names its intents by its own number."""
        self._rounds += 1
        return self._rounds

    def refunds(self, intents: Sequence[PaymentIntent], subject: str) -> list[Coroutine[Any, Any, None]]:
        """Bring every tender of a settlement to the customer, each under promises of its own.

        The first tender's promises have the settlement's subject.
        """
        return [
            self._refund(intent, "-".join(filter(None, (subject, f"t{number}" if number else ""))))
            for number, intent in enumerate(intents)
        ]

    async def _refund(self, intent: PaymentIntent, subject: str) -> None:
        """Bring a refund to the customer, by another means of payment if one is declined."""
        case = self._case
        while not (intent := await self._move(intent, subject)).state.is_settled:
            intent = await self._replace(intent, await self._another_method(intent, subject))
        case.note("refund paid" if intent.state.is_paid else "refund paid by a chargeback", intent.key)

    async def charge(self, intent: PaymentIntent, subject: str) -> bool:
        """Charge what the customer owes; False if no means of payment was offered in time."""
        while not (intent := await self._move(intent, subject)).state.is_paid:
            method_id = await self._another_method(intent, subject, only_once=True)
            if not method_id:
                self._case.move(Reimbursement.FAILED, "no means of payment was offered")
                await self._case.make_final("difference not paid")
                return False
            intent = await self._replace(intent, method_id)
        self._case.note("difference charged", intent.key)
        return True

    async def capture(self, intent: PaymentIntent, subject: str) -> bool:
        """Take money out of a hold; False if the provider declines."""
        return (await self._move(intent, subject)).state.is_paid

    async def _move(self, intent: PaymentIntent, subject: str) -> PaymentIntent:
        """Run the provider call to its end. After an hour without an answer people know; it goes on."""
        case = self._case
        case.payments[intent.key] = intent
        intent = await self._unfrozen(intent)
        if intent.state is IntentState.CHARGED_BACK:
            return intent
        self.show(Reimbursement.EXECUTING)
        messages = self._messages(intent)
        summary = f"{intent.direction.value} {intent.amount_minor} {intent.currency} (minor units)"
        patience = case.rules.clocks.refund_unknown
        known_by = workflow.now() + patience
        pause = _FIRST_ASKED_AFTER
        case.clocks.start(ClockName.REFUND_UNKNOWN, workflow.now(), known_by, subject)
        while True:
            seen = self._news[intent.key]
            call = IntentCall(
                key=intent.key, rma_id=case.rma_id, at=workflow.now(), answers_pending=True, **messages
            )
            case.in_flight.append(intent.key)
            try:
                moved = await calls.move_money(call, summary=summary, give_up_after=patience)
                if moved.state.is_final:
                    break
                left = known_by - workflow.now()
                if left <= timedelta(0) and patience is not _RECONCILE_FOR:
                    patience = _RECONCILE_FOR
                    await self._is_unknown(intent, subject)
                await self._hears_of(intent.key, seen, min(pause, left) if left > timedelta(0) else pause)
                pause = min(2 * pause, _ASKED_EACH)
            except ActivityError as error:
                if is_cancelled_exception(error):
                    raise
                if _is_frozen(error):
                    self._is_known(intent, was_unknown=patience is _RECONCILE_FOR)
                    await self._thaws(intent, subject)
                    return await self._move(case.payments[intent.key], subject)
                patience = _RECONCILE_FOR
                await self._is_unknown(intent, subject)
        case.clocks.end(ClockName.REFUND_UNKNOWN, in_time=True, subject=subject)
        self._is_known(moved, was_unknown=patience is _RECONCILE_FOR)
        return moved

    async def _hears_of(self, key: str, seen: int, pause: timedelta) -> None:
        """Wait until the provider reports something of a payment that it works on, or it is time to ask again."""
        with suppress(TimeoutError):
            await workflow.wait_condition(
                lambda: self._news[key] > seen, timeout=pause, timeout_summary=f"{key} is pending at the provider"
            )

    def _is_known(self, intent: PaymentIntent, was_unknown: bool) -> None:
        """Nothing of the intent is under way any more: it has its outcome, or was never sent."""
        case = self._case
        case.in_flight = [key for key in case.in_flight if key != intent.key]
        case.payments[intent.key] = intent
        if was_unknown:
            self.show(Reimbursement.EXECUTING)
            case.need(Role.CUSTOMER if self._waiting else "", "payment")

    async def _unfrozen(self, intent: PaymentIntent) -> PaymentIntent:
        """Wait until no chargeback of this return is open; the intent as it is then. Only a refund waits."""
        case = self._case
        if intent.direction is not PaymentDirection.REFUND or not case.freezes:
            return intent
        case.note("refund waits for a chargeback", intent.key)
        await workflow.wait_condition(lambda: not case.freezes)
        return case.payments[intent.key]

    async def _thaws(self, intent: PaymentIntent, subject: str) -> None:
        """The ledger did not let the refund be sent: a chargeback came first, here or in another return."""
        case = self._case
        case.clocks.end(ClockName.REFUND_UNKNOWN, in_time=True, subject=subject)
        if not case.freezes:
            case.note("refund waits for a chargeback of the order", intent.key)
            await case.record("order-frozen", case.supervisor_alert(Template.STAFF_ORDER_FROZEN, key=intent.key))
            await workflow.sleep(_ASK_AGAIN, summary="a chargeback of the order is open")

    def show(self, state: Reimbursement, detail: str = "") -> None:
        """Show where the money is. While one tender waits for another means of payment, that may be chosen."""
        self._case.move(Reimbursement.ALTERNATE_TENDER if self._waiting else state, detail)

    def show_settled(self) -> None:
        """Show that the money has moved, unless another settlement of the return is still on its way."""
        if not self._waiting and not self.settlements:
            self._case.move(Reimbursement.SETTLED)

    async def _is_unknown(self, intent: PaymentIntent, subject: str) -> None:
        case = self._case
        case.clocks.end(ClockName.REFUND_UNKNOWN, in_time=False, subject=subject)
        case.payments[intent.key] = intent.model_copy(update={"state": IntentState.UNKNOWN})
        self.show(Reimbursement.UNKNOWN, intent.key)
        await case.record("refund-unknown", case.supervisor_alert(Template.STAFF_REFUND_UNKNOWN, key=intent.key))
        case.need(Role.SUPERVISOR, "payment")
        case.publish()

    def _messages(self, intent: PaymentIntent) -> dict[str, tuple[OutboxItem, ...]]:
        amount: dict[str, str | int] = {"amount_minor": intent.amount_minor, "currency": intent.currency}
        needed = (self._case.notices.customer(Template.PAYMENT_METHOD_NEEDED, **amount),)
        if intent.direction is PaymentDirection.CAPTURE:
            return {}
        if intent.direction is PaymentDirection.CHARGE:
            return {"if_declined": needed}
        is_credit = intent.method_id == self._case.credit_account
        paid = Template.STORE_CREDIT_PAID if is_credit else Template.REFUND_PAID
        return {
            "if_paid": (self._case.notices.customer(paid, **amount),),
            "if_declined": needed,
        }

    async def _another_method(self, declined: PaymentIntent, subject: str, only_once: bool = False) -> str:
        """Wait for another means of payment; without one people are told, each time it falls due."""
        case = self._case
        case.move(Reimbursement.FAILED, f"{declined.key}: {declined.failure}")
        case.move(Reimbursement.ALTERNATE_TENDER)
        case.need(Role.CUSTOMER, "payment")
        self._waiting += 1
        try:
            return await self._choice(declined, subject, only_once)
        finally:
            self._waiting -= 1
            case.need(Role.CUSTOMER if self._waiting else "", "payment")

    async def _choice(self, declined: PaymentIntent, subject: str, only_once: bool) -> str:
        case = self._case
        seen = len(self._choices)
        while len(self._choices) == seen:
            due_at = workflow.now() + case.rules.clocks.payment_method
            chosen = await case.clocks.wait(
                ClockName.PAYMENT_METHOD, due_at, lambda: len(self._choices) > seen, subject=subject
            )
            if not chosen and only_once:
                return ""
            if not chosen:
                await case.record(
                    "payment-method-missing",
                    case.supervisor_alert(Template.STAFF_SETTLEMENT_LATE),
                    *self._messages(declined)["if_declined"],
                )
        return self._choices[-1].method_id

    async def _replace(self, declined: PaymentIntent, method_id: str) -> PaymentIntent:
        case = self._case
        return await case.in_ledger(
            calls.replace_tender,
            TenderReplacement(
                rma_id=case.rma_id,
                op=f"tender-{declined.key}",
                at=workflow.now(),
                declined_key=declined.key,
                round=self.next_round(),
                method_id=method_id,
            ),
        )


def _is_frozen(error: ActivityError) -> bool:
    return isinstance(error.cause, ApplicationError) and error.cause.type == _FROZEN
