"""The ledger for a command that needs it for a moment."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import SQLAlchemyError

from ledger.errors import SchemaOutOfDate
from ledger.ledger import Ledger
from starters.errors import LedgerUnusable


@contextmanager
def opened_ledger(url: str) -> Iterator[Ledger]:
    """The ledger at a URL.

    Raises:
        LedgerUnusable: If it cannot be opened, or has another schema.
    """
    try:
        ledger = Ledger.open(url)
    except (ValueError, SchemaOutOfDate) as error:
        raise LedgerUnusable(f"the ledger cannot be used: {error}") from error
    except SQLAlchemyError as error:
        # Its text may quote the URL, and so a password.
        raise LedgerUnusable(f"the ledger cannot be opened: {type(error).__name__}") from None
    try:
        yield ledger
    finally:
        ledger.engine.dispose()
