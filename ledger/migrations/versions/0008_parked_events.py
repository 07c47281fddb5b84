"""Scans that are refused again and again are parked.

Revision: 0008.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("carrier_events", sa.Column("refusals", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("carrier_events", sa.Column("error", sa.String(), nullable=False, server_default=""))
