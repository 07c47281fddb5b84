"""Events: each change of a return's status, once, in the order in which the transactions were committed."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.bookkeeping import LedgerEntry
from domain.events import StoredEvent
from ledger.tables import EventRow
from ledger.writes import insert_once

_APPEND_LOCK = 0x72657475726E73
"""The key of the advisory lock, "returns" in ASCII; nothing else of ours takes one."""


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
