"""What those who watch ask."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from ledger import backlog, waiting, write_lock
from ledger.answers import Backlog, Waiting
from ledger.doors.base import Door
from ledger.engine import reading


class WatchingDoor(Door):
    """What those who watch ask."""

    def backlog(self) -> Backlog:
        """How much waits, and since when."""
        with reading(self.engine) as session:
            return backlog.read(session)

    def unknown_payments(self, since_before: datetime, few: int) -> Waiting:
        """Intents whose outcome has been unknown since before a moment, UTC, and a few of their returns."""
        with reading(self.engine) as session:
            return waiting.unknown_payments(session, since_before, few)

    def untouched_payments(self, since_before: datetime, few: int) -> Waiting:
        """Other open intents that nothing has touched since before a moment, UTC, and a few of their returns.

        What an open chargeback holds back is left out.
        """
        with reading(self.engine) as session:
            return waiting.untouched_payments(session, since_before, few)

    def undelivered_messages(self, since_before: datetime, few: int) -> Waiting:
        """Items that have waited for delivery since before a moment, UTC, and a few of their returns."""
        with reading(self.engine) as session:
            return waiting.undelivered_messages(session, since_before, few)

    def parked_messages(self, few: int) -> Waiting:
        """Items that were refused for good, and a few of their returns."""
        with reading(self.engine) as session:
            return waiting.parked_messages(session, few)

    def all_open_returns(self, opened_before: datetime, limit: int) -> list[str]:
        """The RMA ids of returns that were opened before a moment, UTC, and are not closed, the newest first."""
        with reading(self.engine) as session:
            return waiting.open_returns(session, opened_before, limit)

    def closed_among(self, rma_ids: Sequence[str], closed_before: datetime | None = None) -> list[str]:
        """Which of these returns are closed; with a moment, UTC, which were closed before it."""
        with reading(self.engine) as session:
            return waiting.closed_among(session, rma_ids, closed_before)

    def refuses_writes(self, patience: timedelta) -> str:
        """Why the database takes no writes, in words; empty if it does. Nothing is written to find out.

        Args:
            patience: How long a lock that somebody else holds is waited for.
        """
        return write_lock.refuses_writes(self.engine, patience)
