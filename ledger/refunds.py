"""Authorise a refund: quote it, settle its units, reserve its money, record its intents (section 9)."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.bookkeeping import AuthorizedRefund, RefundAuthorization
from domain.intents import IntentState, PaymentDirection, PaymentIntent
from domain.keys import refund_key
from domain.refund import Draw, RefundQuote, quote_refund
from ledger import chargebacks, intents, money, outbox, units
from ledger.entries import answers, once, supersede
from ledger.errors import AuthorizationNotFound, ChargeOutstanding
from ledger.orders import frozen, lock_order_of
from ledger.tables import EntryKind, IntentRow, OrderRow


def authorize(session: Session, request: RefundAuthorization) -> AuthorizedRefund:
    """Quote what is owed and record an intent for each payment that it is drawn from.

    Raises:
        ReturnNotFound: If the return was never opened.
        UnitsNotHeld: If the return does not hold the units.
        CeilingExceeded: If the line, a payment or the order has less left.
        AuthorizationNotFound: If `instead_of` names no refund of this return.
        AlreadySuperseded: If that one was paid out before.
        ChargeOutstanding: If `instead_of` names an exchange whose charge has no outcome yet.
        IntentKeyTaken: If the round was used before.
    """
    kind = EntryKind.FALL_THROUGH if request.instead_of else EntryKind.REFUND
    return once(session, request, kind, AuthorizedRefund, lambda: _authorize(session, request))


def _authorize(session: Session, request: RefundAuthorization) -> AuthorizedRefund:
    order = lock_order_of(session, request.rma_id)
    if request.instead_of:
        quote = _earlier_quote(session, order, request)
        worth_minor = quote.total_minor + _moved_since(session, request)
    else:
        quote = _settle(session, order, request)
        worth_minor = quote.total_minor
    amount_minor = worth_minor - request.less_minor
    if amount_minor > 0:
        amount_minor = chargebacks.set_against(session, order.order_id, amount_minor)
    if request.order_entirely:
        draws = money.draw_everything(session, order.order_id)
        owed_minor = 0
    else:
        draws = money.draw(session, order.order_id, max(amount_minor, 0), request.destination)
        owed_minor = max(-amount_minor, 0)
    recorded = _record(session, order.order_id, request, quote.currency, draws)
    outbox.write(session, request)
    return AuthorizedRefund(quote=quote, intents=recorded, owed_by_customer_minor=owed_minor)


def _settle(session: Session, order: OrderRow, request: RefundAuthorization) -> RefundQuote:
    facts = frozen(order)
    entries = units.held_by(session, request.rma_id, facts) if request.order_entirely else request.units
    before = units.settled_units(session, order.order_id)
    units.settle(session, request.rma_id, facts, entries)
    owes_shipping = request.refund_shipping or request.order_entirely
    shipping_minor = money.grant_shipping(order, facts.shipping_minor) if owes_shipping else 0
    return quote_refund(facts, before, entries, shipping_minor)


def _earlier_quote(session: Session, order: OrderRow, request: RefundAuthorization) -> RefundQuote:
    """The quote of the exchange, with the outbound shipping if only its payout owes it."""
    earlier = answers(session, request.rma_id, EntryKind.REFUND, AuthorizedRefund).get(request.instead_of)
    if earlier is None:
        raise AuthorizationNotFound(f"return {request.rma_id} has no refund under op {request.instead_of}")
    supersede(session, request.rma_id, request.instead_of, by=request.op)
    if not request.refund_shipping:
        return earlier.quote
    granted_minor = money.grant_shipping(order, frozen(order).shipping_minor)
    return earlier.quote.model_copy(update={"shipping_minor": earlier.quote.shipping_minor + granted_minor})


def _moved_since(session: Session, request: RefundAuthorization) -> int:
    """What the customer was charged for the exchange, less what was paid back for it, in minor units.

    A refund on its way counts as paid back: should it be declined, it gets another means of payment. One that
    is declined already is paid out here instead, so nothing may take its place any more.
    """
    movements = session.scalars(
        select(IntentRow)
        .where(
            IntentRow.rma_id == request.rma_id,
            IntentRow.settles.in_((request.instead_of, "")),
            IntentRow.superseded_by == "",
        )
        .with_for_update()
    ).all()
    moved_minor = 0
    for intent in movements:
        if intent.state is IntentState.DECLINED:
            intent.superseded_by = request.op
        elif intent.direction is PaymentDirection.REFUND:
            moved_minor -= intent.amount_minor + intent.covered_minor
        elif intent.state.is_paid:
            moved_minor += intent.amount_minor
        else:
            raise ChargeOutstanding(
                f"charge {intent.key} is {intent.state}: whether it is to be paid back is not known yet"
            )
    return moved_minor


def _record(
    session: Session, order_id: str, request: RefundAuthorization, currency: str, draws: Sequence[Draw]
) -> tuple[PaymentIntent, ...]:
    return tuple(
        intents.add(
            session,
            PaymentIntent(
                key=refund_key(request.rma_id, request.round, tender),
                rma_id=request.rma_id,
                order_id=order_id,
                direction=PaymentDirection.REFUND,
                payment_id=draw.payment_id,
                method_id=draw.method_id,
                amount_minor=draw.amount_minor,
                currency=currency,
            ),
            settles=request.op,
            basis=request.basis,
            at=request.at,
        )
        for tender, draw in enumerate(draws)
    )
