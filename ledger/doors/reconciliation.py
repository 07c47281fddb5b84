"""The reconciliation: what it reads in pages, and the differences that wait for a person."""

from collections.abc import Sequence
from datetime import datetime

from domain.differences import BookedPayment, Difference
from domain.reconciliation import ReconciliationTask
from ledger import reconciliation, reconciliation_tasks
from ledger.doors.base import Door
from ledger.engine import reading, writing


class ReconciliationDoor(Door):
    """The reconciliation: what it reads in pages, and the differences that wait for a person."""

    def booked_payments(self, keys: Sequence[str]) -> dict[str, BookedPayment]:
        """The intents under some keys, at most a few hundred; a key without one is left out."""
        with reading(self.engine) as session:
            return reconciliation.booked(session, keys)

    def paid_between(self, since: datetime, until: datetime, after: str, limit: int) -> list[str]:
        """The keys of paid intents that changed last in a time, behind a key, sorted."""
        with reading(self.engine) as session:
            return reconciliation.paid_between(session, since, until, after, limit)

    def returns_opened_before(self, moment: datetime, after: str, limit: int) -> list[tuple[str, str]]:
        """Open returns that opened before a moment, behind an RMA id, sorted: RMA id and order."""
        with reading(self.engine) as session:
            return reconciliation.opened_before(session, moment, after, limit)

    def returns_closed_before(self, moment: datetime, rma_ids: Sequence[str]) -> list[tuple[str, str]]:
        """Of some returns, at most a thousand, those that were closed before a moment: RMA id and order."""
        with reading(self.engine) as session:
            return reconciliation.closed_before(session, moment, rma_ids)

    def is_open(self, rma_id: str) -> bool:
        """Whether the ledger has a return as open."""
        with reading(self.engine) as session:
            return reconciliation.is_open(session, rma_id)

    def open_task(self, difference: Difference, at: datetime) -> bool:
        """Keep a difference and alert a supervisor; False if it waits for a person already."""
        with writing(self.engine) as session:
            return reconciliation_tasks.open_task(session, difference, at)

    def close_task(self, key: str, at: datetime) -> bool:
        """Note that a difference is gone; False if nothing of it was open."""
        with writing(self.engine) as session:
            return reconciliation_tasks.close_task(session, key, at)

    def accept_task(self, key: str, by: str, note: str, at: datetime) -> ReconciliationTask:
        """Note that a person has done what there was to do; it is listed no more, until it comes back.

        Raises:
            TaskNotFound: If no task of the key is open.
        """
        with writing(self.engine) as session:
            return reconciliation_tasks.accept_task(session, key, by, note, at)

    def live_tasks(self, after: int, limit: int) -> list[tuple[int, ReconciliationTask]]:
        """Tasks that are not closed, accepted ones too, by number, those behind a number."""
        with reading(self.engine) as session:
            return reconciliation_tasks.live_tasks(session, after, limit)

    def open_tasks(self) -> list[ReconciliationTask]:
        """Everything that waits for a person, oldest first."""
        with reading(self.engine) as session:
            return reconciliation_tasks.open_tasks(session)

    def open_task_count(self) -> int:
        """How many differences wait for a person."""
        with reading(self.engine) as session:
            return reconciliation_tasks.count_open(session)
