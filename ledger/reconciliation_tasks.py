"""Differences that wait for a person: opened and told once, closed when they are gone, never removed."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.bookkeeping import LedgerEntry
from domain.differences import Difference, staff_alert
from domain.reconciliation import ReconciliationTask
from ledger import outbox
from ledger.errors import TaskNotFound
from ledger.tables import ReconciliationTaskRow as Row
from ledger.writes import insert_once

_NOBODYS = "reconciliation"
"""Whose messages alerts are that are about no return; they keep their order among themselves."""


def open_task(session: Session, difference: Difference, at: datetime) -> bool:
    """Keep a difference and alert a supervisor, in one transaction; False if it waits for a person already.

    One that went away and came back is a new task, and is told again under a number of its own.
    """
    number = session.scalars(select(func.count()).where(Row.key == difference.key)).one() + 1
    entry = LedgerEntry(
        rma_id=difference.rma_id or _NOBODYS,
        op=f"reconciliation-{difference.key}-{number}",
        at=at,
        outbox=(staff_alert(difference),),
    )
    is_new = insert_once(
        session,
        Row,
        {
            "key": difference.key,
            "kind": difference.kind,
            "subject": difference.subject,
            "rma_id": difference.rma_id,
            "direction": difference.direction.value if difference.direction else "",
            "details": difference.details,
            "opened_at": at,
            "told": f"{entry.rma_id}/{entry.op}/0",
            "accepted_by": "",
            "note": "",
        },
    )
    if is_new:
        outbox.write(session, entry)
    return is_new


def close_task(session: Session, key: str, at: datetime) -> bool:
    """Note that a difference is gone; False if nothing of it was open."""
    row = _live(session, key)
    if row is None:
        return False
    row.closed_at = at
    return True


def accept_task(session: Session, key: str, by: str, note: str, at: datetime) -> ReconciliationTask:
    """Note that a person has done what there was to do; the first one counts.

    Raises:
        TaskNotFound: If no task of the key is open.
    """
    row = _live(session, key)
    if row is None:
        raise TaskNotFound(f"no difference {key} is open")
    if row.accepted_at is None:
        row.accepted_at, row.accepted_by, row.note = at, by, note
    return _task(row)


def live_tasks(session: Session, after: int, limit: int) -> list[tuple[int, ReconciliationTask]]:
    """Tasks whose difference was not found to be gone, accepted ones too, by number, those behind a number."""
    rows = session.scalars(
        select(Row).where(Row.closed_at.is_(None), Row.id > after).order_by(Row.id).limit(limit)
    )
    return [(row.id, _task(row)) for row in rows]


def open_tasks(session: Session) -> list[ReconciliationTask]:
    """Everything that waits for a person, oldest first."""
    rows = session.scalars(select(Row).where(Row.closed_at.is_(None), Row.accepted_at.is_(None)).order_by(Row.id))
    return [_task(row) for row in rows]


def count_open(session: Session) -> int:
    """How many differences wait for a person."""
    return session.scalars(select(func.count()).where(Row.closed_at.is_(None), Row.accepted_at.is_(None))).one()


def _live(session: Session, key: str) -> Row | None:
    return session.scalars(
        select(Row).where(Row.key == key, Row.closed_at.is_(None)).with_for_update()
    ).one_or_none()


def _task(row: Row) -> ReconciliationTask:
    return ReconciliationTask(
        kind=row.kind,
        key=row.key,
        subject=row.subject,
        rma_id=row.rma_id,
        direction=row.direction,
        opened_at=row.opened_at,
        told=row.told,
        details=row.details,
        accepted_at=row.accepted_at,
        accepted_by=row.accepted_by,
        note=row.note,
        closed_at=row.closed_at,
    )
