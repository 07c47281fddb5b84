"""Orders, returns, and the money of both."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from domain.chargebacks import ChargebackState
from domain.follow_up import FollowUpKind
from domain.holds import HoldState
from domain.intents import IntentState, PaymentDirection, RefundBasis
from ledger.columns import Document, Minor, SequenceKey, UtcDateTime, text_enum
from ledger.tables.base import Base


class OrderRow(Base):
    """An order as it was when its first return opened. Its row is the lock on all its units and money."""

    __tablename__ = "orders"

    order_id: Mapped[str] = mapped_column(primary_key=True)
    snapshot: Mapped[Document]
    shipping_granted_minor: Mapped[Minor] = mapped_column(default=0)


class PaymentRow(Base):
    """A captured payment of an order: the ones it was paid with, and every charge that succeeded since."""

    __tablename__ = "payments"
    __table_args__ = (
        CheckConstraint("refunded_minor >= 0 AND reserved_minor >= 0", name="not_negative"),
        CheckConstraint("refunded_minor + reserved_minor <= captured_minor", name="within_captured"),
    )

    order_id: Mapped[str] = mapped_column(ForeignKey("orders.order_id"), primary_key=True)
    payment_id: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int]
    method_id: Mapped[str]
    captured_minor: Mapped[Minor]
    refunded_minor: Mapped[Minor]
    reserved_minor: Mapped[Minor] = mapped_column(default=0)
    charged_back_minor: Mapped[Minor] = mapped_column(default=0)

    @property
    def left_minor(self) -> int:
        """What can still be paid back from it; a bank may have taken back more than there was."""
        gone_minor = self.refunded_minor + self.reserved_minor + self.charged_back_minor
        return max(self.captured_minor - gone_minor, 0)


class ReturnRow(Base):
    """A return. One that was refused at once has no order and was never opened, only closed.

    `kept` is what a follow-up needs of a case that has ended; personal data.
    """

    __tablename__ = "returns"
    __table_args__ = (
        Index(
            "ix_returns_open",
            "rma_id",
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
    )

    rma_id: Mapped[str] = mapped_column(primary_key=True)
    order_id: Mapped[str | None] = mapped_column(ForeignKey("orders.order_id"), index=True)
    opened_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    header: Mapped[str] = mapped_column(default="")
    refusal_code: Mapped[str] = mapped_column(default="")
    request_fingerprint: Mapped[str] = mapped_column(default="")
    kept: Mapped[Document | None]


class FollowUpRow(Base):
    """A case that takes up a closed one. `request` is what was asked for, personal data included."""

    __tablename__ = "follow_ups"
    __table_args__ = (UniqueConstraint("root", "number"), UniqueConstraint("follows", "request_id"))

    rma_id: Mapped[str] = mapped_column(ForeignKey("returns.rma_id"), primary_key=True)
    root: Mapped[str] = mapped_column(ForeignKey("returns.rma_id"))
    number: Mapped[int]
    follows: Mapped[str] = mapped_column(ForeignKey("returns.rma_id"))
    request_id: Mapped[str]
    kind: Mapped[FollowUpKind] = mapped_column(text_enum(FollowUpKind))
    request: Mapped[Document]
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class ClaimRow(Base):
    """A return's claim on units of an order line; what is neither held nor settled was released."""

    __tablename__ = "claims"
    __table_args__ = (
        CheckConstraint("held >= 0 AND settled >= 0", name="not_negative"),
        CheckConstraint("held + settled <= claimed", name="within_claimed"),
        Index("ix_claims_order_id_line_id", "order_id", "line_id"),
    )

    rma_id: Mapped[str] = mapped_column(ForeignKey("returns.rma_id"), primary_key=True)
    line_id: Mapped[str] = mapped_column(primary_key=True)
    order_id: Mapped[str] = mapped_column(ForeignKey("orders.order_id"))
    claimed: Mapped[int]
    held: Mapped[int]
    settled: Mapped[int] = mapped_column(default=0)


class EntryKind(StrEnum):
    """What an entry asked for."""

    OPENING = "opening"
    TAKE_UP = "take_up"
    CLAIM = "claim"
    STAGE = "stage"
    REFUND = "refund"
    ADVANCE = "advance"
    FALL_THROUGH = "fall_through"
    SUBSTITUTE = "substitute"
    CHARGE = "charge"
    REPLACEMENT = "replacement"
    TAKE_OVER = "take_over"
    RECOVERY = "recovery"
    ADVANCE_END = "advance_end"
    HOLD = "hold"
    CAPTURE = "capture"
    OUTCOME = "outcome"
    PAYOUT = "payout"
    PAYOUT_DECISION = "payout_decision"
    CHARGEBACK = "chargeback"
    CHARGEBACK_DECISION = "chargeback_decision"
    CLOSING = "closing"


class EntryRow(Base):
    """An entry that was written, with the answer that every repeat of it gets.

    `superseded_by` is the op of the payout of an exchange that fell through after this entry authorised it.
    """

    __tablename__ = "entries"
    __table_args__ = (UniqueConstraint("rma_id", "op"),)

    id: Mapped[SequenceKey]
    rma_id: Mapped[str]
    op: Mapped[str]
    kind: Mapped[EntryKind] = mapped_column(text_enum(EntryKind))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    answer: Mapped[Document | None]
    superseded_by: Mapped[str] = mapped_column(default="")


class IntentRow(Base):
    """A payment intent.

    Attributes:
        basis: What entitles the customer to a refund; none for a charge.
        settles: The op of the refund authorisation whose quote this intent pays or charges for.
        superseded_by: What took the place of a declined one: the key of another intent, or the op of a payout.
        unknown_since: When the outcome was first unknown; kept for good.
        told: Whether what the outcome has to tell was written to the outbox.
    """

    __tablename__ = "intents"
    __table_args__ = (
        Index(
            "ix_intents_unsettled",
            "id",
            sqlite_where=text("state IN ('INTENT', 'SUBMITTED', 'UNKNOWN')"),
            postgresql_where=text("state IN ('INTENT', 'SUBMITTED', 'UNKNOWN')"),
        ),
        Index("ix_intents_updated_at", "updated_at"),
    )

    id: Mapped[SequenceKey]
    key: Mapped[str] = mapped_column(unique=True)
    rma_id: Mapped[str] = mapped_column(ForeignKey("returns.rma_id"), index=True)
    order_id: Mapped[str] = mapped_column(ForeignKey("orders.order_id"))
    direction: Mapped[PaymentDirection] = mapped_column(text_enum(PaymentDirection))
    basis: Mapped[RefundBasis | None] = mapped_column(text_enum(RefundBasis))
    settles: Mapped[str]
    payment_id: Mapped[str]
    method_id: Mapped[str]
    amount_minor: Mapped[Minor]
    currency: Mapped[str]
    state: Mapped[IntentState] = mapped_column(text_enum(IntentState))
    provider_reference: Mapped[str] = mapped_column(default="")
    failure: Mapped[str] = mapped_column(default="")
    attempts: Mapped[int] = mapped_column(default=0)
    superseded_by: Mapped[str] = mapped_column(default="")
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    unknown_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    told: Mapped[bool] = mapped_column(default=False)
    covered_minor: Mapped[Minor] = mapped_column(default=0)


class AdvanceRow(Base):
    """What was paid in advance for a return, and what became of it; `unpaid` is a person's queue."""

    __tablename__ = "advances"
    __table_args__ = (
        CheckConstraint("earned_minor >= 0 AND recovered_minor >= 0 AND waived_minor >= 0", name="not_negative"),
        CheckConstraint("earned_minor + recovered_minor + waived_minor <= advanced_minor", name="within_advanced"),
    )

    rma_id: Mapped[str] = mapped_column(ForeignKey("returns.rma_id"), primary_key=True)
    customer_id: Mapped[str] = mapped_column(index=True)
    currency: Mapped[str]
    advanced_minor: Mapped[Minor]
    earned_minor: Mapped[Minor] = mapped_column(default=0)
    recovered_minor: Mapped[Minor] = mapped_column(default=0)
    waived_minor: Mapped[Minor] = mapped_column(default=0)
    unpaid: Mapped[bool] = mapped_column(default=False)


class HoldRow(Base):
    """A payment hold that the provider made for the intent of the same key; `expires_at` is when it lapses."""

    __tablename__ = "holds"

    key: Mapped[str] = mapped_column(ForeignKey("intents.key"), primary_key=True)
    order_id: Mapped[str] = mapped_column(ForeignKey("orders.order_id"))
    state: Mapped[HoldState] = mapped_column(text_enum(HoldState))
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)


class BreachRow(Base):
    """A broken promise with the coupon it earned, which is owed until it has an id. One per return (I10)."""

    __tablename__ = "breaches"

    key: Mapped[str] = mapped_column(primary_key=True)
    rma_id: Mapped[str] = mapped_column(unique=True)
    certificate: Mapped[Document]
    coupon_id: Mapped[str] = mapped_column(default="")


class ChargebackRow(Base):
    """A chargeback. `matched_minor` is the part of a lost one that paid what was due to the customer."""

    __tablename__ = "chargebacks"
    __table_args__ = (
        UniqueConstraint("order_id", "chargeback_id"),
        CheckConstraint("matched_minor >= 0 AND matched_minor <= amount_minor", name="within_amount"),
    )

    id: Mapped[SequenceKey]
    chargeback_id: Mapped[str]
    rma_id: Mapped[str] = mapped_column(ForeignKey("returns.rma_id"))
    order_id: Mapped[str] = mapped_column(ForeignKey("orders.order_id"))
    payment_id: Mapped[str]
    amount_minor: Mapped[Minor]
    matched_minor: Mapped[Minor] = mapped_column(default=0)
    state: Mapped[ChargebackState] = mapped_column(text_enum(ChargebackState))
    reported_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
