"""The books: everything that happened at the stand-in providers, in order. All state is a fold over them."""

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Protocol

from pydantic import BaseModel, JsonValue

from domain.record import Record, UtcDatetime


class Book(StrEnum):
    """The books that can be read at ``GET /books/{book}``."""

    LOADS = "loads"
    CHARGES = "charges"
    REFUNDS = "refunds"
    PAYMENT_HOLDS = "payment_holds"
    GIFT_CARDS = "gift_cards"
    PICKUPS = "pickups"
    LABELS = "labels"
    SCANS = "scans"
    COUPONS = "coupons"
    STORE_CREDIT = "store_credit"
    HOLDS = "holds"
    REPLACEMENTS = "replacements"
    FULFILMENTS = "fulfilments"
    REPAIRS = "repairs"
    MESSAGES = "messages"
    WAREHOUSE = "warehouse"
    CLAIMS = "claims"


class Entry(Record):
    """One thing that happened.

    Attributes:
        seq: Counts the entries of all books, from 1.
        key: What the entry is about: the caller's reference, a coupon's key, a message's id. Entries of one
            key are the history of one thing, and the latest tells how it stands.
        at: The caller's time of the effect, UTC.
    """

    seq: int
    book: Book
    key: str
    at: UtcDatetime
    data: dict[str, JsonValue]


class Draft(Record):
    """An entry that is about to be written."""

    book: Book
    key: str
    at: UtcDatetime
    data: BaseModel


class EntryLog(Protocol):
    """Where entries survive the process."""

    def read(self) -> list[Entry]:
        """Read back every entry, oldest first."""
        ...

    def write(self, entries: Sequence[Entry]) -> None:
        """Keep entries, all or none."""
        ...


class Books:
    """Append-only books. A fold registered for a book sees each of its entries once, in order."""

    def __init__(self, log: EntryLog | None = None) -> None:
        self._log = log
        self._entries: dict[Book, list[Entry]] = {book: [] for book in Book}
        self._folds: dict[Book, list[Callable[[Entry], None]]] = {book: [] for book in Book}
        self._next_seq = 1

    @property
    def next_seq(self) -> int:
        """The number that the next entry will get."""
        return self._next_seq

    def fold(self, book: Book, apply: Callable[[Entry], None]) -> None:
        """Let `apply` see every later entry of a book. Register before `restore`."""
        self._folds[book].append(apply)

    def restore(self) -> int:
        """Read the log back, if there is one.

        Returns:
            How many entries it held.
        """
        entries = self._log.read() if self._log else []
        self._accept(entries)
        return len(entries)

    def append(self, *drafts: Draft) -> list[Entry]:
        """Write entries, all or none, and fold them. They are kept before any state changes."""
        entries = [
            Entry(
                seq=self._next_seq + index,
                book=draft.book,
                key=draft.key,
                at=draft.at,
                data=draft.data.model_dump(mode="json"),
            )
            for index, draft in enumerate(drafts)
        ]
        if self._log:
            self._log.write(entries)
        self._accept(entries)
        return entries

    def entries(self, book: Book) -> Sequence[Entry]:
        """Every entry of a book, oldest first."""
        return self._entries[book]

    def counts(self) -> dict[Book, int]:
        """How many entries each book has."""
        return {book: len(entries) for book, entries in self._entries.items()}

    def _accept(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            self._next_seq = entry.seq + 1
            self._entries[entry.book].append(entry)
            for apply in self._folds[entry.book]:
                apply(entry)
