"""The list of the payment provider: what was made, or came to another end, in a time, as the books have it."""

from collections.abc import Iterator
from datetime import datetime

from domain.intents import PaymentDirection, ProviderStatus
from domain.record import MinorUnits, Record, UtcDatetime
from sandbox.books import Book, Books, Entry
from sandbox.movements import ChargeOrigin


class PaymentChange(Record):
    """A payment or a hold as it stands, with the time of its last entry. Amounts are minor units."""

    direction: PaymentDirection
    reference: str
    provider_reference: str
    status: ProviderStatus
    amount_minor: MinorUnits
    currency: str
    failure: str = ""
    expires_at: UtcDatetime | None = None
    at: UtcDatetime


class ChangesPage(Record):
    """A part of the list; `next` is empty at its end."""

    payments: tuple[PaymentChange, ...]
    next: str = ""


class PaymentChanges:
    """Everything that was asked for through the API; payments that came with an order are not listed."""

    def __init__(self, books: Books) -> None:
        # A payment that changes moves to the end, so the sequence is that of the last entries.
        self._changes: dict[tuple[PaymentDirection, str], tuple[int, PaymentChange]] = {}
        books.fold(Book.REFUNDS, lambda entry: self._take(PaymentDirection.REFUND, entry))
        books.fold(Book.CHARGES, lambda entry: self._take(PaymentDirection.CHARGE, entry))
        books.fold(Book.PAYMENT_HOLDS, lambda entry: self._take(PaymentDirection.HOLD, entry))

    def page(self, since: datetime, until: datetime, after: int, limit: int) -> ChangesPage:
        """The first changes of a time behind an entry of the books."""
        found: list[tuple[int, PaymentChange]] = []
        for seq, change in self._between(since, until, after):
            if len(found) == limit:
                return ChangesPage(payments=tuple(each for _, each in found), next=str(found[-1][0]))
            found.append((seq, change))
        return ChangesPage(payments=tuple(each for _, each in found))

    def _between(self, since: datetime, until: datetime, after: int) -> Iterator[tuple[int, PaymentChange]]:
        for seq, change in self._changes.values():
            if seq > after and since <= change.at < until:
                yield seq, change

    def _take(self, direction: PaymentDirection, entry: Entry) -> None:
        if entry.data.get("origin") == ChargeOrigin.LOADED:
            return
        change = PaymentChange.model_validate({**entry.data, "direction": direction, "at": entry.at})
        key = direction, change.provider_reference
        self._changes.pop(key, None)
        self._changes[key] = entry.seq, change
