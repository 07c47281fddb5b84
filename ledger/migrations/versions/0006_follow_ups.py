"""Follow-up cases, and what they need of a case that has ended.

Revision: 0006.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("returns", sa.Column("kept", sa.JSON(none_as_null=True), nullable=True))
    op.create_table(
        "follow_ups",
        sa.Column("rma_id", sa.String(), nullable=False),
        sa.Column("root", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("follows", sa.String(), nullable=False),
        sa.Column("request_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("request", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("rma_id", name="pk_follow_ups"),
        sa.ForeignKeyConstraint(["rma_id"], ["returns.rma_id"], name="fk_follow_ups_rma_id_returns"),
        sa.ForeignKeyConstraint(["root"], ["returns.rma_id"], name="fk_follow_ups_root_returns"),
        sa.ForeignKeyConstraint(["follows"], ["returns.rma_id"], name="fk_follow_ups_follows_returns"),
        sa.UniqueConstraint("root", "number", name="uq_follow_ups_root_number"),
        sa.UniqueConstraint("follows", "request_id", name="uq_follow_ups_follows_request_id"),
    )
