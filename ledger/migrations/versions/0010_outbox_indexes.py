"""What waits in the outbox, and what is parked there, found without reading what was delivered.

Revision: 0010.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

_PENDING = sa.text("state = 'pending'")
_PARKED = sa.text("state = 'parked'")


def upgrade() -> None:
    op.create_index("ix_outbox_due", "outbox", ["id"], sqlite_where=_PENDING, postgresql_where=_PENDING)
    op.create_index("ix_outbox_parked", "outbox", ["id"], sqlite_where=_PARKED, postgresql_where=_PARKED)
