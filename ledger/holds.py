"""Payment holds in the books: placed by an intent, then renewed, captured, released or lapsed.

The order of a hold must be locked for every change.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.holds import HoldState, PaymentHold
from domain.intents import IntentState
from ledger.errors import HoldNotFound, HoldNotOpen
from ledger.orders import lock_order
from ledger.tables import HoldRow, IntentRow


def placed(session: Session, intent: IntentRow, expires_at: datetime) -> None:
    """Note that the provider holds the money of an intent until it lapses."""
    session.add(HoldRow(key=intent.key, order_id=intent.order_id, state=HoldState.OPEN, expires_at=expires_at))


def read(session: Session, key: str) -> PaymentHold:
    """The hold under a key: declined if the provider never made it.

    Raises:
        HoldNotFound: If no hold was asked for under the key, or its outcome is not known.
    """
    intent = session.scalars(select(IntentRow).where(IntentRow.key == key)).one_or_none()
    row = session.get(HoldRow, key)
    if intent is None or (row is None and intent.state is not IntentState.DECLINED):
        raise HoldNotFound(f"there is no payment hold {key}")
    return PaymentHold(
        key=key,
        rma_id=intent.rma_id,
        method_id=intent.method_id,
        amount_minor=intent.amount_minor,
        currency=intent.currency,
        state=row.state if row else HoldState.DECLINED,
        expires_at=row.expires_at if row else None,
    )


def renewed(session: Session, key: str, expires_at: datetime) -> None:
    """Note that a hold lives longer."""
    row = _lock(session, key)
    if row.state is HoldState.OPEN:
        row.expires_at = max(row.expires_at, expires_at)


def ended(session: Session, key: str, state: HoldState) -> None:
    """Note how a hold ended; one that has ended stays as it is."""
    row = _lock(session, key)
    if row.state is HoldState.OPEN:
        row.state = state


def require_open(session: Session, key: str, at: datetime) -> PaymentHold:
    """The hold under a key, if money can be captured from it.

    Raises:
        HoldNotFound: If there is none.
        HoldNotOpen: If it has ended or has lapsed.
    """
    hold = read(session, key)
    if hold.state is not HoldState.OPEN or hold.expires_at is None or hold.expires_at <= at:
        raise HoldNotOpen(f"hold {key} is {hold.state} until {hold.expires_at}: nothing can be captured from it")
    return hold


def _lock(session: Session, key: str) -> HoldRow:
    row = session.get(HoldRow, key)
    if row is None:
        raise HoldNotFound(f"there is no payment hold {key}")
    lock_order(session, row.order_id)
    session.refresh(row)
    return row
