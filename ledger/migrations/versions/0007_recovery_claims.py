"""Recovery claims.

Revision: 0007.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "recovery_claims",
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("rma_id", sa.String(), nullable=False),
        sa.Column("party", sa.String(32), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("claimed_minor", sa.BigInteger(), nullable=False),
        sa.Column("awarded_minor", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claim", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("reference", name="pk_recovery_claims"),
        sa.ForeignKeyConstraint(["rma_id"], ["returns.rma_id"], name="fk_recovery_claims_rma_id_returns"),
    )
    op.create_index("ix_recovery_claims_rma_id", "recovery_claims", ["rma_id"])
    op.create_index("ix_recovery_claims_state", "recovery_claims", ["state"])
