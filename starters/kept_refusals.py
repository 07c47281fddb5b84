"""The ledger as the place where refusals are kept; imports a database's driver, which not every command needs."""

import structlog
from sqlalchemy.exc import SQLAlchemyError

from domain.audit import AuditEntry
from ledger.errors import SchemaOutOfDate
from ledger.ledger import Ledger

_log = structlog.get_logger(__name__)


class AuditUnavailable(Exception):
    """The ledger cannot be read; the text names the kind of error only, since more could hold a password."""


def keep(ledger: Ledger, entry: AuditEntry) -> None:
    """Write a refusal down; where the ledger does not answer it is logged instead, and the refusal stands."""
    try:
        ledger.write_audit(entry)
    except SQLAlchemyError as error:
        _log.error(
            "audit_unavailable",
            rma_id=entry.rma_id,
            action=entry.action,
            rule=entry.rule,
            error=type(error).__name__,
        )


def keep_at(url: str, entry: AuditEntry) -> None:
    """Write a refusal down in the ledger at a URL.

    Raises:
        AuditUnavailable: If there is none.
    """
    keep(_open(url), entry)


def read_at(url: str, rma_id: str | None, limit: int) -> list[AuditEntry]:
    """The last refusals and grants of a return, or of all, in the ledger at a URL.

    Raises:
        AuditUnavailable: If there is none, or it does not answer.
    """
    ledger = _open(url)
    try:
        return ledger.audit_entries(rma_id, limit)
    except SQLAlchemyError as error:
        raise AuditUnavailable(type(error).__name__) from error


def _open(url: str) -> Ledger:
    try:
        return Ledger.open(url)
    except (SQLAlchemyError, SchemaOutOfDate, ValueError) as error:
        raise AuditUnavailable(type(error).__name__) from error
