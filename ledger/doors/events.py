"""The events, and how far each subscriber was told of them."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from domain.events import StoredEvent
from domain.subscribers import Subscriber, SubscriberState
from ledger import events, subscribers
from ledger.doors.base import Door
from ledger.engine import reading, writing


class EventsDoor(Door):
    """The events, and how far each subscriber was told of them."""

    def events_after(self, position: int, limit: int) -> Sequence[StoredEvent]:
        """The events that were appended after a position, oldest first; 0 is before all of them."""
        with reading(self.engine) as session:
            return events.after(session, position, limit)

    def events_after_cursor(self, position: int, limit: int) -> Sequence[StoredEvent]:
        """The events after a place that a reader has reached, oldest first.

        Raises:
            EventsGone: If some of them were deleted.
        """
        with reading(self.engine) as session:
            return events.after_cursor(session, position, limit)

    def forget_events(self, before: datetime, at_any_rate: datetime, limit: int) -> int:
        """Delete the oldest events, at most `limit`; how many.

        Args:
            before: Of those that happened before this moment, the ones that no subscriber waits for.
            at_any_rate: Those that happened before this moment, whoever waits.
            limit: How many at most.
        """
        with writing(self.engine) as session:
            return events.forget(session, before, at_any_rate, limit)

    def register_subscriber(self, name: str) -> None:
        """Know a subscriber. A new one is told what happens from now on."""
        with writing(self.engine) as session:
            subscribers.register(session, name)

    def claim_events(self, name: str, now: datetime, limit: int, lease: timedelta) -> Sequence[StoredEvent]:
        """Take the next events of a subscriber for the time of the lease; nobody else gets them meanwhile."""
        # Most polls find nothing; the one writer of SQLite is not kept from its work for them.
        with reading(self.engine) as session:
            if not subscribers.is_due(session, name, now):
                return []
        with writing(self.engine) as session:
            return subscribers.claim(session, name, now, limit, lease)

    def events_taken(self, name: str, position: int) -> None:
        """Keep that a subscriber took everything up to a position, and end the lease."""
        with writing(self.engine) as session:
            subscribers.took(session, name, position)

    def event_not_taken(
        self, name: str, position: int, error: str, now: datetime, wait: timedelta, is_gone: bool
    ) -> SubscriberState:
        """Keep that a subscriber did not take the event at a position, unless somebody else says it did.

        Args:
            name: The subscriber.
            position: Of the event.
            error: Why, without anything secret.
            now: The wall clock.
            wait: How long it asks to be left alone.
            is_gone: Whether it wants nothing any more.

        Returns:
            Whether it is tried again.
        """
        with writing(self.engine) as session:
            return subscribers.failed(session, name, position, error, now, wait, is_gone)

    def revive_subscriber(self, name: str) -> None:
        """Tell a subscriber again, from where it was.

        Raises:
            SubscriberNotFound: If there is none of this name.
        """
        with writing(self.engine) as session:
            subscribers.revive(session, name)

    def subscribers(self) -> list[Subscriber]:
        """How far each subscriber was told, by name."""
        with reading(self.engine) as session:
            return subscribers.all_of_them(session)
