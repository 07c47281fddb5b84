"""What those who watch ask."""

from ledger import backlog
from ledger.answers import Backlog
from ledger.doors.base import Door
from ledger.engine import reading


class WatchingDoor(Door):
    """What those who watch ask."""

    def backlog(self) -> Backlog:
        """How much waits, and since when."""
        with reading(self.engine) as session:
            return backlog.read(session)
