"""The life of a return in the ledger: opened with its units, told about stage by stage, closed."""

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from domain.bookkeeping import ReturnClosing, ReturnOpening, Review, StageAnswer, StageEntry, UnitsTakenOver
from domain.refusals import Refusal, RefusalCode
from domain.waybill import returns_to_look_at
from ledger import breaches, budgets, events, outbox, parcels, refunds, units
from ledger.answers import ClosedReturn
from ledger.entries import is_first, once
from ledger.orders import freeze_order, frozen, lock_order, lock_order_of
from ledger.tables import EntryKind, ParcelRow, ReturnRow


class OpeningRefused(Exception):
    """Ends the transaction of an opening so that nothing of it is kept; `refusal` is the answer."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.detail)
        self.refusal = refusal


def open_return(session: Session, opening: ReturnOpening) -> Review:
    """Freeze the order, hold the units and store the review; a repeat gets the stored one.

    Raises:
        OpeningRefused: If the return is closed or the units cannot be claimed.
    """
    row = session.get(ReturnRow, opening.rma_id)
    if row is not None and row.closed_at is not None:
        raise OpeningRefused(
            Refusal(
                code=RefusalCode.RETURN_ALREADY_CLOSED,
                field="idempotency_key",
                detail=f"Return {opening.rma_id} of this request has ended. Apply again under a new key.",
            )
        )
    review = once(session, opening, EntryKind.OPENING, Review, lambda: _open(session, opening))
    # Also of a repeat: it may have seen more than the first one did, whose worker died.
    events.write(session, opening)
    return review


def record(session: Session, entry: StageEntry) -> StageAnswer:
    """Write what a step decided, once, and say what a person should look at.

    Raises:
        UnitsNotHeld: If the return holds fewer units than it lets go of.
    """
    if is_first(session, entry, EntryKind.STAGE):
        _write(session, entry)
    events.write(session, entry)
    if entry.returns_per_waybill is None:
        return StageAnswer()
    customers = parcels.customers_of_waybill(session, entry.carrier, entry.tracking_no)
    customer_id = customers.pop(entry.rma_id)
    return StageAnswer(shares_waybill_with=returns_to_look_at(customer_id, customers, entry.returns_per_waybill))


def _write(session: Session, entry: StageEntry) -> None:
    """Its parcel, its breach, what it gives back, and its messages."""
    if entry.tracking_no:
        parcels.register(session, entry.rma_id, entry.carrier, entry.tracking_no)
    if entry.released:
        lock_order_of(session, entry.rma_id)
        units.let_go(session, entry.rma_id, entry.released)
    if entry.breach:
        breaches.owe_coupon(session, entry.breach)
    if entry.releases:
        budgets.release(session, entry.rma_id, entry.releases, entry.at)
    if entry.coupon_id:
        breaches.coupon_issued(session, entry.rma_id, entry.coupon_id)
    outbox.write(session, entry)


def take_over(session: Session, entry: UnitsTakenOver) -> None:
    """Settle units without a refund."""
    if not is_first(session, entry, EntryKind.TAKE_OVER):
        return
    order = lock_order_of(session, entry.rma_id)
    units.settle(session, entry.rma_id, frozen(order), entry.units)
    outbox.write(session, entry)


def close(session: Session, closing: ReturnClosing) -> None:
    """Release the units that were not settled and keep how the case ended.

    A return that was refused at once has nothing to release; only its end is kept.
    """
    if is_first(session, closing, EntryKind.CLOSING):
        _close(session, closing)
    events.write(session, closing)


def _close(session: Session, closing: ReturnClosing) -> None:
    row = session.get(ReturnRow, closing.rma_id)
    if row is None:
        row = ReturnRow(rma_id=closing.rma_id)
        session.add(row)
    elif row.order_id is not None:
        lock_order(session, row.order_id)
        units.release(session, closing.rma_id)
    row.closed_at = closing.at
    row.header = closing.header
    row.refusal_code = closing.refusal_code
    row.request_fingerprint = closing.request_fingerprint
    row.kept = closing.kept.model_dump(mode="json") if closing.kept else None
    session.execute(update(ParcelRow).where(ParcelRow.rma_id == closing.rma_id).values(closed=True))
    outbox.write(session, closing)


def open_returns(session: Session, order_id: str) -> list[str]:
    """The RMA ids of the order's returns that are not closed."""
    return list(
        session.scalars(
            select(ReturnRow.rma_id)
            .where(ReturnRow.order_id == order_id, ReturnRow.closed_at.is_(None))
            .order_by(ReturnRow.opened_at, ReturnRow.rma_id)
        )
    )


def count_opened(session: Session, order_id: str, but: str) -> int:
    """How many returns of the order were ever opened, one of them left out."""
    query = select(func.count()).where(ReturnRow.order_id == order_id, ReturnRow.rma_id != but)
    return session.scalars(query).one()


def closed_return(session: Session, rma_id: str) -> ClosedReturn | None:
    """How a case ended; None if it has not."""
    row = session.get(ReturnRow, rma_id)
    if row is None or row.closed_at is None:
        return None
    return ClosedReturn(
        rma_id=rma_id,
        order_id=row.order_id or "",
        closed_at=row.closed_at,
        header=row.header,
        refusal_code=row.refusal_code,
        request_fingerprint=row.request_fingerprint,
    )


def _open(session: Session, opening: ReturnOpening) -> Review:
    freeze_order(session, opening.order)
    row = lock_order(session, opening.order.order_id)
    order = frozen(row)
    existing = session.get(ReturnRow, opening.rma_id)
    if existing is None:
        refusal = units.check_available(session, order, opening.units, opening.max_applications_per_line)
        if refusal:
            raise OpeningRefused(refusal)
        session.add(ReturnRow(rma_id=opening.rma_id, order_id=order.order_id, opened_at=opening.at))
        session.flush()
        units.hold(session, opening.rma_id, order.order_id, opening.units)
    outbox.write(session, opening)
    if opening.expected is None:
        return opening.review
    quote = refunds.expected(session, row, opening.rma_id, opening.expected, opening.rules)
    return opening.review.model_copy(update={"quote": quote})
