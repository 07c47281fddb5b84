"""The tables. Amounts are minor units of the order's currency; moments are UTC, in the workflow's time.

The check constraints are the last line of defence of the ceilings: code that forgot one would fail to write.
"""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, MetaData, UniqueConstraint, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from domain.audit import AuditOutcome
from domain.chargebacks import ChargebackState
from domain.claims import ClaimParty, ClaimState
from domain.follow_up import FollowUpKind
from domain.holds import HoldState
from domain.intents import IntentState, PaymentDirection, RefundBasis
from domain.receiving import ParkedState, ParkReason
from ledger.columns import Document, Minor, SequenceKey, UtcDateTime, text_enum


class Base(DeclarativeBase):
    """The metadata of the ledger, with constraint names that are the same on every database."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


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


class DeliveryState(StrEnum):
    """A parked item was refused for good and waits for a person; it holds up nothing."""

    PENDING = "pending"
    DELIVERED = "delivered"
    PARKED = "parked"


class DeliveryRow(Base):
    """An item of the outbox. `not_before` is the end of a relay's lease, or the time of the next attempt."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index(
            "ix_outbox_pending",
            "rma_id",
            "id",
            sqlite_where=text("state = 'pending'"),
            postgresql_where=text("state = 'pending'"),
        ),
    )

    id: Mapped[SequenceKey]
    message_id: Mapped[str] = mapped_column(unique=True)
    rma_id: Mapped[str]
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    item: Mapped[Document]
    state: Mapped[DeliveryState] = mapped_column(text_enum(DeliveryState))
    not_before: Mapped[datetime | None] = mapped_column(UtcDateTime)
    delivered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    error: Mapped[str] = mapped_column(default="")


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


class BreachRow(Base):
    """A broken promise with the coupon it earned, which is owed until it has an id. One per return (I10)."""

    __tablename__ = "breaches"

    key: Mapped[str] = mapped_column(primary_key=True)
    rma_id: Mapped[str] = mapped_column(unique=True)
    certificate: Mapped[Document]
    coupon_id: Mapped[str] = mapped_column(default="")


class AgentBudgetRow(Base):
    """What a person granted beyond the rules on one day of the policy's zone. Its row is the lock on it."""

    __tablename__ = "agent_budgets"
    __table_args__ = (CheckConstraint("spent_minor >= 0", name="not_negative"),)

    agent_id: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    currency: Mapped[str] = mapped_column(primary_key=True)
    spent_minor: Mapped[Minor] = mapped_column(default=0)


class GrantState(StrEnum):
    """A grant draws on its agent's day, one that a second person approved does not. A released one is void."""

    GRANTED = "granted"
    PENDING = "pending"
    APPROVED = "approved"
    RELEASED = "released"


class PayoutGrantRow(Base):
    """An amount that a person granted beyond the rules, under the op of its request."""

    __tablename__ = "payout_grants"
    __table_args__ = (UniqueConstraint("rma_id", "op"),)

    id: Mapped[SequenceKey]
    rma_id: Mapped[str] = mapped_column(ForeignKey("returns.rma_id"))
    op: Mapped[str]
    agent_id: Mapped[str]
    agent_role: Mapped[str]
    action: Mapped[str]
    day: Mapped[date]
    currency: Mapped[str]
    amount_minor: Mapped[Minor]
    case_version: Mapped[int]
    state: Mapped[GrantState] = mapped_column(text_enum(GrantState))
    approver_id: Mapped[str] = mapped_column(default="")


class AuditRow(Base):
    """A refusal or a grant, in the sequence in which they were written."""

    __tablename__ = "audit"

    id: Mapped[SequenceKey]
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    rma_id: Mapped[str] = mapped_column(index=True)
    actor_role: Mapped[str]
    actor_id: Mapped[str]
    action: Mapped[str]
    outcome: Mapped[AuditOutcome] = mapped_column(text_enum(AuditOutcome))
    rule: Mapped[str]
    detail: Mapped[str] = mapped_column(default="")


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


class RecoveryClaimRow(Base):
    """What is claimed back from whom for a return. `claim` is the whole of it, evidence included."""

    __tablename__ = "recovery_claims"

    reference: Mapped[str] = mapped_column(primary_key=True)
    rma_id: Mapped[str] = mapped_column(ForeignKey("returns.rma_id"), index=True)
    party: Mapped[ClaimParty] = mapped_column(text_enum(ClaimParty))
    state: Mapped[ClaimState] = mapped_column(text_enum(ClaimState), index=True)
    currency: Mapped[str]
    claimed_minor: Mapped[Minor]
    awarded_minor: Mapped[Minor]
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    claim: Mapped[Document]
