"""What was paid or sent in advance: accounts, and money that is held.

Revision: 0005.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "advances",
        sa.Column("rma_id", sa.String(), nullable=False),
        sa.Column("customer_id", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("advanced_minor", sa.BigInteger(), nullable=False),
        sa.Column("earned_minor", sa.BigInteger(), nullable=False),
        sa.Column("recovered_minor", sa.BigInteger(), nullable=False),
        sa.Column("waived_minor", sa.BigInteger(), nullable=False),
        sa.Column("unpaid", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("rma_id", name="pk_advances"),
        sa.ForeignKeyConstraint(["rma_id"], ["returns.rma_id"], name="fk_advances_rma_id_returns"),
        sa.CheckConstraint(
            "earned_minor >= 0 AND recovered_minor >= 0 AND waived_minor >= 0",
            name=op.f("ck_advances_not_negative"),
        ),
        sa.CheckConstraint(
            "earned_minor + recovered_minor + waived_minor <= advanced_minor",
            name=op.f("ck_advances_within_advanced"),
        ),
    )
    op.create_index("ix_advances_customer_id", "advances", ["customer_id"])
    op.create_table(
        "holds",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("order_id", sa.String(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_holds"),
        sa.ForeignKeyConstraint(["key"], ["intents.key"], name="fk_holds_key_intents"),
        sa.ForeignKeyConstraint(["order_id"], ["orders.order_id"], name="fk_holds_order_id_orders"),
    )


def downgrade() -> None:
    op.drop_table("holds")
    op.drop_table("advances")
