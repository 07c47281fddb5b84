"""How far each subscriber was told, as the ledger keeps it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from domain.subscribers import Subscriber
from ledger.errors import SubscriberNotFound
from ledger.ledger import Ledger
from starters.errors import ParkedNotFound
from starters.opened_ledger import opened_ledger


@dataclass(frozen=True)
class Subscribers:
    """Those of a ledger."""

    ledger: Ledger

    def all(self) -> Sequence[Subscriber]:
        """How far each one was told, by name."""
        return self.ledger.subscribers()

    def revive(self, name: str) -> None:
        """Tell one again from where it was.

        Raises:
            ParkedNotFound: If there is none of this name.
        """
        try:
            self.ledger.revive_subscriber(name)
        except SubscriberNotFound as error:
            raise ParkedNotFound(f"There is no subscriber {name}.", "name") from error


@contextmanager
def opened(url: str) -> Iterator[Subscribers]:
    """Those of the ledger at a URL.

    Raises:
        LedgerUnusable: If it cannot be opened, or has another schema.
    """
    with opened_ledger(url) as ledger:
        yield Subscribers(ledger)
