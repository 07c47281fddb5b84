"""The providers' books of a run, sorted by return."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from domain.intents import ProviderStatus

Entry = dict[str, Any]
"""An entry as the sandbox gives it: `seq`, `key`, `at`, and `data`, which is what happened."""

READ = (
    "refunds",
    "charges",
    "payment_holds",
    "coupons",
    "store_credit",
    "pickups",
    "labels",
    "scans",
    "replacements",
    "fulfilments",
    "messages",
)
"""The books that the oracle reads."""


@dataclass
class BooksOfReturn:
    """What the providers wrote down about one return, in sequence, by book."""

    entries: dict[str, list[Entry]] = field(default_factory=dict)

    def of(self, book: str) -> list[Entry]:
        """What a book says, in sequence."""
        return [entry["data"] for entry in self.entries.get(book, ())]

    def moved(self, book: str) -> list[Entry]:
        """The refunds or charges that succeeded. A book has an entry per change of state; the last one counts."""
        last = {entry["provider_reference"]: entry for entry in self.of(book)}
        return [entry for entry in last.values() if entry["status"] == ProviderStatus.SUCCEEDED]

    def in_sequence(self) -> Iterator[tuple[str, Entry]]:
        """Refunds and charges as they succeeded, each with its book."""
        both = [
            (entry["seq"], book, entry["data"])
            for book in ("refunds", "charges")
            for entry in self.entries.get(book, ())
        ]
        seen: set[str] = set()
        for _, book, data in sorted(both, key=lambda each: each[0]):
            if data["status"] == ProviderStatus.SUCCEEDED and data["provider_reference"] not in seen:
                seen.add(data["provider_reference"])
                yield book, data

    def live(self, book: str) -> list[str]:
        """The references of pickups or labels that the carriers still honour."""
        name, alive = ("pickup_id", "booked") if book == "pickups" else ("label_id", "live")
        last = {entry[name]: entry for entry in self.of(book)}
        return [entry["reference"] for entry in last.values() if entry["status"] == alive]


def by_return(books: dict[str, Iterable[Entry]], rma_ids: Iterable[str]) -> dict[str, BooksOfReturn]:
    """Sort the entries of books by the return that they are about; those of no return of the run are left out.

    Keys or references begin with the RMA id; a scan has a tracking number, which a pickup or a label names.
    """
    found = {rma_id: BooksOfReturn() for rma_id in rma_ids}
    lengths = {len(rma_id) for rma_id in found}
    of_tracking_no = {
        entry["data"]["tracking_no"]: entry["data"]["rma_id"]
        for book in ("pickups", "labels")
        for entry in books.get(book, ())
    }
    for book, entries in books.items():
        for entry in entries:
            if book == "scans":
                rma_id = of_tracking_no.get(entry["key"], "")
            else:
                names = (str(entry["key"]), str(entry["data"].get("reference", "")))
                rma_id = next((name[:each] for name in names for each in lengths if name[:each] in found), "")
            if rma_id in found:
                found[rma_id].entries.setdefault(book, []).append(entry)
    return found
