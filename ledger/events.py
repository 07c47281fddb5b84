"""Events: each change of a return's status, once, in the order in which the transactions were committed."""

from collections.abc import Sequence
from datetime import datetime
from itertools import takewhile

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from domain.bookkeeping import LedgerEntry
from domain.events import StoredEvent
from domain.subscribers import SubscriberState
from ledger.errors import EventsGone
from ledger.tables import EventHorizonRow, EventRow, SubscriberRow
from ledger.writes import insert_once

_APPEND_LOCK = 0x72657475726E73
"""The key of the advisory lock, "returns" in ASCII; nothing else of ours takes one."""
_HORIZON = 1
"""The one row."""


def write(session: Session, entry: LedgerEntry) -> None:
    """Append the events of an entry that are not there yet. It has to come last in its transaction.

    PostgreSQL numbers rows when they are inserted, so that of two transactions the one with the higher number may
    be committed first, and a reader that has seen it would never look for the other one. So transactions with
    events take turns from here to their commit. Since nothing is locked after it, this lock is in no cycle. SQLite
    has one writer anyway.
    """
    if not entry.events:
        return
    session.flush()
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(_APPEND_LOCK)))
    for event in entry.events:
        insert_once(session, EventRow, {"rma_id": entry.rma_id, **event.model_dump()})


def after(session: Session, position: int, limit: int) -> Sequence[StoredEvent]:
    """The events that were appended after a position, oldest first."""
    rows = session.scalars(
        select(EventRow).where(EventRow.position > position).order_by(EventRow.position).limit(limit)
    )
    return [StoredEvent.model_validate(row, from_attributes=True) for row in rows]


def after_cursor(session: Session, position: int, limit: int) -> Sequence[StoredEvent]:
    """The events after a place that a reader has reached.

    Raises:
        EventsGone: If some of them were deleted.
    """
    if position < _horizon(session):
        raise EventsGone("events after this cursor are not kept any more")
    return after(session, position, limit)


def forget(session: Session, before: datetime, at_any_rate: datetime, limit: int) -> int:
    """Delete the oldest events, at most `limit`. The newest one stays: SQLite numbers the next one after it.

    Args:
        session: The transaction.
        before: Of those that happened before this moment, the ones that no subscriber waits for. A dead one does
            not wait.
        at_any_rate: Those that happened before this moment, whoever waits.
        limit: How many at most.

    Returns:
        How many were deleted.
    """
    told = select(func.min(SubscriberRow.position)).where(SubscriberRow.state == SubscriberState.ACTIVE)
    told_to = session.scalar(told)
    newest = select(func.max(EventRow.position)).scalar_subquery()
    oldest = session.execute(
        select(EventRow.position, EventRow.at)
        .where(EventRow.position < newest)
        .order_by(EventRow.position)
        .limit(limit)
    )
    positions = [
        row.position
        for row in takewhile(lambda row: row.at < before, oldest)
        if row.at < at_any_rate or told_to is None or row.position <= told_to
    ]
    if positions:
        insert_once(session, EventHorizonRow, {"id": _HORIZON, "position": 0})
        session.execute(update(EventHorizonRow).values(position=positions[-1]))
        session.execute(delete(EventRow).where(EventRow.position <= positions[-1]))
    return len(positions)


def _horizon(session: Session) -> int:
    return session.scalar(select(EventHorizonRow.position)) or 0
