"""Reports of payment providers: kept before anything is done with them, and matched with their intents."""

from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from domain.payment_news import PaymentNews
from ledger.answers import DueNews
from ledger.errors import NewsNotFound
from ledger.intents import to_intent
from ledger.tables import IntentRow, PaymentNewsRow
from ledger.writes import insert_once


def accept(session: Session, news: PaymentNews, received_at: datetime) -> bool:
    """Keep a report, once for its provider and event id; whether nothing is left to do for it."""
    insert_once(session, PaymentNewsRow, {**news.model_dump(), "received_at": received_at, "tries": 0})
    return _row(session, news).handled_at is not None


def due(session: Session, now: datetime, limit: int) -> list[DueNews]:
    """Reports that nothing was done for yet and whose intent is known by now, oldest first."""
    rows = session.execute(
        select(PaymentNewsRow, IntentRow)
        .join(IntentRow, IntentRow.key == PaymentNewsRow.reference)
        .where(
            PaymentNewsRow.handled_at.is_(None),
            or_(PaymentNewsRow.not_before.is_(None), PaymentNewsRow.not_before <= now),
        )
        .order_by(PaymentNewsRow.id)
        .limit(limit)
    )
    return [DueNews(news=_news(row), intent=to_intent(intent), tries=row.tries) for row, intent in rows]


def put_off(session: Session, news: PaymentNews, until: datetime) -> None:
    """Look at a report again later: its payment is still under way.

    Raises:
        NewsNotFound: If it was never accepted.
    """
    row = _row(session, news)
    row.not_before = until
    row.tries += 1


def handled(session: Session, news: PaymentNews, at: datetime) -> None:
    """Note that a report has led to what it had to; the first time counts.

    Raises:
        NewsNotFound: If it was never accepted.
    """
    row = _row(session, news)
    row.handled_at = row.handled_at or at


def _row(session: Session, news: PaymentNews) -> PaymentNewsRow:
    row = session.scalars(
        select(PaymentNewsRow).where(
            PaymentNewsRow.provider == news.provider, PaymentNewsRow.event_id == news.event_id
        )
    ).one_or_none()
    if row is None:
        raise NewsNotFound(f"event {news.event_id} of {news.provider} was never accepted")
    return row


def _news(row: PaymentNewsRow) -> PaymentNews:
    return PaymentNews(
        provider=row.provider,
        event_id=row.event_id,
        direction=row.direction,
        reference=row.reference,
        provider_reference=row.provider_reference,
        status=row.status,
    )
