"""Which changes of a return's status are still to be told: kept until a ledger transaction has taken them.

They travel in entries that the return writes anyway, so that they cost no event and no activity. An entry that
fails, or that another one overtakes, loses nothing: the next one carries all that no answered entry carried.
"""

import hashlib
from typing import TYPE_CHECKING

from temporalio import workflow

from domain.events import StatusEvent
from workflows.answers import status_of

if TYPE_CHECKING:
    from workflows.case import ReturnCase

_Status = tuple[str, ...]


class StatusEvents:
    """The changes of one return, oldest first."""

    def __init__(self) -> None:
        self._seen: _Status | None = None
        self._count = 0
        self._untold: tuple[StatusEvent, ...] = ()

    def observe(self, case: "ReturnCase") -> None:
        """Take a snapshot if the header or an axis is another one than at the last look."""
        status = (
            case.header().value,
            case.approval.value,
            case.logistics.value,
            case.inspection.value,
            case.reimbursement.value,
        )
        if status == self._seen:
            return
        self._seen = status
        self._count += 1
        event = StatusEvent(
            event_id=_event_id(case.rma_id, self._count, status),
            at=workflow.now(),
            snapshot=status_of(case).model_dump(mode="json"),
        )
        self._untold = (*self._untold, event)

    def to_tell(self, case: "ReturnCase") -> tuple[StatusEvent, ...]:
        """What an entry has to carry now."""
        self.observe(case)
        return self._untold

    def told(self, events: tuple[StatusEvent, ...]) -> None:
        """Forget what an entry carried that the ledger has written."""
        written = {event.event_id for event in events}
        self._untold = tuple(event for event in self._untold if event.event_id not in written)


def _event_id(rma_id: str, number: int, status: _Status) -> str:
    """Name a change by its number and by what the return came to.

    A task that is run again, after its worker died, may have other news and number another change the same. The
    ledger may have the first one already, and must not take the second one for it. The time is left out: it
    differs between two runs of a task that decide the same.
    """
    digest = hashlib.sha256("/".join((rma_id, str(number), *status)).encode()).hexdigest()
    return f"{rma_id}-{number}-{digest[:8]}"
