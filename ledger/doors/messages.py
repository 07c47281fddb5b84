"""The outbox."""

from collections.abc import Collection
from datetime import datetime, timedelta

from domain.outbox import Delivery
from ledger import (
    outbox,
)
from ledger.answers import ParkedDelivery
from ledger.doors.base import Door
from ledger.engine import reading, writing


class OutboxDoor(Door):
    """The outbox."""

    def claim_deliveries(self, now: datetime, limit: int, lease: timedelta) -> list[Delivery]:
        """Take the oldest undelivered item of up to `limit` returns, for the time of the lease."""
        # Most polls find nothing; the one writer of SQLite is not kept from its work for them.
        with reading(self.engine) as session:
            if not outbox.any_due(session, now):
                return []
        with writing(self.engine) as session:
            return outbox.claim(session, now, limit, lease)

    def delivered(self, message_ids: Collection[str], now: datetime) -> None:
        """Mark items as delivered.

        Raises:
            DeliveryNotFound: If there is no such item.
        """
        with writing(self.engine) as session:
            outbox.delivered(session, message_ids, now)

    def delivery_failed(self, message_id: str, error: str, retry_at: datetime) -> None:
        """Keep an item for a later attempt; its successors wait for it.

        Raises:
            DeliveryNotFound: If there is no such item.
        """
        with writing(self.engine) as session:
            outbox.failed(session, message_id, error, retry_at)

    def park_delivery(self, message_id: str, error: str) -> None:
        """Put aside an item that was refused for good; its successors go on.

        Raises:
            DeliveryNotFound: If there is no such item.
        """
        with writing(self.engine) as session:
            outbox.park(session, message_id, error)

    def pending_deliveries(self) -> int:
        """How many items are still to be delivered, parked ones left out."""
        with reading(self.engine) as session:
            return outbox.pending_count(session)

    def parked_deliveries(self) -> list[ParkedDelivery]:
        """The items that were refused for good, oldest first."""
        with reading(self.engine) as session:
            return outbox.parked(session)

    def retry_delivery(self, message_id: str) -> None:
        """Have a parked item delivered again, once what it failed at is mended.

        Raises:
            DeliveryNotFound: If there is no such item, or it is not parked.
        """
        with writing(self.engine) as session:
            outbox.retry(session, message_id)
