"""Chargebacks, and what they covered.

Revision: 0004.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "chargebacks",
        sa.Column("id", _ROW_ID, nullable=False, autoincrement=True),
        sa.Column("chargeback_id", sa.String(), nullable=False),
        sa.Column("rma_id", sa.String(), nullable=False),
        sa.Column("order_id", sa.String(), nullable=False),
        sa.Column("payment_id", sa.String(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("matched_minor", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_chargebacks"),
        sa.ForeignKeyConstraint(["rma_id"], ["returns.rma_id"], name="fk_chargebacks_rma_id_returns"),
        sa.ForeignKeyConstraint(["order_id"], ["orders.order_id"], name="fk_chargebacks_order_id_orders"),
        sa.UniqueConstraint("order_id", "chargeback_id", name="uq_chargebacks_order_id_chargeback_id"),
        sa.CheckConstraint(
            "matched_minor >= 0 AND matched_minor <= amount_minor", name=op.f("ck_chargebacks_within_amount")
        ),
    )
    op.add_column("payments", sa.Column("charged_back_minor", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("intents", sa.Column("covered_minor", sa.BigInteger(), nullable=False, server_default="0"))
