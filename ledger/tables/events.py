"""What others are told of the status of returns."""

from datetime import datetime

from sqlalchemy import BigInteger
from sqlalchemy.orm import Mapped, mapped_column

from domain.subscribers import SubscriberState
from ledger.columns import Document, SequenceKey, UtcDateTime, text_enum
from ledger.tables.base import Base


class EventRow(Base):
    """A change of a return's status with its snapshot. Positions grow in the order of the commits."""

    __tablename__ = "events"

    position: Mapped[SequenceKey]
    event_id: Mapped[str] = mapped_column(unique=True)
    rma_id: Mapped[str]
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    snapshot: Mapped[Document]


class EventHorizonRow(Base):
    """Up to which position events were deleted: one row, from the first deletion on."""

    __tablename__ = "event_horizon"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(BigInteger)


class SubscriberRow(Base):
    """How far a subscriber was told. `not_before` is the end of a lease, or the time of the next attempt."""

    __tablename__ = "subscribers"

    name: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[SubscriberState] = mapped_column(text_enum(SubscriberState))
    position: Mapped[int] = mapped_column(BigInteger)
    attempts: Mapped[int]
    not_before: Mapped[datetime | None] = mapped_column(UtcDateTime)
    error: Mapped[str]
