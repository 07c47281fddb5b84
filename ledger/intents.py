"""Payment intents: recorded before any call, moved by what the provider says (section 9)."""

from datetime import datetime

from sqlalchemy import bindparam, select, true
from sqlalchemy.orm import Session

from domain.bookkeeping import IntentOutcome
from domain.holds import HoldState
from domain.intents import IntentState, PaymentDirection, PaymentIntent, RefundBasis
from ledger import advance_accounts, freezes, holds, money, outbox
from ledger.entries import once
from ledger.errors import IntentFrozen, IntentKeyTaken, IntentNotFound
from ledger.orders import lock_order
from ledger.tables import EntryKind, IntentRow

UNSETTLED = (IntentState.INTENT, IntentState.SUBMITTED, IntentState.UNKNOWN)

# As literals: SQLite takes the partial index of unsettled intents only for the very words of its condition.
IS_UNSETTLED = IntentRow.state.in_(
    bindparam("unsettled", UNSETTLED, IntentRow.state.type, expanding=True, literal_execute=True)
)


def add(
    session: Session, intent: PaymentIntent, settles: str, basis: RefundBasis | None, at: datetime
) -> PaymentIntent:
    """Record a new intent and reserve the amount of a refund. The order must be locked.

    Args:
        session: The transaction.
        intent: What is to move; its key must be new.
        settles: The op of the refund authorisation whose quote it pays or charges for.
        basis: What entitles the customer to a refund; None for a charge.
        at: The workflow's time, UTC.

    Raises:
        IntentKeyTaken: If its key is another intent's.
        CeilingExceeded: If the payment that a refund draws from has less left.
    """
    if session.scalars(select(IntentRow.key).where(IntentRow.key == intent.key)).one_or_none():
        raise IntentKeyTaken(f"intent {intent.key} exists already: each settlement needs a round of its own")
    if intent.direction is PaymentDirection.REFUND:
        money.reserve(session, intent.order_id, intent.payment_id, intent.amount_minor)
    session.add(
        IntentRow(
            key=intent.key,
            rma_id=intent.rma_id,
            order_id=intent.order_id,
            direction=intent.direction,
            basis=basis,
            settles=settles,
            payment_id=intent.payment_id,
            method_id=intent.method_id,
            amount_minor=intent.amount_minor,
            currency=intent.currency,
            state=intent.state,
            covered_minor=intent.covered_minor,
            updated_at=at,
        )
    )
    # Rows that are flushed together may be numbered in another sequence; the order of intents counts.
    session.flush()
    return intent


def read(session: Session, key: str) -> PaymentIntent:
    """The intent under a key.

    Raises:
        IntentNotFound: If there is none.
    """
    return to_intent(_row(session, key, lock=False))


def submitted(session: Session, key: str, at: datetime) -> PaymentIntent:
    """Note an attempt before the provider is called; a final intent stays as it is.

    Returns:
        The intent as it was before; one that was ever sent without an answer is unknown, so that it is looked up.

    Raises:
        IntentNotFound: If there is none under the key.
        IntentFrozen: If it is a refund that is still to be sent and its order is frozen.
    """
    row = _row(session, key, lock=True)
    before = to_intent(row)
    if row.state is IntentState.INTENT:
        if _is_frozen(session, row):
            raise IntentFrozen(f"refund {key} waits: a chargeback of order {row.order_id} is open")
        if row.unknown_since is not None:
            before = before.model_copy(update={"state": IntentState.UNKNOWN})
    if not row.state.is_final:
        row.state = IntentState.SUBMITTED
        row.attempts += 1
        row.updated_at = at
    return before


def not_sent(session: Session, key: str, at: datetime) -> None:
    """Note that the provider did not take the only attempt so far: nothing of it can have moved money.

    Raises:
        IntentNotFound: If there is none under the key.
    """
    row = _row(session, key, lock=True)
    if row.state is IntentState.SUBMITTED and row.unknown_since is None:
        row.state = IntentState.INTENT
        row.updated_at = at


def may_be_repeated(session: Session, key: str, at: datetime) -> bool:
    """Whether an intent that was sent, and that the provider does not know, may be sent again now.

    If a chargeback has frozen its order since, it has to wait like what was never sent, and can be paid by the
    chargeback. That it was sent once is kept: it is looked up before it is sent.

    Raises:
        IntentNotFound: If there is none under the key.
    """
    row = _row(session, key, lock=True)
    if row.state is not IntentState.SUBMITTED or not _is_frozen(session, row):
        return True
    row.state = IntentState.INTENT
    row.unknown_since = row.unknown_since or at
    row.updated_at = at
    return False


def unknown(session: Session, key: str, at: datetime) -> None:
    """Note that an attempt ended without an answer; how long that lasts counts from the first time.

    Raises:
        IntentNotFound: If there is none under the key.
    """
    row = _row(session, key, lock=True)
    if row.state is IntentState.SUBMITTED:
        row.state = IntentState.UNKNOWN
        row.unknown_since = row.unknown_since or at
        row.updated_at = at


def outcome(session: Session, entry: IntentOutcome) -> PaymentIntent:
    """Move an intent and its money to what the provider says.

    A final state moves only when the provider reports that a refund it had paid has failed after all (I6).
    Anything else that it says of a final intent changes nothing.

    Raises:
        IntentNotFound: If there is none under the key.
        ValueError: If the outcome is not final.
    """
    if not entry.state.is_final:
        raise ValueError(f"{entry.state} is not an outcome of intent {entry.key}")
    return once(session, entry, EntryKind.OUTCOME, PaymentIntent, lambda: _move(session, entry))


def unsettled(session: Session, limit: int, untouched_since: datetime, after: str = "") -> list[PaymentIntent]:
    """Intents whose end is not known and that nothing has touched since a moment, oldest first.

    With the key of one as `after`, those that were recorded after it.
    """
    behind = select(IntentRow.id).where(IntentRow.key == after).scalar_subquery()
    rows = session.scalars(
        select(IntentRow)
        .where(IS_UNSETTLED, IntentRow.updated_at <= untouched_since)
        .where(IntentRow.id > behind if after else true())
        .order_by(IntentRow.id)
        .limit(limit)
    )
    return [to_intent(row) for row in rows]


def of_return(session: Session, rma_id: str) -> list[PaymentIntent]:
    """Every intent of a return, oldest first."""
    rows = session.scalars(select(IntentRow).where(IntentRow.rma_id == rma_id).order_by(IntentRow.id))
    return [to_intent(row) for row in rows]


def lock(session: Session, key: str) -> IntentRow:
    """Lock an intent after the order whose money it moves, always in this sequence.

    Raises:
        IntentNotFound: If there is none under the key.
    """
    order_id = session.scalars(select(IntentRow.order_id).where(IntentRow.key == key)).one_or_none()
    if order_id is None:
        raise IntentNotFound(f"there is no payment intent {key}")
    lock_order(session, order_id)
    return _row(session, key, lock=True)


def to_intent(row: IntentRow) -> PaymentIntent:
    """The intent that a row holds."""
    return PaymentIntent(
        key=row.key,
        rma_id=row.rma_id,
        order_id=row.order_id,
        direction=row.direction,
        payment_id=row.payment_id,
        method_id=row.method_id,
        amount_minor=row.amount_minor,
        currency=row.currency,
        state=row.state,
        provider_reference=row.provider_reference,
        failure=row.failure,
        covered_minor=row.covered_minor,
    )


def _move(session: Session, entry: IntentOutcome) -> PaymentIntent:
    row = lock(session, entry.key)
    if row.state.is_final and not _is_returned_money(row, entry.state):
        if row.state.is_paid == entry.state.is_paid:
            _tell(session, row, entry)
        return to_intent(row)
    if row.direction is PaymentDirection.REFUND:
        _move_refund(session, row, entry.state)
    elif entry.state.is_paid:
        _take(session, row, entry)
    was_unknown = row.unknown_since is not None
    row.state = IntentState.RECONCILED if was_unknown and entry.state.is_paid else entry.state
    row.provider_reference = entry.provider_reference or row.provider_reference
    row.failure = entry.failure
    row.updated_at = entry.at
    row.told = False
    _tell(session, row, entry)
    return to_intent(row)


def _tell(session: Session, row: IntentRow, entry: IntentOutcome) -> None:
    """Write what an outcome has to tell, once: whoever learns it first may have nothing to tell of it."""
    if entry.outbox and not row.told:
        row.told = True
        outbox.write(session, entry)


def _is_frozen(session: Session, row: IntentRow) -> bool:
    return row.direction is PaymentDirection.REFUND and freezes.is_frozen(session, row.order_id)


def _is_returned_money(row: IntentRow, state: IntentState) -> bool:
    return row.direction is PaymentDirection.REFUND and row.state.is_paid and not state.is_paid


def _move_refund(session: Session, row: IntentRow, state: IntentState) -> None:
    if state.is_paid:
        money.commit(session, row.order_id, row.payment_id, row.amount_minor)
    elif row.state.is_paid:
        money.take_back(session, row.order_id, row.payment_id, row.amount_minor)
    else:
        money.release(session, row.order_id, row.payment_id, row.amount_minor)


def _take(session: Session, row: IntentRow, entry: IntentOutcome) -> None:
    """Note what was taken from the customer: money, or the promise of it."""
    if row.direction is PaymentDirection.HOLD:
        if entry.expires_at is None:
            raise ValueError(f"the provider did not say when hold {row.key} lapses")
        holds.placed(session, row, entry.expires_at)
        return
    money.capture(session, row.order_id, row.key, row.method_id, row.amount_minor)
    if row.direction is PaymentDirection.CAPTURE:
        holds.ended(session, row.payment_id, HoldState.CAPTURED)
    elif row.basis is RefundBasis.ADVANCE:
        advance_accounts.recovered(session, row.rma_id, row.amount_minor)


def _row(session: Session, key: str, *, lock: bool) -> IntentRow:
    query = select(IntentRow).where(IntentRow.key == key)
    row = session.scalars(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise IntentNotFound(f"there is no payment intent {key}")
    return row
