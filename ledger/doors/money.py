"""Money: refunds, charges, holds, advances, chargebacks, and the books of an order."""

from datetime import datetime

from domain.advances import AdvanceAccount, AdvanceHistory
from domain.bookkeeping import (
    AdvanceEnd,
    AuthorizedRefund,
    CaptureAuthorization,
    ChargeAuthorization,
    ChargebackDecision,
    ChargebackOutcome,
    ChargebackReport,
    HoldAuthorization,
    IntentOutcome,
    RecoveryAuthorization,
    RefundAuthorization,
    TenderReplacement,
)
from domain.chargebacks import Chargeback
from domain.coupons import BreachCertificate
from domain.holds import HoldState, PaymentHold
from domain.intents import PaymentIntent
from domain.orders import OrderSnapshot
from domain.refund import RefundRules
from domain.remainder import Remainder
from ledger import (
    advance_accounts,
    advance_exchanges,
    advances,
    balances,
    breaches,
    chargebacks,
    holds,
    intents,
    orders,
    refunds,
    tenders,
)
from ledger.answers import OrderBalance
from ledger.doors.base import Door
from ledger.engine import reading, writing
from ledger.errors import ReturnNotFound

_NO_FEES = RefundRules()


class MoneyDoor(Door):
    """Money: refunds, charges, holds, advances, chargebacks, and the books of an order."""

    def authorize_refund(self, request: RefundAuthorization, rules: RefundRules = _NO_FEES) -> AuthorizedRefund:
        """Quote the claim by the rules, settle its units and record a refund intent for each payment drawn from.

        Raises:
            ReturnNotFound: If the return was never opened.
            UnitsNotHeld: If the return does not hold the units.
            UnitsNotDeducted: If the return was not paid less the deduction that is lowered.
            CeilingExceeded: If the line, a payment or the order has less left.
            AuthorizationNotFound: If `instead_of` names no refund of this return.
            AlreadySuperseded: If that one was paid out before.
            ChargeOutstanding: If `instead_of` names an exchange whose charge has no outcome yet.
            IntentKeyTaken: If the round was used before.
        """
        with writing(self.engine) as session:
            return refunds.authorize(session, request, rules)

    def remainder(self, rma_id: str) -> Remainder:
        """What the lines of a return and their order have left to pay back; nothing if it was never opened."""
        with writing(self.engine) as session:
            try:
                return refunds.remainder(session, rma_id)
            except ReturnNotFound:
                return Remainder()

    def authorize_charge(self, request: ChargeAuthorization) -> PaymentIntent:
        """Record the intent to charge the difference of an exchange.

        Raises:
            ReturnNotFound: If the return was never opened.
            IntentKeyTaken: If the round was used for another charge.
        """
        with writing(self.engine) as session:
            return tenders.authorize_charge(session, request)

    def replace_tender(self, request: TenderReplacement) -> PaymentIntent:
        """Record a new intent for a declined one, with another means of payment.

        Raises:
            IntentNotFound: If there is no intent under the declined key.
            IntentNotDeclined: If that intent was not declined.
            AlreadySuperseded: If something has taken its place.
            CeilingExceeded: If other refunds have used what the payment had left.
            NothingToRecover: If it charged an advance back of which nothing is left.
            IntentKeyTaken: If the round was used before.
        """
        with writing(self.engine) as session:
            return tenders.replace(session, request)

    def advance_account(self, rma_id: str) -> AdvanceAccount:
        """What was paid in advance for a return, and what became of it.

        Raises:
            AdvanceNotFound: If nothing was.
        """
        with reading(self.engine) as session:
            return advance_accounts.to_account(advance_accounts.find(session, rma_id))

    def advance_history(self, customer_id: str, currency: str) -> AdvanceHistory:
        """What earlier advances of a customer came to, amounts in a currency's minor unit."""
        with reading(self.engine) as session:
            return advance_accounts.history(session, customer_id, currency)

    def unpaid_advances(self) -> list[AdvanceAccount]:
        """The advances that the customer owes and did not pay back: a person's queue."""
        with reading(self.engine) as session:
            return advance_accounts.unpaid(session)

    def authorize_recovery(self, request: RecoveryAuthorization) -> PaymentIntent:
        """Record the intent to charge back what is left of an advance.

        Raises:
            ReturnNotFound: If the return was never opened.
            AdvanceNotFound: If nothing was advanced for it.
            NothingToRecover: If nothing of it is left, or it is being charged already.
            IntentKeyTaken: If the round was used for another charge.
        """
        with writing(self.engine) as session:
            return advances.authorize_recovery(session, request)

    def authorize_hold(self, request: HoldAuthorization) -> PaymentIntent:
        """Record the intent to hold what was paid for the units that are to come back.

        Raises:
            ReturnNotFound: If the return was never opened.
            UnitsNotHeld: If the return does not hold the units.
            IntentKeyTaken: If the round was used for another hold.
        """
        with writing(self.engine) as session:
            return advance_exchanges.authorize_hold(session, request)

    def authorize_capture(self, request: CaptureAuthorization) -> PaymentIntent:
        """Record the intent to capture, from an open hold, what units are worth that never came.

        Raises:
            ReturnNotFound: If the return was never opened.
            UnitsNotHeld: If the return does not hold the units.
            HoldNotFound: If there is no such hold.
            HoldNotOpen: If it has ended or lapsed, belongs to another return, or is captured already.
            IntentKeyTaken: If the round was used for another capture.
        """
        with writing(self.engine) as session:
            return advance_exchanges.authorize_capture(session, request)

    def payment_hold(self, key: str) -> PaymentHold:
        """The hold under a key.

        Raises:
            HoldNotFound: If none was asked for, or its outcome is not known.
        """
        with reading(self.engine) as session:
            return holds.read(session, key)

    def hold_renewed(self, key: str, expires_at: datetime) -> None:
        """Note that a hold lives longer.

        Raises:
            HoldNotFound: If there is none.
        """
        with writing(self.engine) as session:
            holds.renewed(session, key, expires_at)

    def hold_ended(self, key: str, state: HoldState) -> None:
        """Note how a hold ended; one that has ended stays as it is.

        Raises:
            HoldNotFound: If there is none.
        """
        with writing(self.engine) as session:
            holds.ended(session, key, state)

    def end_advance(self, request: AdvanceEnd) -> None:
        """Give up what is left of an advance: waived, or not paid.

        Raises:
            ReturnNotFound: If the return was never opened.
            AdvanceNotFound: If nothing was advanced for it.
        """
        with writing(self.engine) as session:
            advances.end(session, request)

    def payment_intent(self, key: str) -> PaymentIntent:
        """The intent under a key.

        Raises:
            IntentNotFound: If there is none.
        """
        with reading(self.engine) as session:
            return intents.read(session, key)

    def intent_submitted(self, key: str, at: datetime) -> PaymentIntent:
        """Note an attempt before the provider is called, and give back the intent as it was before.

        Raises:
            IntentNotFound: If there is none under the key.
            IntentFrozen: If it is a refund that is still to be sent and its order is frozen.
        """
        with writing(self.engine) as session:
            return intents.submitted(session, key, at)

    def intent_not_sent(self, key: str, at: datetime) -> None:
        """Note that the provider did not take the only attempt so far, so that it need not be looked up.

        Raises:
            IntentNotFound: If there is none under the key.
        """
        with writing(self.engine) as session:
            intents.not_sent(session, key, at)

    def intent_may_be_repeated(self, key: str, at: datetime) -> bool:
        """Whether an intent that was sent, and that the provider does not know, may be sent again now.

        If a chargeback has frozen its order since, it waits from now on like what was never sent.

        Raises:
            IntentNotFound: If there is none under the key.
        """
        with writing(self.engine) as session:
            return intents.may_be_repeated(session, key, at)

    def intent_unknown(self, key: str, at: datetime) -> None:
        """Note that an attempt ended without an answer.

        Raises:
            IntentNotFound: If there is none under the key.
        """
        with writing(self.engine) as session:
            intents.unknown(session, key, at)

    def intent_outcome(self, outcome: IntentOutcome) -> PaymentIntent:
        """Move an intent and its money to what the provider says: paid, or declined.

        Raises:
            IntentNotFound: If there is none under the key.
            ValueError: If the outcome is not final.
        """
        with writing(self.engine) as session:
            return intents.outcome(session, outcome)

    def intents_of(self, rma_id: str) -> list[PaymentIntent]:
        """Every payment intent of a return, oldest first."""
        with reading(self.engine) as session:
            return intents.of_return(session, rma_id)

    def unsettled_intents(self, limit: int, untouched_since: datetime, after: str = "") -> list[PaymentIntent]:
        """Intents whose end is not known and that nothing has touched since a moment, oldest first.

        With the key of one as `after`, those that were recorded after it.
        """
        with reading(self.engine) as session:
            return intents.unsettled(session, limit, untouched_since, after)

    def report_chargeback(self, entry: ChargebackReport) -> Chargeback:
        """Keep a chargeback and freeze the order's refunds that are not sent yet.

        Raises:
            ReturnNotFound: If the return was never opened.
            CeilingExceeded: If the order has no such payment, or it captured less.
            ChargebackConflict: If the same chargeback was reported with other facts.
        """
        with writing(self.engine) as session:
            return chargebacks.report(session, entry)

    def chargeback(self, rma_id: str, chargeback_id: str) -> Chargeback:
        """A chargeback of the order of a return.

        Raises:
            ReturnNotFound: If the return was never opened.
            ChargebackNotFound: If the order has none under the id.
        """
        with reading(self.engine) as session:
            return chargebacks.find(session, rma_id, chargeback_id)

    def decide_chargeback(self, entry: ChargebackDecision) -> ChargebackOutcome:
        """Let the refunds go on, or count a lost chargeback as paid back.

        Raises:
            ChargebackNotFound: If the order has no such chargeback.
            RefundInFlight: If it was lost while a refund of its payment has no outcome yet.
        """
        with writing(self.engine) as session:
            return chargebacks.decide(session, entry)

    def frozen_order(self, rma_id: str) -> OrderSnapshot:
        """The order of a return, as it was when the first return of it opened.

        Raises:
            ReturnNotFound: If the return was never opened.
        """
        with reading(self.engine) as session:
            return orders.frozen(orders.order_of(session, rma_id))

    def order_balance(self, order_id: str) -> OrderBalance:
        """The books of an order.

        Raises:
            OrderNotFound: If no return of the order was opened.
        """
        with reading(self.engine) as session:
            return balances.order_balance(session, order_id)

    def coupon(self, key: str) -> BreachCertificate | None:
        """The breach under a clock's key; its coupon is owed while `coupon_id` is empty."""
        with reading(self.engine) as session:
            return breaches.find(session, key)
