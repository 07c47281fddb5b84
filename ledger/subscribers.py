"""How far each subscriber was told: a place in the sequence of events, leased to one sender at a time."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.events import StoredEvent
from domain.subscribers import Subscriber, SubscriberState, next_attempt
from ledger import events
from ledger.errors import SubscriberNotFound
from ledger.tables import EventRow, SubscriberRow
from ledger.writes import insert_once


def register(session: Session, name: str) -> None:
    """Know a subscriber. A new one is told what happens from now on."""
    newest = session.scalar(select(func.max(EventRow.position))) or 0
    insert_once(
        session,
        SubscriberRow,
        {"name": name, "state": SubscriberState.ACTIVE, "position": newest, "attempts": 0, "error": ""},
    )


def is_due(session: Session, name: str, now: datetime) -> bool:
    """Whether there is something to tell a subscriber now."""
    row = session.get(SubscriberRow, name)
    return row is not None and _may_be_told(row, now) and bool(events.after(session, row.position, 1))


def claim(session: Session, name: str, now: datetime, limit: int, lease: timedelta) -> Sequence[StoredEvent]:
    """Take the next events of a subscriber for the time of the lease; nobody else gets them meanwhile."""
    row = _lock(session, name)
    if not _may_be_told(row, now):
        return []
    found = events.after(session, row.position, limit)
    if found:
        row.not_before = now + lease
    return found


def took(session: Session, name: str, position: int) -> None:
    """Keep that a subscriber took everything up to a position; one that somebody else kept before stays."""
    row = _lock(session, name)
    if position > row.position:
        row.position, row.attempts, row.error = position, 0, ""
    row.not_before = None


def failed(
    session: Session, name: str, position: int, error: str, now: datetime, wait: timedelta, is_gone: bool
) -> SubscriberState:
    """Keep that a subscriber did not take the event at a position, and when it is tried again, if ever."""
    row = _lock(session, name)
    if row.position < position and row.state is SubscriberState.ACTIVE:
        row.attempts += 1
        row.error = error
        row.not_before = None if is_gone else next_attempt(row.attempts, now, wait)
        if row.not_before is None:
            row.state = SubscriberState.DEAD
    return row.state


def revive(session: Session, name: str) -> None:
    """Tell a subscriber again, from where it was; also one that is still waited for.

    Raises:
        SubscriberNotFound: If there is none of this name.
    """
    row = _lock(session, name)
    row.state, row.attempts, row.not_before = SubscriberState.ACTIVE, 0, None


def all_of_them(session: Session) -> list[Subscriber]:
    """How far each one was told, by name."""
    return [
        Subscriber(
            name=row.name,
            state=row.state,
            position=row.position,
            waiting=session.scalars(select(func.count()).where(EventRow.position > row.position)).one(),
            attempts=row.attempts,
            not_before=row.not_before,
            error=row.error,
        )
        for row in session.scalars(select(SubscriberRow).order_by(SubscriberRow.name))
    ]


def _may_be_told(row: SubscriberRow, now: datetime) -> bool:
    return row.state is SubscriberState.ACTIVE and (row.not_before is None or row.not_before <= now)


def _lock(session: Session, name: str) -> SubscriberRow:
    row = session.get(SubscriberRow, name, with_for_update=True)
    if row is None:
        raise SubscriberNotFound(f"there is no subscriber {name}")
    return row
