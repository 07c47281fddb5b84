"""The ledger's first schema.

Revision: 0001.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "orders",
        sa.Column("order_id", sa.String(), nullable=False),
        sa.Column("snapshot", sa.JSON(), nullable=False),
        sa.Column("shipping_granted_minor", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("order_id", name="pk_orders"),
    )
    op.create_table(
        "payments",
        sa.Column("order_id", sa.String(), nullable=False),
        sa.Column("payment_id", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("method_id", sa.String(), nullable=False),
        sa.Column("captured_minor", sa.BigInteger(), nullable=False),
        sa.Column("refunded_minor", sa.BigInteger(), nullable=False),
        sa.Column("reserved_minor", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("order_id", "payment_id", name="pk_payments"),
        sa.ForeignKeyConstraint(["order_id"], ["orders.order_id"], name="fk_payments_order_id_orders"),
        sa.CheckConstraint("refunded_minor >= 0 AND reserved_minor >= 0", name=op.f("ck_payments_not_negative")),
        sa.CheckConstraint(
            "refunded_minor + reserved_minor <= captured_minor", name=op.f("ck_payments_within_captured")
        ),
    )
    op.create_table(
        "returns",
        sa.Column("rma_id", sa.String(), nullable=False),
        sa.Column("order_id", sa.String(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("header", sa.String(), nullable=False),
        sa.Column("refusal_code", sa.String(), nullable=False),
        sa.Column("request_fingerprint", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("rma_id", name="pk_returns"),
        sa.ForeignKeyConstraint(["order_id"], ["orders.order_id"], name="fk_returns_order_id_orders"),
    )
    op.create_index("ix_returns_order_id", "returns", ["order_id"])
    op.create_table(
        "claims",
        sa.Column("rma_id", sa.String(), nullable=False),
        sa.Column("line_id", sa.String(), nullable=False),
        sa.Column("order_id", sa.String(), nullable=False),
        sa.Column("claimed", sa.Integer(), nullable=False),
        sa.Column("held", sa.Integer(), nullable=False),
        sa.Column("settled", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("rma_id", "line_id", name="pk_claims"),
        sa.ForeignKeyConstraint(["rma_id"], ["returns.rma_id"], name="fk_claims_rma_id_returns"),
        sa.ForeignKeyConstraint(["order_id"], ["orders.order_id"], name="fk_claims_order_id_orders"),
        sa.CheckConstraint("held >= 0 AND settled >= 0", name=op.f("ck_claims_not_negative")),
        sa.CheckConstraint("held + settled <= claimed", name=op.f("ck_claims_within_claimed")),
    )
    op.create_index("ix_claims_order_id_line_id", "claims", ["order_id", "line_id"])
    op.create_table(
        "entries",
        sa.Column("id", _ROW_ID, autoincrement=True, nullable=False),
        sa.Column("rma_id", sa.String(), nullable=False),
        sa.Column("op", sa.String(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer", sa.JSON(), nullable=True),
        sa.Column("superseded_by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_entries"),
        sa.UniqueConstraint("rma_id", "op", name="uq_entries_rma_id_op"),
    )
    op.create_table(
        "intents",
        sa.Column("id", _ROW_ID, autoincrement=True, nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("rma_id", sa.String(), nullable=False),
        sa.Column("order_id", sa.String(), nullable=False),
        sa.Column("direction", sa.String(32), nullable=False),
        sa.Column("basis", sa.String(32), nullable=True),
        sa.Column("settles", sa.String(), nullable=False),
        sa.Column("payment_id", sa.String(), nullable=False),
        sa.Column("method_id", sa.String(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("provider_reference", sa.String(), nullable=False),
        sa.Column("failure", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("superseded_by", sa.String(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("unknown_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_intents"),
        sa.UniqueConstraint("key", name="uq_intents_key"),
        sa.ForeignKeyConstraint(["rma_id"], ["returns.rma_id"], name="fk_intents_rma_id_returns"),
        sa.ForeignKeyConstraint(["order_id"], ["orders.order_id"], name="fk_intents_order_id_orders"),
    )
    op.create_index("ix_intents_rma_id", "intents", ["rma_id"])
    _create_partial_index("ix_intents_unsettled", "intents", ["id"], "state IN ('INTENT', 'SUBMITTED', 'UNKNOWN')")
    op.create_table(
        "outbox",
        sa.Column("id", _ROW_ID, autoincrement=True, nullable=False),
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("rma_id", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("item", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        sa.UniqueConstraint("message_id", name="uq_outbox_message_id"),
    )
    _create_partial_index("ix_outbox_pending", "outbox", ["rma_id", "id"], "state = 'pending'")
    op.create_table(
        "parcels",
        sa.Column("id", _ROW_ID, autoincrement=True, nullable=False),
        sa.Column("carrier", sa.String(), nullable=False),
        sa.Column("tracking_no", sa.String(), nullable=False),
        sa.Column("rma_id", sa.String(), nullable=False),
        sa.Column("closed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_parcels"),
        sa.UniqueConstraint("carrier", "tracking_no", "rma_id", name="uq_parcels_carrier_tracking_no_rma_id"),
    )
    op.create_index("ix_parcels_rma_id", "parcels", ["rma_id"])
    op.create_table(
        "carrier_events",
        sa.Column("id", _ROW_ID, autoincrement=True, nullable=False),
        sa.Column("carrier", sa.String(), nullable=False),
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("tracking_no", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_carrier_events"),
        sa.UniqueConstraint("carrier", "event_id", name="uq_carrier_events_carrier_event_id"),
    )
    _create_partial_index("ix_carrier_events_undelivered", "carrier_events", ["id"], "delivered_at IS NULL")
    op.create_table(
        "breaches",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("rma_id", sa.String(), nullable=False),
        sa.Column("certificate", sa.JSON(), nullable=False),
        sa.Column("coupon_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_breaches"),
        sa.UniqueConstraint("rma_id", name="uq_breaches_rma_id"),
    )


def downgrade() -> None:
    for table in (
        "breaches",
        "carrier_events",
        "parcels",
        "outbox",
        "intents",
        "entries",
        "claims",
        "returns",
        "payments",
        "orders",
    ):
        op.drop_table(table)


def _create_partial_index(name: str, table: str, columns: list[str], condition: str) -> None:
    op.create_index(name, table, columns, sqlite_where=sa.text(condition), postgresql_where=sa.text(condition))
