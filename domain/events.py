"""A change of a return's status, as others are told of it."""

from typing import Any

from domain.record import Record, UtcDatetime


class StatusEvent(Record):
    """A return stands otherwise than before.

    Attributes:
        event_id: The same for every repeat of this change.
        at: When the return came to stand so, in the workflow's time, UTC.
        snapshot: How it stood then: what the API answers for the return (`ReturnStatus`), as JSON.
    """

    event_id: str
    at: UtcDatetime
    snapshot: dict[str, Any]


class StoredEvent(StatusEvent):
    """An event with its place in the sequence of all events, which grows in the order of their commits."""

    position: int
    rma_id: str
