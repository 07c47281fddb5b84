"""One run of the reconciliation: how far it is, what it found, and the tasks that it opens and closes."""

import asyncio
from enum import StrEnum

import structlog
from temporalio import activity

from domain.differences import Difference
from domain.reconciliation import MOST_NAMED, ReconciliationReport, ReconciliationRequest
from domain.record import Record
from ledger.ledger import Ledger

log = structlog.get_logger(__name__)


class Phase(StrEnum):
    """The parts of a run, in their order. What the provider must list comes last: it holds up nothing else."""

    TASKS = "tasks"
    INTENTS = "intents"
    RETURNS = "returns"
    WORKFLOWS = "workflows"
    PAYMENTS = "payments"


class Progress(Record):
    """How far a run is: what an attempt that takes over from another one starts from."""

    phase: Phase = Phase.TASKS
    cursor: str = ""
    report: ReconciliationReport = ReconciliationReport()


class ReconciliationRun:
    """What the parts of a run share. Everything it writes may be written again: a page may be done twice."""

    def __init__(self, ledger: Ledger, request: ReconciliationRequest, progress: Progress) -> None:
        self.request = request
        self._ledger = ledger
        self._progress = progress
        self._report = progress.report

    @property
    def progress(self) -> Progress:
        """As of the last page that was done."""
        return self._progress

    @property
    def report(self) -> ReconciliationReport:
        """What was found so far."""
        return self._report

    def alive(self) -> None:
        """Say that the run goes on, and how far it is."""
        activity.heartbeat(self._progress)

    def reached(self, phase: Phase, cursor: str) -> None:
        """A page is done: the next one begins at the cursor."""
        self._progress = Progress(phase=phase, cursor=cursor, report=self._report)
        self.alive()

    def count(self, **found: int) -> None:
        """Add to numbers of the report."""
        sums = {name: getattr(self._report, name) + number for name, number in found.items()}
        self._report = self._report.model_copy(update=sums)

    def name(self, **found: str) -> None:
        """Add keys to lists of the report, as far as they have room."""
        for name, key in found.items():
            keys: tuple[str, ...] = getattr(self._report, name)
            if key not in keys and len(keys) < MOST_NAMED:
                self._report = self._report.model_copy(update={name: (*keys, key)})

    async def open(self, difference: Difference) -> None:
        """Have a person look at a difference, once."""
        if await asyncio.to_thread(self._ledger.open_task, difference, self.request.at):
            log.error("reconciliation_task_opened", kind=difference.kind.value, key=difference.key)
            self.name(opened=difference.key)
            self.count(tasks_opened=1)

    async def close(self, key: str) -> None:
        """A difference is gone."""
        if await asyncio.to_thread(self._ledger.close_task, key, self.request.at):
            log.info("reconciliation_task_closed", key=key)
            self.name(closed=key)
            self.count(tasks_closed=1)
