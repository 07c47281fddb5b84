"""Authorise a refund: quote it, settle its units, reserve its money, record its intents (section 9)."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.bookkeeping import AuthorizedRefund, RefundAuthorization
from domain.compensation import share_over_lines
from domain.fees import owed_shipping
from domain.intents import IntentState, PaymentDirection, PaymentIntent, RefundBasis
from domain.keys import refund_key
from domain.lowered import NotDeducted
from domain.orders import OrderSnapshot
from domain.quote import quote_refund
from domain.refund import LineCompensation, RefundClaim, RefundQuote, RefundRules, SettledBefore
from domain.remainder import Remainder
from domain.tenders import Draw
from domain.worksheet import WorksheetRow, WorksheetRule
from ledger import advance_accounts, advances, chargebacks, intents, money, outbox, units
from ledger.entries import answers, chain_to, once, supersede
from ledger.errors import AuthorizationNotFound, CeilingExceeded, ChargeOutstanding, UnitsNotDeducted
from ledger.orders import frozen, lock_order_of
from ledger.settled import settled_before
from ledger.tables import EntryKind, IntentRow, OrderRow

_EXCHANGES = (EntryKind.REFUND, EntryKind.SUBSTITUTE)


def expected(
    session: Session, order: OrderRow, rma_id: str, claim: RefundClaim, rules: RefundRules
) -> RefundQuote:
    """Quote what is paid if everything is accepted, and change nothing. The order must be locked."""
    facts = frozen(order)
    if claim.order_entirely:
        claim = claim.model_copy(update={"units": units.held_by(session, rma_id, facts)})
    return quote_refund(facts, claim, settled_before(session, order, rma_id), rules)


def remainder(session: Session, rma_id: str) -> Remainder:
    """What the lines of a return and their order have left to pay back.

    Raises:
        ReturnNotFound: If the return was never opened.
    """
    order = lock_order_of(session, rma_id)
    return _remainder(session, order, rma_id, settled_before(session, order, rma_id))


def _remainder(session: Session, order: OrderRow, rma_id: str, before: SettledBefore) -> Remainder:
    claimed = units.claimed_lines(session, rma_id)
    by_line = money.left_by_line(frozen(order), before)
    advanced_minor = advance_accounts.still_to_account_for(
        session, rma_id, advances.being_charged(session, rma_id)
    )
    return Remainder(
        lines={line_id: left for line_id, left in by_line.items() if line_id in claimed},
        kept_minor=advance_accounts.kept(session, rma_id, units.first_case_of(session, rma_id)),
        order_minor=sum(payment.left_minor for payment in money.payments_of(session, order.order_id)),
        given_minor=advanced_minor + chargebacks.unmatched(session, order.order_id),
    )


def authorize(session: Session, request: RefundAuthorization, rules: RefundRules) -> AuthorizedRefund:
    """Quote what is owed and record an intent for each payment that it is drawn from.

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
    act = _advance if request.basis is RefundBasis.ADVANCE else _authorize
    return once(session, request, _kind(request), AuthorizedRefund, lambda: act(session, request, rules))


def _kind(request: RefundAuthorization) -> EntryKind:
    """An exchange may give way to another exchange, or to a payout. An advance is on account."""
    if request.basis is RefundBasis.ADVANCE:
        return EntryKind.ADVANCE
    if not request.instead_of:
        return EntryKind.REFUND
    is_exchange = request.basis is RefundBasis.EXCHANGE_DIFFERENCE
    return EntryKind.SUBSTITUTE if is_exchange else EntryKind.FALL_THROUGH


def _advance(session: Session, request: RefundAuthorization, rules: RefundRules) -> AuthorizedRefund:
    """Pay the units on account. They stay held, and are settled by the refund after the inspection.

    They are quoted as they will be if all are accepted, without outbound shipping: as the first of their lines or
    after what else of the order is settled, whichever is less. Neither rounding nor another return that gets the
    shipping leaves anything to recover. What a lost chargeback gave the customer is left for the refund to count.
    """
    order = lock_order_of(session, request.rma_id)
    facts = frozen(order)
    units.check_held(session, request.rma_id, facts, request.units)
    claim = _claim(request).model_copy(update={"basis": RefundBasis.INSPECTION})
    granted = {"shipping_minor": facts.shipping_minor}
    before = settled_before(session, order, request.rma_id)
    quote = min(
        quote_refund(facts, claim, SettledBefore.model_validate(granted), rules),
        quote_refund(facts, claim, before.model_copy(update=granted), rules),
        key=lambda each: each.total_minor,
    )
    money.check_lines(facts, before, quote)
    charged_back_minor = min(quote.total_minor, chargebacks.unmatched(session, order.order_id))
    amount_minor = quote.total_minor - charged_back_minor
    if not amount_minor:
        raise CeilingExceeded(f"nothing of return {request.rma_id} is left to pay in advance")
    if rules.advance_limits_minor is not None:
        limit_minor = rules.advance_limits_minor.get(facts.currency, 0)
        advance_accounts.check_limit(session, facts, amount_minor, limit_minor)
    draws = money.draw(session, facts, amount_minor, request.destination)
    advance_accounts.opened(session, request.rma_id, facts, amount_minor)
    recorded = _record(session, order.order_id, request, quote.currency, draws)
    outbox.write(session, request)
    return AuthorizedRefund(
        quote=quote, intents=recorded, adjustments=_adjustments(request, charged_back_minor=charged_back_minor)
    )


def _authorize(session: Session, request: RefundAuthorization, rules: RefundRules) -> AuthorizedRefund:
    order = lock_order_of(session, request.rma_id)
    facts = frozen(order)
    if request.instead_of:
        quote = _earlier_quote(session, order, facts, request)
        moved_minor = _moved_since(session, request)
    else:
        quote = _settle(session, order, facts, request, rules)
        moved_minor = 0
    worth_minor = quote.total_minor + moved_minor
    being_charged_minor = advances.being_charged(session, request.rma_id)
    advanced_minor = advance_accounts.earned(session, request.rma_id, max(worth_minor, 0), being_charged_minor)
    amount_minor = worth_minor - advanced_minor - request.less_minor
    charged_back_minor = 0
    if amount_minor > 0:
        due_minor = chargebacks.set_against(session, order.order_id, amount_minor)
        charged_back_minor, amount_minor = amount_minor - due_minor, due_minor
    if request.order_entirely:
        draws = money.draw_everything(session, order.order_id)
    else:
        draws = money.draw(session, facts, max(amount_minor, 0), request.destination)
    owed_minor = 0 if request.order_entirely else max(-amount_minor, 0)
    recorded = _record(session, order.order_id, request, quote.currency, draws)
    outbox.write(session, request)
    beyond_minor = sum(draw.amount_minor for draw in draws) - amount_minor
    return AuthorizedRefund(
        quote=quote,
        intents=recorded,
        owed_by_customer_minor=owed_minor,
        adjustments=_adjustments(
            request,
            moved_minor=moved_minor,
            advanced_minor=advanced_minor,
            charged_back_minor=charged_back_minor,
            owed_minor=owed_minor,
            beyond_minor=beyond_minor,
        ),
        paid_in_advance_minor=advanced_minor,
    )


def _settle(
    session: Session, order: OrderRow, facts: OrderSnapshot, request: RefundAuthorization, rules: RefundRules
) -> RefundQuote:
    entries = units.held_by(session, request.rma_id, facts) if request.order_entirely else request.units
    before = settled_before(session, order, request.rma_id)
    units.settle(session, request.rma_id, facts, entries)
    units.check_claimed(session, request.rma_id, [each.line_id for each in request.compensations])
    claim = _claim(request).model_copy(update={"units": entries})
    if request.ruled_minor:
        ruled = _share_of_the_ruling(session, order, request, before)
        claim = claim.model_copy(update={"compensations": (*claim.compensations, *ruled)})
    try:
        quote = quote_refund(facts, claim, before, rules)
    except NotDeducted as error:
        raise UnitsNotDeducted(f"return {request.rma_id}: {error}") from error
    money.check_lines(facts, before, quote)
    order.shipping_granted_minor += quote.shipping_minor
    return quote


def _share_of_the_ruling(
    session: Session, order: OrderRow, request: RefundAuthorization, before: SettledBefore
) -> tuple[LineCompensation, ...]:
    left = _remainder(session, order, request.rma_id, before)
    if request.ruled_minor > left.lines_minor:
        raise CeilingExceeded(
            f"the lines of return {request.rma_id} have {left.lines_minor} left to pay back, "
            f"{request.ruled_minor} were ruled"
        )
    return share_over_lines(request.ruled_minor, left.lines)


def _claim(request: RefundAuthorization) -> RefundClaim:
    return RefundClaim(
        basis=request.basis,
        units=request.units,
        lowered=request.lowered,
        compensations=request.compensations,
        circumstances=request.circumstances,
        order_entirely=request.order_entirely,
    )


def _earlier_quote(
    session: Session, order: OrderRow, facts: OrderSnapshot, request: RefundAuthorization
) -> RefundQuote:
    """The quote of the exchange, with the outbound shipping if only its payout owes it."""
    earlier = answers(session, request.rma_id, _EXCHANGES, AuthorizedRefund).get(request.instead_of)
    if earlier is None:
        raise AuthorizationNotFound(f"return {request.rma_id} has no refund under op {request.instead_of}")
    supersede(session, request.rma_id, request.instead_of, by=request.op)
    granted = SettledBefore(shipping_minor=order.shipping_granted_minor)
    shipping_minor = owed_shipping(facts, _claim(request), granted)
    if not shipping_minor:
        return earlier.quote
    order.shipping_granted_minor += shipping_minor
    return earlier.quote.with_shipping(shipping_minor)


def _adjustments(
    request: RefundAuthorization,
    *,
    moved_minor: int = 0,
    advanced_minor: int = 0,
    charged_back_minor: int = 0,
    owed_minor: int = 0,
    beyond_minor: int = 0,
) -> tuple[WorksheetRow, ...]:
    """The rows between what is quoted and what is drawn."""
    remainder_minor = beyond_minor - owed_minor
    amounts = {
        WorksheetRule.REPLACEMENT: -request.less_minor,
        WorksheetRule.MOVED_BEFORE: moved_minor,
        WorksheetRule.CHARGED_BACK: -charged_back_minor,
        WorksheetRule.PAID_IN_ADVANCE: -advanced_minor,
        WorksheetRule.OWED_BY_CUSTOMER: owed_minor,
        WorksheetRule.ORDER_REMAINDER: remainder_minor,
    }
    return tuple(WorksheetRow(rule=rule, amount_minor=amount) for rule, amount in amounts.items() if amount)


def _moved_since(session: Session, request: RefundAuthorization) -> int:
    """What the customer was charged for the exchange, less what was paid back for it, in minor units.

    What moved for the exchanges whose place it took counts as well.
    A refund on its way counts as paid back: should it be declined, it gets another means of payment. One that
    is declined already is paid out here instead, so nothing may take its place any more. What an advance or a
    chargeback gave the customer for it has moved too.
    """
    chain = chain_to(session, request.rma_id, request.instead_of)
    earlier = answers(session, request.rma_id, _EXCHANGES, AuthorizedRefund)
    movements = session.scalars(
        select(IntentRow)
        .where(IntentRow.rma_id == request.rma_id, IntentRow.settles.in_((*chain, "")))
        .with_for_update()
    ).all()
    moved_minor = -sum(earlier[op].given_otherwise_minor for op in chain if op in earlier)
    moved_minor -= sum(intent.covered_minor for intent in movements)
    for intent in movements:
        if intent.superseded_by:
            continue
        if intent.state is IntentState.DECLINED:
            intent.superseded_by = request.op
        elif intent.direction is PaymentDirection.REFUND:
            moved_minor -= intent.amount_minor
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
