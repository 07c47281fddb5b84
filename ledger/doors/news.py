"""What payment providers report by themselves."""

from datetime import datetime

from domain.payment_news import PaymentNews
from ledger import payment_news
from ledger.answers import DueNews
from ledger.doors.base import Door
from ledger.engine import reading, writing


class NewsDoor(Door):
    """What payment providers report by themselves."""

    def accept_news(self, news: PaymentNews, received_at: datetime) -> bool:
        """Keep a report, once for its provider and event id; whether nothing is left to do for it."""
        with writing(self.engine) as session:
            return payment_news.accept(session, news, received_at)

    def due_news(self, now: datetime, limit: int = 50) -> list[DueNews]:
        """Reports that nothing was done for yet and whose intent is known by now, oldest first."""
        with reading(self.engine) as session:
            return payment_news.due(session, now, limit)

    def news_put_off(self, news: PaymentNews, until: datetime) -> None:
        """Look at a report again later.

        Raises:
            NewsNotFound: If it was never accepted.
        """
        with writing(self.engine) as session:
            payment_news.put_off(session, news, until)

    def news_handled(self, news: PaymentNews, at: datetime) -> None:
        """Note that a report has led to what it had to.

        Raises:
            NewsNotFound: If it was never accepted.
        """
        with writing(self.engine) as session:
            payment_news.handled(session, news, at)
