"""Parcels that are received without their return being known.

Revision: 0003.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_DUE = sa.text("taken_at IS NULL AND NOT is_refused")


def upgrade() -> None:
    op.create_table(
        "receipts",
        sa.Column("id", _ROW_ID, autoincrement=True, nullable=False),
        sa.Column("receipt_id", sa.String(), nullable=False),
        sa.Column("receipt", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_receipts"),
        sa.UniqueConstraint("receipt_id", name="uq_receipts_receipt_id"),
    )
    op.create_table(
        "receipt_parts",
        sa.Column("id", _ROW_ID, autoincrement=True, nullable=False),
        sa.Column("receipt_id", sa.String(), nullable=False),
        sa.Column("rma_id", sa.String(), nullable=False),
        sa.Column("part", sa.JSON(), nullable=False),
        sa.Column("parcel", sa.Integer(), nullable=True),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_refused", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_receipt_parts"),
        sa.ForeignKeyConstraint(
            ["receipt_id"], ["receipts.receipt_id"], name="fk_receipt_parts_receipt_id_receipts"
        ),
    )
    op.create_index("ix_receipt_parts_receipt_id", "receipt_parts", ["receipt_id"])
    op.create_index("ix_receipt_parts_rma_id", "receipt_parts", ["rma_id"])
    op.create_index("ix_receipt_parts_due", "receipt_parts", ["id"], sqlite_where=_DUE, postgresql_where=_DUE)
    op.create_table(
        "parked_parcels",
        sa.Column("id", _ROW_ID, autoincrement=True, nullable=False),
        sa.Column("parked_id", sa.String(), nullable=False),
        sa.Column("receipt_id", sa.String(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("reason", sa.String(32), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("goods", sa.JSON(), nullable=False),
        sa.Column("rma_id", sa.String(), nullable=False),
        sa.Column("disposition", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_parked_parcels"),
        sa.UniqueConstraint("parked_id", name="uq_parked_parcels_parked_id"),
        sa.ForeignKeyConstraint(
            ["receipt_id"], ["receipts.receipt_id"], name="fk_parked_parcels_receipt_id_receipts"
        ),
    )
    op.create_index("ix_parked_parcels_receipt_id", "parked_parcels", ["receipt_id"])
    op.create_index("ix_parked_parcels_state", "parked_parcels", ["state"])


def downgrade() -> None:
    for table in ("parked_parcels", "receipt_parts", "receipts"):
        op.drop_table(table)
