"""Messages and scans that were refused for good and wait for a person, as the ledger keeps them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pydantic import Field

from domain.record import Record, UtcDatetime
from ledger.errors import DeliveryNotFound, EventNotFound
from ledger.ledger import Ledger
from starters.errors import ParkedNotFound
from starters.opened_ledger import opened_ledger


class ParkedItem(Record):
    """One item. `id` is what a retry names; a scan's is its carrier and event id."""

    id: str
    what: str
    rma_id: str
    at: UtcDatetime
    error: str


class RetryRequest(Record):
    """Which parked item to deliver again."""

    id: str = Field(min_length=1, max_length=300)


class ItemRetried(Record):
    """An item that is on its way again."""

    id: str


def parked_items(ledger: Ledger) -> list[ParkedItem]:
    """Everything that is parked: messages and notices first, then scans."""
    messages = [
        ParkedItem(
            id=parked.delivery.message_id,
            what=f"{parked.delivery.item.kind.value} {parked.delivery.item.name}",
            rma_id=parked.delivery.rma_id,
            at=parked.delivery.at,
            error=parked.error,
        )
        for parked in ledger.parked_deliveries()
    ]
    scans = [
        ParkedItem(
            id=f"{parked.event.carrier}:{parked.event.event_id}",
            what=f"scan {parked.event.kind} of {parked.event.tracking_no}",
            rma_id=ledger.find_parcel(parked.event.carrier, parked.event.tracking_no) or "",
            at=parked.event.occurred_at,
            error=parked.error,
        )
        for parked in ledger.parked_events()
    ]
    return [*messages, *scans]


def retry_item(ledger: Ledger, item_id: str) -> ItemRetried:
    """Have a parked item delivered again, once what it failed at is mended.

    Raises:
        ParkedNotFound: If nothing of this id is parked.
    """
    try:
        if "/" in item_id:
            ledger.retry_delivery(item_id)
        else:
            carrier, _, event_id = item_id.partition(":")
            ledger.retry_event(carrier, event_id)
    except (DeliveryNotFound, EventNotFound) as error:
        raise ParkedNotFound(f"Nothing is parked under {item_id}.", "id") from error
    return ItemRetried(id=item_id)


@dataclass(frozen=True)
class Parked:
    """What is parked in a ledger."""

    ledger: Ledger

    def items(self) -> list[ParkedItem]:
        """Everything that is parked."""
        return parked_items(self.ledger)

    def retry(self, item: str) -> ItemRetried:
        """Deliver an item again."""
        return retry_item(self.ledger, item)


@contextmanager
def opened(url: str) -> Iterator[Parked]:
    """What is parked in the ledger at a URL.

    Raises:
        LedgerUnusable: If it cannot be opened, or has another schema.
    """
    with opened_ledger(url) as ledger:
        yield Parked(ledger)
