"""What waits in the ledger for longer than it should, counted, with the returns of the oldest."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from domain.chargebacks import ChargebackState
from domain.intents import IntentState
from ledger.answers import Waiting
from ledger.intents import IS_UNSETTLED
from ledger.tables import ChargebackRow, DeliveryRow, DeliveryState, IntentRow, ReturnRow

_AT_ONCE = 500
"""Databases limit how many values a statement may have."""


def unknown_payments(session: Session, since_before: datetime, few: int) -> Waiting:
    """Intents whose outcome has been unknown since before a moment, UTC."""
    unknown = (IS_UNSETTLED, IntentRow.state == IntentState.UNKNOWN, IntentRow.unknown_since <= since_before)
    return _waiting(session, IntentRow, IntentRow.unknown_since, unknown, few)


def untouched_payments(session: Session, since_before: datetime, few: int) -> Waiting:
    """Intents that were not brought to an end and that nothing has touched since before a moment, UTC.

    Those with an unknown outcome are left out, and those that an open chargeback of their order holds back.
    """
    is_frozen = exists().where(
        ChargebackRow.order_id == IntentRow.order_id, ChargebackRow.state == ChargebackState.OPEN
    )
    untouched = (
        IS_UNSETTLED,
        IntentRow.state.in_((IntentState.INTENT, IntentState.SUBMITTED)),
        IntentRow.updated_at <= since_before,
        ~is_frozen,
    )
    return _waiting(session, IntentRow, IntentRow.updated_at, untouched, few)


def undelivered_messages(session: Session, since_before: datetime, few: int) -> Waiting:
    """Items of the outbox that were written before a moment, UTC, and neither delivered nor parked."""
    pending = (DeliveryRow.state == DeliveryState.PENDING, DeliveryRow.at <= since_before)
    waiting = _waiting(session, DeliveryRow, DeliveryRow.at, pending, few)
    failed = session.scalars(select(func.count()).where(*pending, DeliveryRow.error != "")).one()
    return waiting.model_copy(update={"failed": failed})


def parked_messages(session: Session, few: int) -> Waiting:
    """Items of the outbox that were refused for good."""
    parked = (DeliveryRow.state == DeliveryState.PARKED,)
    return _waiting(session, DeliveryRow, DeliveryRow.at, parked, few)


def open_returns(session: Session, opened_before: datetime, limit: int) -> list[str]:
    """The RMA ids of returns that were opened before a moment, UTC, and are not closed, the newest first."""
    return list(
        session.scalars(
            select(ReturnRow.rma_id)
            .where(ReturnRow.closed_at.is_(None), ReturnRow.opened_at <= opened_before)
            .order_by(ReturnRow.opened_at.desc(), ReturnRow.rma_id)
            .limit(limit)
        )
    )


def closed_among(session: Session, rma_ids: Sequence[str], closed_before: datetime | None) -> list[str]:
    """Which of these returns are closed; with a moment, UTC, which were closed before it."""
    closed = ReturnRow.closed_at.is_not(None) if closed_before is None else ReturnRow.closed_at <= closed_before
    found: list[str] = []
    for start in range(0, len(rma_ids), _AT_ONCE):
        part = rma_ids[start : start + _AT_ONCE]
        query = select(ReturnRow.rma_id).where(ReturnRow.rma_id.in_(part), closed).order_by(ReturnRow.rma_id)
        found += session.scalars(query)
    return found


def _waiting(
    session: Session,
    row: type[IntentRow] | type[DeliveryRow],
    at: InstrumentedAttribute[datetime] | InstrumentedAttribute[datetime | None],
    conditions: Sequence[ColumnElement[bool]],
    few: int,
) -> Waiting:
    count = session.scalars(select(func.count()).select_from(row).where(*conditions)).one()
    if not count:
        return Waiting()
    oldest_at = session.scalars(select(func.min(at)).where(*conditions)).one()
    by_return = select(row.rma_id).where(*conditions).group_by(row.rma_id).order_by(func.min(at)).limit(few)
    return Waiting(count=count, oldest_at=oldest_at, rma_ids=tuple(session.scalars(by_return)))
