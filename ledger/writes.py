"""Insert a row unless its key is there: the race between two processes is decided by the database."""

from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import InstrumentedAttribute, Session

from ledger.tables import Base


def insert_once(session: Session, row: type[Base], values: dict[str, Any]) -> bool:
    """Insert a row and tell whether it is new; any unique key that is taken leaves the table as it is.

    A key that another transaction is just writing is waited for.
    """
    key: InstrumentedAttribute[Any] | ColumnElement[Any] = row.__mapper__.primary_key[0]
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    statement = dialect.insert(row).values(**values).on_conflict_do_nothing().returning(key)
    return session.execute(statement).first() is not None
