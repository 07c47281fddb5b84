"""The ledger as its callers see it: each method is one transaction, safe to repeat and from any thread."""

from typing import Self

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from ledger.doors.authority import AuthorityDoor
from ledger.doors.events import EventsDoor
from ledger.doors.inbound import InboundDoor
from ledger.doors.messages import OutboxDoor
from ledger.doors.money import MoneyDoor
from ledger.doors.news import NewsDoor
from ledger.doors.reconciliation import ReconciliationDoor
from ledger.doors.returns import ReturnsDoor
from ledger.doors.watching import WatchingDoor
from ledger.engine import open_engine
from ledger.schema import require_current_schema


class Ledger(
    ReturnsDoor,
    MoneyDoor,
    NewsDoor,
    AuthorityDoor,
    OutboxDoor,
    EventsDoor,
    InboundDoor,
    ReconciliationDoor,
    WatchingDoor,
):
    """The serial owner of the units and the money of each order.

    An entry (a method that takes one of `domain.bookkeeping`) is written once: a repeat under the same `op`
    gets the first answer. What is refused raises an error of `ledger.errors` and leaves nothing written.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @classmethod
    def open(cls, url: str) -> Self:
        """Open the ledger at a database URL.

        Raises:
            ValueError: If the URL names no database that the ledger runs on, or it cannot be opened.
            SchemaOutOfDate: If its schema is not the one that this code was written for.
        """
        engine = open_engine(url)
        try:
            require_current_schema(engine)
        except SQLAlchemyError as error:
            # Its text would repeat the address and the user of the database.
            raise ValueError(f"the database cannot be opened: {type(error).__name__}") from None
        return cls(engine)
