"""Reports of payment providers, passed on: the provider is asked, and what it says then counts."""

import asyncio
from datetime import UTC, datetime, timedelta

import structlog

from domain.payment_news import PaymentNews
from ledger.ledger import Ledger
from starters.client import ReturnsClient

_BATCH = 50
_FIRST_PAUSE = timedelta(seconds=10)
_LONGEST_PAUSE = timedelta(hours=1)

_log = structlog.get_logger(__name__)


class PaymentDesk:
    """Takes reports of payments. Whatever it takes is kept before anything else is done with it.

    A return that still waits for the payment is told to ask the provider; the report stays due until the ledger
    has an end. If that end is another one than the report tells, as for a refund that was paid and came back, the
    provider is asked by a reconciliation of this one payment, which books what comes back and tells a person.
    """

    def __init__(self, returns: ReturnsClient, ledger: Ledger) -> None:
        self._returns = returns
        self._ledger = ledger

    async def take(self, news: PaymentNews) -> bool:
        """Keep a report; whether nothing is left to do for it, as for a repeat."""
        return await asyncio.to_thread(self._ledger.accept_news, news, datetime.now(UTC))

    async def pass_on_due(self) -> None:
        """Pass on the reports whose payment is known. Those that fail stay due.

        Raises:
            ServiceUnavailable: If Temporal does not answer.
        """
        for due in await asyncio.to_thread(self._ledger.due_news, datetime.now(UTC), _BATCH):
            news, intent = due.news, due.intent
            if not intent.state.is_final:
                if not due.tries:
                    await self._returns.report_payment_news(intent.rma_id, intent.key)
                pause = min(_FIRST_PAUSE * 2 ** min(due.tries, 16), _LONGEST_PAUSE)
                await asyncio.to_thread(self._ledger.news_put_off, news, datetime.now(UTC) + pause)
                continue
            if not news.is_known_to(intent):
                _log.warning("payment_looked_into", key=intent.key, reported=news.status.value)
                await self._returns.look_into_payment(news)
            await asyncio.to_thread(self._ledger.news_handled, news, datetime.now(UTC))
