"""Which return a parcel belongs to, and the scans of carriers: nothing that was accepted is lost."""

from datetime import datetime

from sqlalchemy import ColumnElement, ScalarSelect, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from domain.shipping import CarrierEvent
from ledger.answers import ParkedEvent
from ledger.errors import EventNotFound
from ledger.tables import CarrierEventRow, OrderRow, ParcelRow, ReturnRow
from ledger.writes import insert_once

MOST_REFUSALS = 5
"""Of one scan, by its return or by Temporal itself; an outage is no refusal."""


def register(session: Session, rma_id: str, carrier: str, tracking_no: str) -> None:
    """Note that a parcel belongs to a return; saying it again changes nothing."""
    insert_once(
        session,
        ParcelRow,
        {"rma_id": rma_id, "carrier": carrier, "tracking_no": tracking_no, "closed": False},
    )


def find(session: Session, carrier: str, tracking_no: str) -> str | None:
    """The RMA id of a parcel's return.

    Carriers use numbers again: an open return comes before a closed one, then the latest counts.
    """
    return session.scalars(select(_owner(carrier, tracking_no))).one()


def customers_of_waybill(session: Session, carrier: str, tracking_no: str) -> dict[str, str]:
    """The customer of each return that has a parcel under a tracking number, closed ones too, by RMA id.

    Without a carrier those of every carrier count.
    """
    rows = session.execute(
        select(ParcelRow.rma_id, OrderRow.snapshot["customer_id"].as_string().label("customer_id"))
        .join(ReturnRow, ReturnRow.rma_id == ParcelRow.rma_id)
        .join(OrderRow, OrderRow.order_id == ReturnRow.order_id)
        .where(
            ParcelRow.tracking_no == tracking_no,
            *((ParcelRow.carrier.in_((carrier, "")),) if carrier else ()),
        )
    )
    return {row.rma_id: row.customer_id for row in rows}


def accept(session: Session, event: CarrierEvent, received_at: datetime) -> tuple[str | None, bool]:
    """Keep a scan, once for its carrier and event id.

    Returns:
        The RMA id of its parcel, None while that is unknown, and whether the scan was delivered before.
    """
    insert_once(
        session,
        CarrierEventRow,
        {
            "carrier": event.carrier,
            "event_id": event.event_id,
            "tracking_no": event.tracking_no,
            "kind": event.kind,
            "occurred_at": event.occurred_at,
            "received_at": received_at,
        },
    )
    row = _event(session, event.carrier, event.event_id)
    return find(session, row.carrier, row.tracking_no), row.delivered_at is not None


def event_delivered(session: Session, carrier: str, event_id: str, at: datetime) -> None:
    """Note that a scan has reached its return; the first time counts.

    Raises:
        EventNotFound: If the scan was never accepted.
    """
    row = _event(session, carrier, event_id)
    if row.delivered_at is None:
        row.delivered_at = at


def undelivered(
    session: Session, limit: int, received_before: datetime | None = None
) -> list[tuple[str, CarrierEvent]]:
    """Scans that have not reached their return although it is known by now, oldest first; parked ones left out.

    With `received_before`, UTC, younger ones are left to whoever accepted them.
    """
    owner = _owner(CarrierEventRow.carrier, CarrierEventRow.tracking_no)
    rows = session.execute(
        select(owner, CarrierEventRow)
        .where(
            CarrierEventRow.delivered_at.is_(None),
            CarrierEventRow.refusals < MOST_REFUSALS,
            owner.is_not(None),
            *([CarrierEventRow.received_at <= received_before] if received_before else []),
        )
        .order_by(CarrierEventRow.id)
        .limit(limit)
    )
    return [(rma_id, _to_event(row)) for rma_id, row in rows if rma_id is not None]


def event_refused(session: Session, carrier: str, event_id: str, error: str) -> bool:
    """Count a refusal of a scan, and tell whether it is parked by now.

    Raises:
        EventNotFound: If the scan was never accepted.
    """
    row = _event(session, carrier, event_id)
    row.refusals += 1
    row.error = error
    return row.refusals >= MOST_REFUSALS


def retry_event(session: Session, carrier: str, event_id: str) -> None:
    """Have a parked scan passed on again.

    Raises:
        EventNotFound: If the scan was never accepted.
    """
    _event(session, carrier, event_id).refusals = 0


def parked_events(session: Session) -> list[ParkedEvent]:
    """The scans that were refused too often, oldest first."""
    rows = session.scalars(
        select(CarrierEventRow)
        .where(CarrierEventRow.delivered_at.is_(None), CarrierEventRow.refusals >= MOST_REFUSALS)
        .order_by(CarrierEventRow.id)
    )
    return [ParkedEvent(event=_to_event(row), error=row.error) for row in rows]


def _owner(
    carrier: str | InstrumentedAttribute[str], tracking_no: str | InstrumentedAttribute[str]
) -> ScalarSelect[str | None]:
    same_parcel: tuple[ColumnElement[bool], ...] = (
        ParcelRow.carrier == carrier,
        ParcelRow.tracking_no == tracking_no,
    )
    return (
        select(ParcelRow.rma_id)
        .where(*same_parcel)
        .order_by(ParcelRow.closed, ParcelRow.id.desc())
        .limit(1)
        .scalar_subquery()
    )


def _event(session: Session, carrier: str, event_id: str) -> CarrierEventRow:
    row = session.scalars(
        select(CarrierEventRow).where(CarrierEventRow.carrier == carrier, CarrierEventRow.event_id == event_id)
    ).one_or_none()
    if row is None:
        raise EventNotFound(f"event {event_id} of {carrier} was never accepted")
    return row


def _to_event(row: CarrierEventRow) -> CarrierEvent:
    return CarrierEvent(
        event_id=row.event_id,
        carrier=row.carrier,
        tracking_no=row.tracking_no,
        kind=row.kind,
        occurred_at=row.occurred_at,
    )
