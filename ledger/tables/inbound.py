"""What comes in from outside: parcels, scans, and goods whose return is not known."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from domain.intents import PaymentDirection, ProviderStatus
from domain.receiving import ParkedState, ParkReason
from ledger.columns import Document, SequenceKey, UtcDateTime, text_enum
from ledger.tables.base import Base


class ParcelRow(Base):
    """A parcel of a return. Closed ones stay: a parcel may come after the end of its case."""

    __tablename__ = "parcels"
    __table_args__ = (UniqueConstraint("carrier", "tracking_no", "rma_id"),)

    id: Mapped[SequenceKey]
    carrier: Mapped[str]
    tracking_no: Mapped[str]
    rma_id: Mapped[str] = mapped_column(index=True)
    closed: Mapped[bool] = mapped_column(default=False)


class CarrierEventRow(Base):
    """A scan that was accepted, whether or not its parcel is known yet.

    One that was refused too often is parked: it waits for a person and holds up no other.
    """

    __tablename__ = "carrier_events"
    __table_args__ = (
        UniqueConstraint("carrier", "event_id"),
        Index(
            "ix_carrier_events_undelivered",
            "id",
            sqlite_where=text("delivered_at IS NULL"),
            postgresql_where=text("delivered_at IS NULL"),
        ),
    )

    id: Mapped[SequenceKey]
    carrier: Mapped[str]
    event_id: Mapped[str]
    tracking_no: Mapped[str]
    kind: Mapped[str]
    occurred_at: Mapped[datetime] = mapped_column(UtcDateTime)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    delivered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    refusals: Mapped[int] = mapped_column(default=0)
    error: Mapped[str] = mapped_column(default="")


class PaymentNewsRow(Base):
    """A report of a payment provider that was accepted, whether or not its payment is known yet."""

    __tablename__ = "payment_news"
    __table_args__ = (
        UniqueConstraint("provider", "event_id"),
        Index(
            "ix_payment_news_due",
            "id",
            sqlite_where=text("handled_at IS NULL"),
            postgresql_where=text("handled_at IS NULL"),
        ),
    )

    id: Mapped[SequenceKey]
    provider: Mapped[str]
    event_id: Mapped[str]
    direction: Mapped[PaymentDirection] = mapped_column(text_enum(PaymentDirection))
    reference: Mapped[str]
    provider_reference: Mapped[str]
    status: Mapped[ProviderStatus] = mapped_column(text_enum(ProviderStatus))
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    not_before: Mapped[datetime | None] = mapped_column(UtcDateTime)
    tries: Mapped[int]
    handled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ReceiptRow(Base):
    """A parcel that the warehouse received without knowing its return."""

    __tablename__ = "receipts"

    id: Mapped[SequenceKey]
    receipt_id: Mapped[str] = mapped_column(unique=True)
    receipt: Mapped[Document]


class ReceiptPartRow(Base):
    """What one return gets of a receipt, or of goods that were parked; a refused part is parked in its turn."""

    __tablename__ = "receipt_parts"
    __table_args__ = (
        Index(
            "ix_receipt_parts_due",
            "id",
            sqlite_where=text("taken_at IS NULL AND NOT is_refused"),
            postgresql_where=text("taken_at IS NULL AND NOT is_refused"),
        ),
    )

    id: Mapped[SequenceKey]
    receipt_id: Mapped[str] = mapped_column(ForeignKey("receipts.receipt_id"), index=True)
    rma_id: Mapped[str] = mapped_column(index=True)
    part: Mapped[Document]
    parcel: Mapped[int | None]
    taken_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    is_refused: Mapped[bool] = mapped_column(default=False)


class ParkedParcelRow(Base):
    """Goods for which no return was found: they wait for a person."""

    __tablename__ = "parked_parcels"

    id: Mapped[SequenceKey]
    parked_id: Mapped[str] = mapped_column(unique=True)
    receipt_id: Mapped[str] = mapped_column(ForeignKey("receipts.receipt_id"), index=True)
    state: Mapped[ParkedState] = mapped_column(text_enum(ParkedState), index=True)
    reason: Mapped[ParkReason] = mapped_column(text_enum(ParkReason))
    detail: Mapped[str] = mapped_column(default="")
    goods: Mapped[Document]
    rma_id: Mapped[str] = mapped_column(default="")
    disposition: Mapped[str] = mapped_column(default="")
    note: Mapped[str] = mapped_column(default="")
    decided_by: Mapped[str] = mapped_column(default="")
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
