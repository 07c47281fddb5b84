"""Advance refund: paid at the carrier's first scan, trued up after the inspection (section 6)."""

import asyncio
from collections.abc import Awaitable, Callable

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

from domain.application import Remedy
from domain.bookkeeping import AdvanceQuestion, RefundAuthorization
from domain.intents import PaymentDirection, RefundBasis
from domain.outbox import Template
from domain.refund import UnitsToSettle
from domain.status import Reimbursement
from workflows import calls
from workflows.case import ReturnCase
from workflows.contracts import RecoveryAppeal, RecoveryVerdict
from workflows.stages.advance_recovery import SUBJECT, AdvanceRecovery
from workflows.stages.payment import Payments
from workflows.stages.settlement import Settlement


class AdvanceRefund:
    """Pays in advance beside the ship-back. Every later refund takes its part from the advance in the ledger."""

    def __init__(self, case: ReturnCase, settlement: Settlement, payments: Payments) -> None:
        self._case = case
        self._settlement = settlement
        self._payments = payments
        self._recovery = AdvanceRecovery(case, payments)
        self._paying: asyncio.Task[None] | None = None
        self._too_late = False
        self._paid_to = ""

    def on_appeal(self, appeal: RecoveryAppeal) -> None:
        """Take the customer's appeal against the recovery."""
        self._recovery.on_appeal(appeal)

    def on_verdict(self, verdict: RecoveryVerdict) -> None:
        """Take the supervisor's decision on the appeal."""
        self._recovery.on_verdict(verdict)

    def begin(self) -> None:
        """Pay as soon as a carrier has the goods, if the return was granted an advance."""
        advance = self._case.rules.advance
        if advance and advance.granted and self._case.remedy is Remedy.RETURN_AND_REFUND:
            self._paying = asyncio.create_task(self._pay())

    async def is_done(self) -> None:
        """Make sure that the advance is paid, or will not be any more: later refunds build on it."""
        self._too_late = True
        if self._paying is not None:
            await self._paying

    async def true_up(self, rest: Callable[[], Awaitable[None]]) -> None:
        """Once everything else is settled: what was advanced is kept, or the rest of it is recovered."""
        case = self._case
        if not self._paid_to:
            return
        account = await case.in_ledger(calls.advance_account, AdvanceQuestion(rma_id=case.rma_id))
        if account.outstanding_minor:
            case.move(Reimbursement.PROVISIONAL, "more was advanced than is owed")
            await self._recovery.run(account, self._paid_to, rest)
        else:
            await case.record("advance-kept", case.notices.customer(Template.ADVANCE_KEPT))
        case.move(Reimbursement.SETTLED)

    async def _pay(self) -> None:
        case = self._case
        await workflow.wait_condition(lambda: self._too_late or case.first_scan_at is not None)
        if case.first_scan_at is None:
            return
        authorization = RefundAuthorization(
            rma_id=case.rma_id,
            op=case.step("advance"),
            at=workflow.now(),
            outbox=(case.notices.customer(Template.ADVANCE_REFUND),),
            round=self._payments.next_round(),
            basis=RefundBasis.ADVANCE,
            units=tuple(
                UnitsToSettle(line_id=line_id, quantity=quantity)
                for line_id, quantity in case.line_quantities().items()
            ),
            destination=case.application.payment_method_id,
            circumstances=self._settlement.circumstances(),
        )
        try:
            plan = await self._settlement.authorize_once(authorization)
        except (ActivityError, ApplicationError) as error:
            # The advance is a favour: what the ledger refuses is paid after the inspection.
            case.note("no advance", calls.reason_of(error))
            await case.record("no-advance", case.notices.customer(Template.ADVANCE_NOT_POSSIBLE))
            return
        await self._settlement.under_the_promise(
            plan.due_at, *self._payments.refunds(plan.refund.intents, SUBJECT), subject=SUBJECT
        )
        settled = [
            intent
            for intent in case.payments.values()
            if intent.direction is PaymentDirection.REFUND and intent.state.is_settled
        ]
        # A chargeback may have paid it all: then it came to the means that was charged.
        self._paid_to = next((intent for intent in settled if intent.state.is_paid), settled[0]).method_id
        case.move(Reimbursement.PROVISIONAL, "paid in advance")
