"""The events."""

from collections.abc import Sequence

from domain.events import StoredEvent
from ledger import events
from ledger.doors.base import Door
from ledger.engine import reading


class EventsDoor(Door):
    """The events."""

    def events_after(self, position: int, limit: int) -> Sequence[StoredEvent]:
        """The events that were appended after a position, oldest first; 0 is before all of them."""
        with reading(self.engine) as session:
            return events.after(session, position, limit)
