"""Refusals and grants, kept for ops and auditors."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.audit import AuditEntry
from ledger.tables import AuditRow


def write(session: Session, entry: AuditEntry) -> None:
    """Add a line."""
    session.add(AuditRow(**entry.model_dump()))


def entries(session: Session, rma_id: str | None, limit: int) -> list[AuditEntry]:
    """The last lines of a return, or of all, the newest first."""
    newest = select(AuditRow).order_by(AuditRow.id.desc()).limit(limit)
    if rma_id is not None:
        newest = newest.where(AuditRow.rma_id == rma_id)
    return [_entry(row) for row in session.scalars(newest)]


def _entry(row: AuditRow) -> AuditEntry:
    return AuditEntry.model_validate({name: getattr(row, name) for name in AuditEntry.model_fields})
