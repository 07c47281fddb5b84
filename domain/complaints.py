"""Complaints: to a supervisor, then to the platform, whose ruling binds (sections 8 and 10)."""

from enum import StrEnum


class ComplaintState(StrEnum):
    """Where a complaint stands. ANSWERED may still be escalated; RULED and CLOSED are final."""

    NONE = "none"
    OPEN = "open"
    ANSWERED = "answered"
    ESCALATED = "escalated"
    RULED = "ruled"
    CLOSED = "closed"

    @property
    def is_pending(self) -> bool:
        """Whether somebody still has to say something."""
        return self in (ComplaintState.OPEN, ComplaintState.ANSWERED, ComplaintState.ESCALATED)
