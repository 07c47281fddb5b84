"""What people granted and were refused, what is told to others, what is claimed back, and what books differ in."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from domain.audit import AuditOutcome
from domain.claims import ClaimParty, ClaimState
from domain.differences import DifferenceKind
from ledger.columns import Document, Minor, SequenceKey, UtcDateTime, text_enum
from ledger.tables.base import Base


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
        Index(
            "ix_outbox_due",
            "id",
            sqlite_where=text("state = 'pending'"),
            postgresql_where=text("state = 'pending'"),
        ),
        Index(
            "ix_outbox_parked",
            "id",
            sqlite_where=text("state = 'parked'"),
            postgresql_where=text("state = 'parked'"),
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


class ReconciliationTaskRow(Base):
    """A difference that waits for a person. A difference that comes back is a new row; no row is ever removed.

    `told` is the message id of the alert. One key has at most one row that is not closed.
    """

    __tablename__ = "reconciliation_tasks"
    __table_args__ = (
        Index(
            "ix_reconciliation_tasks_live",
            "key",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
    )

    id: Mapped[SequenceKey]
    key: Mapped[str]
    kind: Mapped[DifferenceKind] = mapped_column(text_enum(DifferenceKind))
    subject: Mapped[str]
    rma_id: Mapped[str]
    direction: Mapped[str]
    details: Mapped[Document]
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    told: Mapped[str]
    accepted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    accepted_by: Mapped[str] = mapped_column(default="")
    note: Mapped[str] = mapped_column(default="")
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
