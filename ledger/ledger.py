"""The ledger as its callers see it: each method is one transaction, safe to repeat and from any thread."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Self

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from domain.advances import AdvanceAccount, AdvanceHistory
from domain.audit import AuditEntry
from domain.authority import PayoutAnswer, PayoutApproval, PayoutRequest
from domain.bookkeeping import (
    AdvanceEnd,
    AuthorizedRefund,
    CaptureAuthorization,
    ChargeAuthorization,
    ChargebackDecision,
    ChargebackOutcome,
    ChargebackReport,
    ClaimEntry,
    ClaimOpening,
    FollowUpOpening,
    HoldAuthorization,
    IntentOutcome,
    RecoveryAuthorization,
    RefundAuthorization,
    ReturnClosing,
    ReturnOpening,
    Review,
    StageEntry,
    TakenUpCase,
    TakeUp,
    TenderReplacement,
    UnitsTakenOver,
)
from domain.chargebacks import Chargeback
from domain.claims import RecoveryClaim
from domain.coupons import BreachCertificate
from domain.follow_up import FollowUpAnswer
from domain.holds import HoldState, PaymentHold
from domain.intents import PaymentIntent
from domain.orders import OrderSnapshot
from domain.outbox import Delivery
from domain.policy.authority import PayoutCaps
from domain.receiving import (
    BlindReceipt,
    DueReceipt,
    ParkedDisposal,
    ParkedMatch,
    ParkedParcel,
    ParkedState,
    Received,
)
from domain.refund import RefundRules
from domain.shipping import CarrierEvent
from ledger import (
    advance_accounts,
    advance_exchanges,
    advances,
    audit,
    balances,
    breaches,
    budgets,
    chargebacks,
    claims,
    follow_ups,
    holds,
    intents,
    orders,
    outbox,
    parcels,
    receiving,
    refunds,
    returns,
    tenders,
)
from ledger.answers import ClosedReturn, OrderBalance, ParkedDelivery, ParkedEvent
from ledger.engine import open_engine, reading, writing
from ledger.schema import require_current_schema

_NO_FEES = RefundRules()


class Ledger:
    """The serial owner of the units and the money of each order.

    An entry (a method that takes one of `domain.bookkeeping`) is written once: a repeat under the same `op`
    gets the first answer. What is refused raises an error of `ledger.errors` and leaves nothing written.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @classmethod
    def open(cls, url: str) -> Self:
        """Open the ledger at a database URL.

        Raises:
            ValueError: If the URL names no database that the ledger runs on, or it cannot be opened.
            SchemaOutOfDate: If its schema is not the one that this code was written for.
        """
        engine = open_engine(url)
        try:
            require_current_schema(engine)
        except SQLAlchemyError as error:
            # Its text would repeat the address and the user of the database.
            raise ValueError(f"the database cannot be opened: {type(error).__name__}") from None
        return cls(engine)

    # A return, from its opening to its end

    def open_return(self, opening: ReturnOpening) -> Review:
        """Hold the units of a return and freeze its order; give back the review that is now in force.

        A refusal (closed return, units taken, too many applications) is an answer too; nothing of it is kept,
        so that it is judged anew when it is asked again.
        """
        try:
            with writing(self.engine) as session:
                return returns.open_return(session, opening)
        except returns.OpeningRefused as refused:
            return opening.review.model_copy(update={"refusal": refused.refusal, "decision": None})

    def record(self, entry: StageEntry) -> None:
        """Write what a step decided: messages, and the parcel or the breach that it registers.

        Raises:
            CouponNotOwed: If it reports a coupon that the return has not earned.
        """
        with writing(self.engine) as session:
            returns.record(session, entry)

    def take_over(self, entry: UnitsTakenOver) -> None:
        """Keep units of a return without a refund, so that no return of the order can claim them again.

        Raises:
            ReturnNotFound: If the return was never opened.
            UnitsNotHeld: If the return does not hold the units.
        """
        with writing(self.engine) as session:
            returns.take_over(session, entry)

    def close_return(self, closing: ReturnClosing) -> None:
        """Release the units that were not settled and keep how the case ended."""
        with writing(self.engine) as session:
            returns.close(session, closing)

    def closed_return(self, rma_id: str) -> ClosedReturn | None:
        """How a case ended; None if it has not."""
        with reading(self.engine) as session:
            return returns.closed_return(session, rma_id)

    def open_returns(self, order_id: str) -> list[str]:
        """The RMA ids of the order's returns that are not closed, oldest first."""
        with reading(self.engine) as session:
            return returns.open_returns(session, order_id)

    def returns_opened(self, order_id: str, but: str) -> int:
        """How many returns of the order were ever opened, one of them left out."""
        with reading(self.engine) as session:
            return returns.count_opened(session, order_id, but)

    # What comes after the end

    def open_follow_up(self, opening: FollowUpOpening) -> FollowUpAnswer:
        """Number a follow-up case and hold the units that are free again; the same request finds the same one.

        A refusal is an answer too; nothing of it is kept, so that it is judged anew when it is asked again.
        """
        with writing(self.engine) as session:
            return follow_ups.open_follow_up(session, opening)

    def take_up(self, entry: TakeUp) -> TakenUpCase:
        """What a follow-up case starts from.

        Raises:
            ReturnNotFound: If it is no follow-up.
        """
        with writing(self.engine) as session:
            return follow_ups.take_up(session, entry)

    # What is claimed back for a loss

    def open_claim(self, opening: ClaimOpening) -> RecoveryClaim:
        """Value a loss by the frozen order and list the evidence for it.

        Raises:
            ReturnNotFound: If the return was never opened.
        """
        with writing(self.engine) as session:
            return claims.open_claim(session, opening)

    def record_claim(self, entry: ClaimEntry) -> None:
        """Keep how a claim stands, with what is to be told of it."""
        with writing(self.engine) as session:
            claims.record(session, entry)

    def recovery_claims(self, open_only: bool = False) -> list[RecoveryClaim]:
        """The claims, the next one that is due first."""
        with reading(self.engine) as session:
            return claims.claims(session, open_only)

    # Money

    def authorize_refund(self, request: RefundAuthorization, rules: RefundRules = _NO_FEES) -> AuthorizedRefund:
        """Quote the claim by the rules, settle its units and record a refund intent for each payment drawn from.

        Raises:
            ReturnNotFound: If the return was never opened.
            UnitsNotHeld: If the return does not hold the units.
            CeilingExceeded: If the line, a payment or the order has less left.
            AuthorizationNotFound: If `instead_of` names no refund of this return.
            AlreadySuperseded: If that one was paid out before.
            ChargeOutstanding: If `instead_of` names an exchange whose charge has no outcome yet.
            IntentKeyTaken: If the round was used before.
        """
        with writing(self.engine) as session:
            return refunds.authorize(session, request, rules)

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
            IntentFrozen: If it is a refund that was never sent and its order is frozen.
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

    def unsettled_intents(self, limit: int, untouched_since: datetime) -> list[PaymentIntent]:
        """Intents whose end is not known and that nothing has touched since a moment, oldest first."""
        with reading(self.engine) as session:
            return intents.unsettled(session, limit, untouched_since)

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
            ChargebackConflict: If it was decided before.
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

    # What people grant beyond the rules, and what they were refused

    def grant_payout(self, request: PayoutRequest, amount_minor: int, caps: PayoutCaps, day: date) -> PayoutAnswer:
        """Hold an amount against the caps of its case and of the agent's day; a refusal is an answer too.

        Raises:
            ReturnNotFound: If the return was never opened.
        """
        with writing(self.engine) as session:
            return budgets.grant(session, request, amount_minor, caps, day)

    def decide_payout(self, approval: PayoutApproval) -> None:
        """Take a second person's decision on a pending grant.

        Raises:
            GrantNotPending: If nothing waits under the op.
            SamePerson: If the person who asked approves.
        """
        with writing(self.engine) as session:
            budgets.decide(session, approval)

    def write_audit(self, entry: AuditEntry) -> None:
        """Keep a refusal that no other entry keeps."""
        with writing(self.engine) as session:
            audit.write(session, entry)

    def audit_entries(self, rma_id: str | None = None, limit: int = 100) -> list[AuditEntry]:
        """The last refusals and grants of a return, or of all, the newest first."""
        with reading(self.engine) as session:
            return audit.entries(session, rma_id, limit)

    # Outbox

    def claim_deliveries(self, now: datetime, limit: int, lease: timedelta) -> list[Delivery]:
        """Take the oldest undelivered item of up to `limit` returns, for the time of the lease."""
        with writing(self.engine) as session:
            return outbox.claim(session, now, limit, lease)

    def delivered(self, message_ids: Iterable[str], now: datetime) -> None:
        """Mark items as delivered.

        Raises:
            DeliveryNotFound: If there is no such item.
        """
        with writing(self.engine) as session:
            for message_id in message_ids:
                outbox.delivered(session, message_id, now)

    def delivery_failed(self, message_id: str, error: str, retry_at: datetime) -> None:
        """Keep an item for a later attempt; its successors wait for it.

        Raises:
            DeliveryNotFound: If there is no such item.
        """
        with writing(self.engine) as session:
            outbox.failed(session, message_id, error, retry_at)

    def park_delivery(self, message_id: str, error: str) -> None:
        """Put aside an item that was refused for good; its successors go on.

        Raises:
            DeliveryNotFound: If there is no such item.
        """
        with writing(self.engine) as session:
            outbox.park(session, message_id, error)

    def pending_deliveries(self) -> int:
        """How many items are still to be delivered, parked ones left out."""
        with reading(self.engine) as session:
            return outbox.pending_count(session)

    def parked_deliveries(self) -> list[ParkedDelivery]:
        """The items that were refused for good, oldest first."""
        with reading(self.engine) as session:
            return outbox.parked(session)

    def retry_delivery(self, message_id: str) -> None:
        """Have a parked item delivered again, once what it failed at is mended.

        Raises:
            DeliveryNotFound: If there is no such item, or it is not parked.
        """
        with writing(self.engine) as session:
            outbox.retry(session, message_id)

    # Parcels and the scans of carriers

    def find_parcel(self, carrier: str, tracking_no: str) -> str | None:
        """The RMA id of a parcel's return; None if no return registered it."""
        with reading(self.engine) as session:
            return parcels.find(session, carrier, tracking_no)

    def accept_event(self, event: CarrierEvent, received_at: datetime) -> tuple[str | None, bool]:
        """Keep a scan, once for its carrier and event id.

        Returns:
            The RMA id of its parcel, None while that is unknown, and whether the scan was delivered before.
        """
        with writing(self.engine) as session:
            return parcels.accept(session, event, received_at)

    def event_delivered(self, carrier: str, event_id: str, at: datetime) -> None:
        """Note that a scan has reached its return.

        Raises:
            EventNotFound: If the scan was never accepted.
        """
        with writing(self.engine) as session:
            parcels.event_delivered(session, carrier, event_id, at)

    def undelivered_events(
        self, limit: int = 100, received_before: datetime | None = None
    ) -> list[tuple[str, CarrierEvent]]:
        """Scans that have not reached their return although it is known by now, oldest first."""
        with reading(self.engine) as session:
            return parcels.undelivered(session, limit, received_before)

    def event_refused(self, carrier: str, event_id: str, error: str) -> bool:
        """Count a refusal of a scan, and tell whether it is parked by now.

        Raises:
            EventNotFound: If the scan was never accepted.
        """
        with writing(self.engine) as session:
            return parcels.event_refused(session, carrier, event_id, error)

    def parked_events(self) -> list[ParkedEvent]:
        """The scans that were refused too often, oldest first."""
        with reading(self.engine) as session:
            return parcels.parked_events(session)

    def retry_event(self, carrier: str, event_id: str) -> None:
        """Have a parked scan passed on again.

        Raises:
            EventNotFound: If the scan was never accepted.
        """
        with writing(self.engine) as session:
            parcels.retry_event(session, carrier, event_id)

    # Parcels that came without their return being known

    def accept_receipt(self, receipt: BlindReceipt) -> Received:
        """Keep a receipt, once for its id: divided among the returns that wait for its goods, the rest parked.

        Raises:
            ReceiptIdReused: If its id was used for another parcel.
        """
        with writing(self.engine) as session:
            receiving.accept(session, receipt)
            return receiving.received(session, receipt.receipt_id)

    def received(self, receipt_id: str) -> Received:
        """What became of a receipt so far."""
        with reading(self.engine) as session:
            return receiving.received(session, receipt_id)

    def due_receipts(self, limit: int = 100, receipt_id: str | None = None) -> list[DueReceipt]:
        """The parts that their returns have not taken yet, oldest first; those of one receipt if it is named."""
        with reading(self.engine) as session:
            return receiving.due(session, limit, receipt_id)

    def receipt_taken(self, part_id: int, rma_id: str, at: datetime) -> None:
        """Note which return has taken a part of a receipt."""
        with writing(self.engine) as session:
            receiving.taken(session, part_id, rma_id, at)

    def receipt_refused(self, part_id: int, detail: str) -> None:
        """Park what a return refused of a receipt."""
        with writing(self.engine) as session:
            receiving.refused(session, part_id, detail)

    def parked_parcels(self, state: ParkedState = ParkedState.PARKED, limit: int = 100) -> list[ParkedParcel]:
        """Parked goods in a state, oldest first."""
        with reading(self.engine) as session:
            return receiving.parked(session, state, limit)

    def match_parked(self, parked_id: str, decision: ParkedMatch, at: datetime) -> ParkedParcel:
        """Give parked goods to the return that a person found.

        Raises:
            ParkedNotFound: If there are none under the id.
            AlreadyDecided: If somebody decided before, and otherwise.
            ReturnNotFound: If there is no such return.
        """
        with writing(self.engine) as session:
            return receiving.match_parked(session, parked_id, decision, at)

    def dispose_parked(self, parked_id: str, decision: ParkedDisposal, at: datetime) -> ParkedParcel:
        """Write down where parked goods go that belong to no return.

        Raises:
            ParkedNotFound: If there are none under the id.
            AlreadyDecided: If somebody decided before, and otherwise.
        """
        with writing(self.engine) as session:
            return receiving.dispose_parked(session, parked_id, decision, at)
