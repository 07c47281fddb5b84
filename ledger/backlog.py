"""How much waits in the ledger, and for how long: for those who watch, by counting, without reading any of it."""

from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from domain.claims import ClaimState
from domain.intents import IntentState
from ledger.answers import Backlog
from ledger.intents import IS_UNSETTLED
from ledger.parcels import MOST_REFUSALS
from ledger.tables import CarrierEventRow, DeliveryRow, DeliveryState, IntentRow, RecoveryClaimRow

_OPEN_CLAIMS = [state for state in ClaimState if not state.is_final]


def read(session: Session) -> Backlog:
    """Count what waits."""
    pending = DeliveryRow.state == DeliveryState.PENDING
    unknown = and_(IS_UNSETTLED, IntentRow.state == IntentState.UNKNOWN)
    return Backlog(
        messages_pending=_count(session, pending),
        messages_parked=_count(session, DeliveryRow.state == DeliveryState.PARKED),
        oldest_message_at=_oldest(session, DeliveryRow.at, pending),
        scans_parked=_count(
            session, CarrierEventRow.delivered_at.is_(None), CarrierEventRow.refusals >= MOST_REFUSALS
        ),
        intents_unknown=_count(session, unknown),
        oldest_unknown_at=_oldest(session, IntentRow.unknown_since, unknown),
        claims_open=_count(session, RecoveryClaimRow.state.in_(_OPEN_CLAIMS)),
    )


def _count(session: Session, *conditions: ColumnElement[bool]) -> int:
    return session.scalars(select(func.count()).where(*conditions)).one()


def _oldest(
    session: Session,
    at: InstrumentedAttribute[datetime] | InstrumentedAttribute[datetime | None],
    condition: ColumnElement[bool],
) -> datetime | None:
    return session.scalars(select(at).where(condition).order_by(at).limit(1)).one_or_none()
