"""What the reconciliation reads: intents and returns, in pages, so that a night of many costs no memory."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.differences import BookedPayment
from domain.intents import IntentState
from ledger import freezes, intents
from ledger.tables import IntentRow, ReturnRow

_PAID = (IntentState.SUCCEEDED, IntentState.RECONCILED)


def booked(session: Session, keys: Sequence[str]) -> dict[str, BookedPayment]:
    """The intents under some keys, at most a few hundred; a key without one is left out."""
    rows = session.scalars(select(IntentRow).where(IntentRow.key.in_(keys)))
    return {
        row.key: BookedPayment(
            intent=intents.to_intent(row),
            touched_at=row.updated_at,
            is_frozen=not row.state.is_final and freezes.is_frozen(session, row.order_id),
            is_replaced=bool(row.superseded_by),
        )
        for row in rows
    }


def paid_between(session: Session, since: datetime, until: datetime, after: str, limit: int) -> list[str]:
    """The keys of the paid intents that changed last in a time, those behind a key, sorted."""
    changed = (IntentRow.updated_at >= since, IntentRow.updated_at < until)
    query = select(IntentRow.key).where(IntentRow.state.in_(_PAID), *changed, IntentRow.key > after)
    return list(session.scalars(query.order_by(IntentRow.key).limit(limit)))


def opened_before(session: Session, moment: datetime, after: str, limit: int) -> list[tuple[str, str]]:
    """Open returns that opened before a moment, those behind an RMA id, sorted: RMA id and order."""
    rows = session.execute(
        select(ReturnRow.rma_id, func.coalesce(ReturnRow.order_id, ""))
        .where(ReturnRow.closed_at.is_(None), ReturnRow.opened_at < moment, ReturnRow.rma_id > after)
        .order_by(ReturnRow.rma_id)
        .limit(limit)
    )
    return [(rma_id, order_id) for rma_id, order_id in rows]


def closed_before(session: Session, moment: datetime, rma_ids: Sequence[str]) -> list[tuple[str, str]]:
    """Of some returns, at most a thousand, those that were closed before a moment, with their orders."""
    rows = session.execute(
        select(ReturnRow.rma_id, func.coalesce(ReturnRow.order_id, ""))
        .where(ReturnRow.closed_at < moment, ReturnRow.rma_id.in_(rma_ids))
        .order_by(ReturnRow.rma_id)
    )
    return [(rma_id, order_id) for rma_id, order_id in rows]


def is_open(session: Session, rma_id: str) -> bool:
    """Whether the ledger has a return as open."""
    row = session.get(ReturnRow, rma_id)
    return row is not None and row.closed_at is None
