"""Column types that behave alike on SQLite and PostgreSQL."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Enum, Integer
from sqlalchemy.orm import mapped_column
from sqlalchemy.types import TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment in UTC on every database. SQLite keeps no zone, so it is put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Normalise to UTC.

        Raises:
            ValueError: If the moment is naive.
        """
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("the ledger takes aware moments only")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the moment back aware, in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def text_enum(states: type[StrEnum]) -> Enum:
    """Store the values of an enum as text, so that a new one needs no migration."""
    return Enum(
        states,
        native_enum=False,
        create_constraint=False,
        length=32,
        values_callable=lambda members: [member.value for member in members],
    )


# SQLite numbers rows by itself only under the very type INTEGER.
RowId = BigInteger().with_variant(Integer(), "sqlite")

SequenceKey = Annotated[int, mapped_column(RowId, primary_key=True, autoincrement=True)]
"""A number that grows with every row: the order in which rows were written."""

Minor = Annotated[int, mapped_column(BigInteger)]
"""An amount in the minor unit of the order's currency."""

Document = Annotated[dict[str, Any], mapped_column(JSON(none_as_null=True))]
"""A domain record as JSON."""
