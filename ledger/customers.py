"""The lock on what a customer has with the shop over all orders: the lock of one order knows nothing of others."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

_SEED = 7_001
"""Keeps these locks apart from other users of the same key space."""


def lock_customer(session: Session, customer_id: str) -> None:
    """Let no other transaction have the same customer until this one ends; the order, if any, is locked before.

    SQLite has one writer at a time, which is lock enough.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(customer_id, _SEED))))
