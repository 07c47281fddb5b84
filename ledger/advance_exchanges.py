"""An exchange sent in advance: a hold on what it is worth, captured for units that never come (section 6)."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.bookkeeping import CaptureAuthorization, HoldAuthorization
from domain.intents import IntentState, PaymentDirection, PaymentIntent, RefundBasis
from domain.keys import capture_key, hold_key
from domain.quote import quote_refund
from domain.refund import RefundClaim, UnitsToSettle
from ledger import holds, intents, outbox, units
from ledger.entries import once
from ledger.errors import HoldNotOpen
from ledger.orders import frozen, lock_order_of
from ledger.settled import settled_before
from ledger.tables import EntryKind, IntentRow


def authorize_hold(session: Session, request: HoldAuthorization) -> PaymentIntent:
    """Record the intent to hold what was paid for the units that are to come back.

    Raises:
        ReturnNotFound: If the return was never opened.
        UnitsNotHeld: If the return does not hold the units.
        IntentKeyTaken: If the round was used for another hold.
    """
    return once(session, request, EntryKind.HOLD, PaymentIntent, lambda: _hold(session, request))


def authorize_capture(session: Session, request: CaptureAuthorization) -> PaymentIntent:
    """Record the intent to capture, from an open hold, what the units are worth that never came.

    The units go free when the return closes: should they turn up, another return refunds them, also from what was
    captured.

    Raises:
        ReturnNotFound: If the return was never opened.
        UnitsNotHeld: If the return does not hold the units.
        HoldNotFound: If there is no such hold.
        HoldNotOpen: If it has ended or lapsed, belongs to another return, or is captured already.
        IntentKeyTaken: If the round was used for another capture.
    """
    return once(session, request, EntryKind.CAPTURE, PaymentIntent, lambda: _capture(session, request))


def _hold(session: Session, request: HoldAuthorization) -> PaymentIntent:
    order = lock_order_of(session, request.rma_id)
    facts = frozen(order)
    units.check_held(session, request.rma_id, facts, request.units)
    intent = PaymentIntent(
        key=hold_key(request.rma_id, request.round),
        rma_id=request.rma_id,
        order_id=order.order_id,
        direction=PaymentDirection.HOLD,
        payment_id="",
        method_id=request.method_id,
        amount_minor=quote_refund(facts, _worth_of(request.units)).total_minor,
        currency=facts.currency,
    )
    outbox.write(session, request)
    return intents.add(session, intent, settles=request.op, basis=None, at=request.at)


def _capture(session: Session, request: CaptureAuthorization) -> PaymentIntent:
    order = lock_order_of(session, request.rma_id)
    facts = frozen(order)
    hold = holds.require_open(session, request.hold_key, request.at)
    if hold.rma_id != request.rma_id or _is_being_captured(session, request.hold_key):
        raise HoldNotOpen(f"hold {request.hold_key} is not there to be captured for {request.rma_id}")
    units.check_held(session, request.rma_id, facts, request.units)
    before = settled_before(session, order, request.rma_id)
    worth_minor = quote_refund(facts, _worth_of(request.units), before).total_minor
    intent = PaymentIntent(
        key=capture_key(request.rma_id, request.round),
        rma_id=request.rma_id,
        order_id=order.order_id,
        direction=PaymentDirection.CAPTURE,
        payment_id=request.hold_key,
        method_id=hold.method_id,
        amount_minor=min(worth_minor, hold.amount_minor),
        currency=facts.currency,
    )
    outbox.write(session, request)
    return intents.add(session, intent, settles=request.op, basis=None, at=request.at)


def _worth_of(units_: tuple[UnitsToSettle, ...]) -> RefundClaim:
    """What was paid for the units: a replacement takes their place, so nothing else of the order changes."""
    return RefundClaim(basis=RefundBasis.EXCHANGE_DIFFERENCE, units=units_)


def _is_being_captured(session: Session, hold: str) -> bool:
    captures = session.scalars(
        select(IntentRow.state).where(
            IntentRow.direction == PaymentDirection.CAPTURE, IntentRow.payment_id == hold
        )
    )
    return any(state is not IntentState.DECLINED for state in captures)
