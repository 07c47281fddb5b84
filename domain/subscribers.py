"""Who is told of events, and when it is tried again. Standard Webhooks 1.0.0 names the schedule."""

from datetime import datetime, timedelta
from enum import StrEnum

from domain.record import Record, UtcDatetime

RETRIES = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""How long after each failed attempt the next one comes; after the last one the subscriber is given up."""


class SubscriberState(StrEnum):
    """A dead one is told nothing until a person revives it; nothing of what it missed is lost."""

    ACTIVE = "active"
    DEAD = "dead"


class Subscriber(Record):
    """How far a subscriber was told.

    Attributes:
        position: The last event that it took.
        waiting: How many events there are after it.
        attempts: How often the next event was refused.
        not_before: When it is tried next, or the end of the lease of who tries it now, UTC.
        error: What the last attempt failed at.
    """

    name: str
    state: SubscriberState
    position: int
    waiting: int
    attempts: int
    not_before: UtcDatetime | None
    error: str


def next_attempt(failures: int, now: datetime, wait: timedelta = timedelta(0)) -> datetime | None:
    """When to try again after so many failures in a row, at least `wait` from now; None if no more."""
    if failures > len(RETRIES):
        return None
    return now + max(RETRIES[failures - 1], min(wait, RETRIES[-1]))
