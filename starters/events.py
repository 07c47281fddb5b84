"""Events as others get them: of a page of the feed, and each as Standard Webhooks has it."""

import base64
import binascii
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from domain.events import StoredEvent
from domain.record import Record, UtcDatetime
from ledger.errors import EventsGone
from ledger.ledger import Ledger
from starters.errors import CursorExpired, InvalidCursor
from starters.opened_ledger import opened_ledger
from workflows.contracts import ReturnStatus

_MARK = "events:"
_MOST_DIGITS = 18


class ReturnEvent(Record):
    """A return stands otherwise than before.

    Attributes:
        id: The same for every repeat.
        timestamp: When the return came to stand so, UTC.
        data: The whole return as it stood then. `followed_by` is empty: what follows comes after the last event.
    """

    id: str
    type: Literal["return.status_changed"] = "return.status_changed"
    timestamp: UtcDatetime
    data: ReturnStatus


class EventPage(Record):
    """Events, oldest first, and the cursor to go on from; it is there also when nothing is new."""

    events: tuple[ReturnEvent, ...]
    next: str


def public_event(stored: StoredEvent) -> ReturnEvent:
    """The event without what is ours."""
    data = ReturnStatus.model_validate(stored.snapshot)
    return ReturnEvent(id=stored.event_id, timestamp=stored.at, data=data)


def page_after(ledger: Ledger, cursor: str, limit: int) -> EventPage:
    """The events after a cursor; an empty one is before all that are kept.

    Raises:
        InvalidCursor: If no page gave it out.
        CursorExpired: If events after it were deleted.
    """
    position = _position(cursor) if cursor else 0
    try:
        found = ledger.events_after_cursor(position, limit) if cursor else ledger.events_after(0, limit)
    except EventsGone as error:
        raise CursorExpired(
            "Events after this cursor are not kept any more: read every open return anew, then begin without one.",
            "after",
        ) from error
    reached = found[-1].position if found else position
    return EventPage(events=tuple(map(public_event, found)), next=_cursor(reached))


def _cursor(position: int) -> str:
    return base64.urlsafe_b64encode(f"{_MARK}{position}".encode()).decode().rstrip("=")


def _position(cursor: str) -> int:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (binascii.Error, ValueError):
        text = ""
    known = re.fullmatch(rf"{_MARK}([0-9]{{1,{_MOST_DIGITS}}})", text)
    if known is None:
        raise InvalidCursor(
            "This is no cursor: give the `next` of a page, or none to begin at the start.", "after"
        )
    return int(known[1])


@dataclass(frozen=True)
class Feed:
    """The events of a ledger."""

    ledger: Ledger

    def after(self, cursor: str, limit: int) -> EventPage:
        """The events after a cursor.

        Raises:
            InvalidCursor: If no page gave it out.
            CursorExpired: If events after it were deleted.
        """
        return page_after(self.ledger, cursor, limit)


@contextmanager
def opened(url: str) -> Iterator[Feed]:
    """The events of the ledger at a URL.

    Raises:
        LedgerUnusable: If it cannot be opened, or has another schema.
    """
    with opened_ledger(url) as ledger:
        yield Feed(ledger)
