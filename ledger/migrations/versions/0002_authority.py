"""Agents' budgets, what they granted beyond the rules, and the audit.

Revision: 0002.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "agent_budgets",
        sa.Column("agent_id", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("spent_minor", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("agent_id", "day", "currency", name="pk_agent_budgets"),
        sa.CheckConstraint("spent_minor >= 0", name=op.f("ck_agent_budgets_not_negative")),
    )
    op.create_table(
        "payout_grants",
        sa.Column("id", _ROW_ID, autoincrement=True, nullable=False),
        sa.Column("rma_id", sa.String(), nullable=False),
        sa.Column("op", sa.String(), nullable=False),
        sa.Column("agent_id", sa.String(), nullable=False),
        sa.Column("agent_role", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("case_version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("approver_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_payout_grants"),
        sa.UniqueConstraint("rma_id", "op", name="uq_payout_grants_rma_id_op"),
        sa.ForeignKeyConstraint(["rma_id"], ["returns.rma_id"], name="fk_payout_grants_rma_id_returns"),
    )
    op.create_table(
        "audit",
        sa.Column("id", _ROW_ID, autoincrement=True, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rma_id", sa.String(), nullable=False),
        sa.Column("actor_role", sa.String(), nullable=False),
        sa.Column("actor_id", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(32), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
    )
    op.create_index("ix_audit_rma_id", "audit", ["rma_id"])
