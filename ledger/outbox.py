"""The outbox: written with a decision in its transaction, delivered afterwards, in order per return."""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from domain.bookkeeping import LedgerEntry
from domain.outbox import Delivery, OutboxItem
from ledger.answers import ParkedDelivery
from ledger.errors import DeliveryNotFound
from ledger.tables import DeliveryRow, DeliveryState


def write(session: Session, entry: LedgerEntry) -> None:
    """Add the items of an entry, after everything that its return had to tell before.

    A message that goes several ways is a delivery for each, with an id of its own.
    """
    for index, item in enumerate(entry.outbox):
        for suffix, way in _ways(item):
            session.add(
                DeliveryRow(
                    message_id=f"{entry.rma_id}/{entry.op}/{index}{suffix}",
                    rma_id=entry.rma_id,
                    at=entry.at,
                    item=way.model_dump(mode="json"),
                    state=DeliveryState.PENDING,
                )
            )


def _ways(item: OutboxItem) -> Iterator[tuple[str, OutboxItem]]:
    """An item for each channel that it goes, with what its id ends in: nothing for the first."""
    if not item.channels:
        yield "", item
    for number, channel in enumerate(item.channels):
        yield f"/{channel.value}" if number else "", item.model_copy(update={"channels": (channel,)})


def claim(session: Session, now: datetime, limit: int, lease: timedelta) -> list[Delivery]:
    """Take the oldest undelivered item of up to `limit` returns, for the time of the lease.

    An item whose predecessor is leased or waits for its next attempt waits too: that keeps the order.
    """
    pending = aliased(DeliveryRow)
    # One look into an index for each row. Written as NOT EXISTS it is an anti join, which PostgreSQL plans by
    # statistics from before the outage that made the rows wait, and then compares each of them with each other.
    oldest_of_return = (
        select(func.min(pending.id))
        .where(pending.rma_id == DeliveryRow.rma_id, pending.state == DeliveryState.PENDING)
        .correlate(DeliveryRow)
        .scalar_subquery()
    )
    rows = session.scalars(
        select(DeliveryRow)
        .where(*_is_due(now), DeliveryRow.id == oldest_of_return)
        .order_by(DeliveryRow.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    for row in rows:
        row.not_before = now + lease
    return [_delivery(row) for row in rows]


def any_due(session: Session, now: datetime) -> bool:
    """Whether any item could be delivered now, were it not for its predecessors."""
    return session.scalar(select(DeliveryRow.id).where(*_is_due(now)).limit(1)) is not None


def _is_due(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        DeliveryRow.state == DeliveryState.PENDING,
        or_(DeliveryRow.not_before.is_(None), DeliveryRow.not_before <= now),
    )


def delivered(session: Session, message_ids: Collection[str], now: datetime) -> None:
    """Mark items as delivered; a second relay that says the same changes nothing.

    Raises:
        DeliveryNotFound: If there is no such item.
    """
    known = session.scalars(select(DeliveryRow.message_id).where(DeliveryRow.message_id.in_(message_ids))).all()
    if missing := sorted(set(message_ids) - set(known)):
        raise DeliveryNotFound(f"the outbox has no item {missing[0]}")
    session.execute(
        update(DeliveryRow)
        .where(DeliveryRow.message_id.in_(message_ids), DeliveryRow.state != DeliveryState.DELIVERED)
        .values(state=DeliveryState.DELIVERED, delivered_at=now)
        .execution_options(synchronize_session=False)
    )


def failed(session: Session, message_id: str, error: str, retry_at: datetime) -> None:
    """Keep an item for a later attempt, unless another relay has delivered it by now.

    Raises:
        DeliveryNotFound: If there is no such item.
    """
    row = _lock(session, message_id)
    if row.state is DeliveryState.PENDING:
        row.error = error
        row.not_before = retry_at


def park(session: Session, message_id: str, error: str) -> None:
    """Put aside an item that was refused for good, unless another relay has delivered it by now.

    Raises:
        DeliveryNotFound: If there is no such item.
    """
    row = _lock(session, message_id)
    if row.state is DeliveryState.PENDING:
        row.error = error
        row.state = DeliveryState.PARKED


def retry(session: Session, message_id: str) -> None:
    """Have a parked item delivered again; its successors that were delivered meanwhile stay so.

    Raises:
        DeliveryNotFound: If there is no such item, or it is not parked.
    """
    row = _lock(session, message_id)
    if row.state is not DeliveryState.PARKED:
        raise DeliveryNotFound(f"{message_id} is not parked: it is {row.state.value}")
    row.state = DeliveryState.PENDING
    row.not_before = None


def pending_count(session: Session) -> int:
    """How many items are still to be delivered."""
    return session.scalars(
        select(func.count()).select_from(DeliveryRow).where(DeliveryRow.state == DeliveryState.PENDING)
    ).one()


def parked(session: Session) -> list[ParkedDelivery]:
    """The items that were refused for good, oldest first."""
    rows = session.scalars(
        select(DeliveryRow).where(DeliveryRow.state == DeliveryState.PARKED).order_by(DeliveryRow.id)
    )
    return [ParkedDelivery(delivery=_delivery(row), error=row.error) for row in rows]


def _lock(session: Session, message_id: str) -> DeliveryRow:
    row = session.scalars(
        select(DeliveryRow).where(DeliveryRow.message_id == message_id).with_for_update()
    ).one_or_none()
    if row is None:
        raise DeliveryNotFound(f"the outbox has no item {message_id}")
    return row


def _delivery(row: DeliveryRow) -> Delivery:
    return Delivery(
        message_id=row.message_id, rma_id=row.rma_id, at=row.at, item=OutboxItem.model_validate(row.item)
    )
