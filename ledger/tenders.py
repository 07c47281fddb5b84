"""Charges for the difference of an exchange, and another means of payment for what was declined."""

from sqlalchemy.orm import Session

from domain.bookkeeping import AuthorizedRefund, ChargeAuthorization, TenderReplacement
from domain.intents import IntentState, PaymentDirection, PaymentIntent, RefundBasis
from domain.keys import charge_key, refund_key
from ledger import advances, chargebacks, intents, outbox
from ledger.entries import answers, once
from ledger.errors import AlreadySuperseded, IntentNotDeclined, NothingToRecover
from ledger.orders import frozen, lock_order_of
from ledger.tables import EntryKind, IntentRow


def authorize_charge(session: Session, request: ChargeAuthorization) -> PaymentIntent:
    """Record the intent to charge the difference that an authorised exchange left owing.

    Raises:
        ReturnNotFound: If the return was never opened.
        IntentKeyTaken: If the round was used for another charge.
    """
    return once(session, request, EntryKind.CHARGE, PaymentIntent, lambda: _charge(session, request))


def replace(session: Session, request: TenderReplacement) -> PaymentIntent:
    """Record a new intent for a declined one, with another means of payment and a key of its own.

    A refund draws from the same payment as before. What a bank took back since the decline is not paid again, and
    of an advance no more is charged back than is left by then.

    Raises:
        IntentNotFound: If there is no intent under the declined key.
        IntentNotDeclined: If that intent was not declined.
        AlreadySuperseded: If something has taken its place.
        CeilingExceeded: If other refunds have used what the payment had left.
        NothingToRecover: If it charged an advance back of which nothing is left.
        IntentKeyTaken: If the round was used before.
    """
    return once(session, request, EntryKind.REPLACEMENT, PaymentIntent, lambda: _replace(session, request))


def _charge(session: Session, request: ChargeAuthorization) -> PaymentIntent:
    order = lock_order_of(session, request.rma_id)
    intent = intents.add(
        session,
        PaymentIntent(
            key=charge_key(request.rma_id, request.round),
            rma_id=request.rma_id,
            order_id=order.order_id,
            direction=PaymentDirection.CHARGE,
            payment_id="",
            method_id=request.method_id,
            amount_minor=request.amount_minor,
            currency=frozen(order).currency,
        ),
        settles=_exchange_charged(session, request),
        basis=None,
        at=request.at,
    )
    outbox.write(session, request)
    return intent


def _exchange_charged(session: Session, request: ChargeAuthorization) -> str:
    """The op of the return's last refund that left this amount owing; empty if none did."""
    refunds = answers(session, request.rma_id, (EntryKind.REFUND, EntryKind.SUBSTITUTE), AuthorizedRefund)
    owing = [op for op, refund in refunds.items() if refund.owed_by_customer_minor == request.amount_minor]
    return owing[-1] if owing else ""


def _replace(session: Session, request: TenderReplacement) -> PaymentIntent:
    declined = intents.lock(session, request.declined_key)
    if declined.state is not IntentState.DECLINED:
        raise IntentNotDeclined(f"intent {declined.key} is {declined.state}: nothing is to be replaced")
    if declined.superseded_by:
        raise AlreadySuperseded(f"intent {declined.key} was superseded by {declined.superseded_by}")
    is_refund = declined.direction is PaymentDirection.REFUND
    key = refund_key(request.rma_id, request.round, 0) if is_refund else charge_key(request.rma_id, request.round)
    due_minor = _still_due(session, declined)
    intent = intents.add(
        session,
        PaymentIntent(
            key=key,
            rma_id=declined.rma_id,
            order_id=declined.order_id,
            direction=declined.direction,
            payment_id=declined.payment_id,
            method_id=request.method_id,
            amount_minor=due_minor,
            currency=declined.currency,
            state=IntentState.INTENT if due_minor else IntentState.CHARGED_BACK,
            covered_minor=declined.amount_minor - due_minor if is_refund else 0,
        ),
        settles=declined.settles,
        basis=declined.basis,
        at=request.at,
    )
    declined.superseded_by = key
    outbox.write(session, request)
    return intent


def _still_due(session: Session, declined: IntentRow) -> int:
    """What is left to be moved in the place of a declined intent."""
    if declined.direction is PaymentDirection.REFUND:
        return chargebacks.set_against(session, declined.order_id, declined.amount_minor)
    if declined.basis is not RefundBasis.ADVANCE:
        return declined.amount_minor
    left_minor = advances.left_to_charge(session, declined.rma_id)
    if not left_minor:
        raise NothingToRecover(f"nothing of the advance of {declined.rma_id} is left to recover")
    return min(declined.amount_minor, left_minor)
