"""Chargebacks: an open one freezes the order's refunds; a lost one counts as paid back (I1)."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.bookkeeping import ChargebackDecision, ChargebackOutcome, ChargebackReport
from domain.chargebacks import Chargeback, ChargebackState
from domain.intents import IntentState, PaymentDirection, PaymentIntent
from ledger import intents, money, outbox
from ledger.entries import once
from ledger.errors import ChargebackConflict, ChargebackNotFound, RefundInFlight
from ledger.orders import lock_order_of, order_of
from ledger.tables import ChargebackRow, EntryKind, IntentRow
from ledger.writes import insert_once


def report(session: Session, entry: ChargebackReport) -> Chargeback:
    """Keep a chargeback and freeze the order's refunds that are not sent yet. A repeat finds the first.

    Raises:
        ReturnNotFound: If the return was never opened.
        CeilingExceeded: If the order has no such payment, or it captured less.
        ChargebackConflict: If the same chargeback was reported with other facts.
    """
    return once(session, entry, EntryKind.CHARGEBACK, Chargeback, lambda: _report(session, entry))


def decide(session: Session, entry: ChargebackDecision) -> ChargebackOutcome:
    """Let the refunds go on, or count a lost chargeback as paid back.

    A lost one pays first what was to be refunded from its payment and was not sent yet; what is left of it is set
    against what later becomes due. The first decision stands for the order, whichever of its returns decided: the
    answer to a later one is the first.

    Raises:
        ChargebackNotFound: If the order has no such chargeback.
        RefundInFlight: If it was lost while a refund of its payment has no outcome yet.
    """
    return once(session, entry, EntryKind.CHARGEBACK_DECISION, ChargebackOutcome, lambda: _decide(session, entry))


def find(session: Session, rma_id: str, chargeback_id: str) -> Chargeback:
    """A chargeback of the order of a return.

    Raises:
        ReturnNotFound: If the return was never opened.
        ChargebackNotFound: If the order has none under the id.
    """
    return _to_chargeback(_row(session, order_of(session, rma_id).order_id, chargeback_id))


def _report(session: Session, entry: ChargebackReport) -> Chargeback:
    order = lock_order_of(session, entry.rma_id)
    money.check_captured(session, order.order_id, entry.payment_id, entry.amount_minor)
    insert_once(
        session,
        ChargebackRow,
        {
            "chargeback_id": entry.chargeback_id,
            "rma_id": entry.rma_id,
            "order_id": order.order_id,
            "payment_id": entry.payment_id,
            "amount_minor": entry.amount_minor,
            "matched_minor": 0,
            "state": ChargebackState.OPEN,
            "reported_at": entry.at,
        },
    )
    row = _row(session, order.order_id, entry.chargeback_id)
    if (row.payment_id, row.amount_minor) != (entry.payment_id, entry.amount_minor):
        raise ChargebackConflict(
            f"chargeback {entry.chargeback_id} was reported with {row.amount_minor} of {row.payment_id} before"
        )
    outbox.write(session, entry)
    return _to_chargeback(row)


def _decide(session: Session, entry: ChargebackDecision) -> ChargebackOutcome:
    order = lock_order_of(session, entry.rma_id)
    row = _row(session, order.order_id, entry.chargeback_id)
    if row.state is not ChargebackState.OPEN:
        # Another return of the order has decided it.
        return ChargebackOutcome(chargeback=_to_chargeback(row))
    covered: tuple[PaymentIntent, ...] = ()
    if entry.state is ChargebackState.LOST:
        covered = _cover(session, row)
        money.charge_back(session, order.order_id, row.payment_id, row.amount_minor)
    row.state = entry.state
    row.decided_at = entry.at
    outbox.write(session, entry)
    return ChargebackOutcome(chargeback=_to_chargeback(row), covered=covered)


def _cover(session: Session, chargeback: ChargebackRow) -> tuple[PaymentIntent, ...]:
    """Pay refunds of the payment that were not sent yet out of the chargeback, the oldest first."""
    rows = session.scalars(
        select(IntentRow)
        .where(
            IntentRow.order_id == chargeback.order_id,
            IntentRow.payment_id == chargeback.payment_id,
            IntentRow.direction == PaymentDirection.REFUND,
        )
        .order_by(IntentRow.id)
        .with_for_update()
    ).all()
    if flying := next((row for row in rows if row.state in (IntentState.SUBMITTED, IntentState.UNKNOWN)), None):
        raise RefundInFlight(f"refund {flying.key} is {flying.state}: its outcome comes first")
    covered = []
    for row in rows:
        amount_minor = min(row.amount_minor, chargeback.amount_minor - chargeback.matched_minor)
        if row.state is not IntentState.INTENT or amount_minor == 0:
            continue
        money.release(session, row.order_id, row.payment_id, amount_minor)
        chargeback.matched_minor += amount_minor
        row.amount_minor -= amount_minor
        row.covered_minor += amount_minor
        if row.amount_minor == 0:
            row.state = IntentState.CHARGED_BACK
        covered.append(intents.to_intent(row))
    return tuple(covered)


def _row(session: Session, order_id: str, chargeback_id: str) -> ChargebackRow:
    row = session.scalars(
        select(ChargebackRow).where(
            ChargebackRow.chargeback_id == chargeback_id, ChargebackRow.order_id == order_id
        )
    ).one_or_none()
    if row is None:
        raise ChargebackNotFound(f"order {order_id} has no chargeback {chargeback_id}")
    return row


def _to_chargeback(row: ChargebackRow) -> Chargeback:
    return Chargeback(
        chargeback_id=row.chargeback_id,
        payment_id=row.payment_id,
        amount_minor=row.amount_minor,
        state=row.state,
    )


def set_against(session: Session, order_id: str, amount_minor: int) -> int:
    """What is still to be paid of an amount that became due, after lost chargebacks gave the customer their part.

    The order must be locked.
    """
    for chargeback in _lost(session, order_id):
        part_minor = min(amount_minor, chargeback.amount_minor - chargeback.matched_minor)
        chargeback.matched_minor += part_minor
        amount_minor -= part_minor
    return amount_minor


def unmatched(session: Session, order_id: str) -> int:
    """What lost chargebacks gave the customer and nothing was due for yet. The order must be locked."""
    return sum(each.amount_minor - each.matched_minor for each in _lost(session, order_id))


def _lost(session: Session, order_id: str) -> Sequence[ChargebackRow]:
    return session.scalars(
        select(ChargebackRow)
        .where(ChargebackRow.order_id == order_id, ChargebackRow.state == ChargebackState.LOST)
        .order_by(ChargebackRow.id)
    ).all()
