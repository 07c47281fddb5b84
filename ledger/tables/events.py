"""What others are told of the status of returns."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from ledger.columns import Document, SequenceKey, UtcDateTime
from ledger.tables.base import Base


class EventRow(Base):
    """A change of a return's status with its snapshot. Positions grow in the order of the commits."""

    __tablename__ = "events"

    position: Mapped[SequenceKey]
    event_id: Mapped[str] = mapped_column(unique=True)
    rma_id: Mapped[str]
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    snapshot: Mapped[Document]
