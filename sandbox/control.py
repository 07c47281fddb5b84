"""What a story, a person or an oracle uses: books, loads, faults, the providers' clock, health."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from domain.record import Record, UtcDatetime
from sandbox.bodies import Body
from sandbox.books import Book, Books, Entry
from sandbox.clock import ProviderClock
from sandbox.faults import FaultKind, Faults, FaultSpec, FaultState, Hit
from sandbox.loading import Loader, LoadSource, decode
from sandbox.settings import SandboxSettings
from sandbox.shop import LoadKind


class BookFilter(BaseModel):
    """Which entries of a book to read: those whose field has the value. An entry without it is left out.

    `key_prefix` selects everything that was done for a return, since all its keys begin with its RMA id.
    """

    model_config = ConfigDict(extra="forbid")

    key: str | None = None
    key_prefix: str = ""
    rma_id: str | None = None
    order_id: str | None = None
    customer_id: str | None = None
    reference: str | None = None
    payment_id: str | None = None
    method_id: str | None = None
    tracking_no: str | None = None
    recipient: str | None = None

    def of(self, entries: Sequence[Entry]) -> tuple[Entry, ...]:
        """Those of some entries that are asked for."""
        asked = self.model_dump(exclude_none=True, exclude={"key_prefix"})
        return tuple(
            entry
            for entry in entries
            if entry.key.startswith(self.key_prefix)
            and all((entry.key if name == "key" else entry.data.get(name)) == asked[name] for name in asked)
        )


class BookAnswer(Record):
    """Entries of a book, oldest first."""

    book: Book
    count: int
    entries: tuple[Entry, ...]


class EntriesAnswer(Record):
    """Entries of several books, in the order in which things happened."""

    count: int
    entries: tuple[Entry, ...]


class CountsAnswer(Record):
    """How many entries each book has."""

    books: dict[Book, int]


class LoadAnswer(Record):
    """How many records were loaded."""

    loaded: int


class FaultsAnswer(Record):
    """The faults that are set, and every hit since the start."""

    faults: tuple[FaultState, ...]
    hits: tuple[Hit, ...]


class ClearedAnswer(Record):
    """How many faults were removed."""

    cleared: int


class HealthAnswer(Record):
    """The sandbox answers."""

    status: str


class ClockSetting(Body):
    """How many seconds the providers' clocks are ahead; negative if they are behind."""

    ahead_seconds: float = Field(ge=-86_400, le=86_400)


def control_router(
    books: Books, loader: Loader, faults: Faults, clock: ProviderClock, settings: SandboxSettings
) -> APIRouter:
    """Make the routes that no provider has."""
    router = APIRouter(tags=["control"])

    @router.get("/healthz")
    async def health() -> HealthAnswer:
        """Tell that the sandbox listens."""
        return HealthAnswer(status="ok")

    @router.get("/books")
    async def counts() -> CountsAnswer:
        """Count the entries of each book."""
        return CountsAnswer(books=books.counts())

    @router.get("/books/{book}")
    async def read_book(book: Book, wanted: Annotated[BookFilter, Query()]) -> BookAnswer:
        """Read a book, or the entries of it that a filter selects."""
        entries = wanted.of(books.entries(book))
        return BookAnswer(book=book, count=len(entries), entries=entries)

    @router.get("/entries")
    async def read_entries(wanted: Annotated[BookFilter, Query()]) -> EntriesAnswer:
        """Read what all books together have of what a filter selects, such as everything of one return."""
        entries = sorted(
            (entry for book in Book for entry in wanted.of(books.entries(book))), key=lambda entry: entry.seq
        )
        return EntriesAnswer(count=len(entries), entries=tuple(entries))

    @router.post("/load/{kind}")
    async def load(
        kind: LoadKind,
        request: Request,
        now: UtcDatetime | None = None,
        delivered_ago: Annotated[timedelta | None, Query(ge=timedelta(0))] = None,
    ) -> LoadAnswer:
        """Load JSON Lines, all or none. A record replaces an earlier one of the same id."""
        text = decode(await request.body(), "body")
        loaded = loader.load(
            LoadSource(kind=kind, text=text, name="body"),
            now=now or settings.load_time(datetime.now(UTC)),
            delivered_ago=settings.delivered_ago if delivered_ago is None else delivered_ago,
        )
        return LoadAnswer(loaded=loaded)

    @router.post("/faults")
    async def set_fault(spec: FaultSpec) -> FaultState:
        """Set a fault."""
        return faults.add(spec)

    @router.get("/faults")
    async def read_faults() -> FaultsAnswer:
        """Read the faults that are set, and every hit."""
        return FaultsAnswer(faults=tuple(faults.states()), hits=tuple(faults.hits()))

    @router.delete("/faults")
    async def clear_faults(kind: FaultKind | None = None) -> ClearedAnswer:
        """Remove every fault, or those of a kind. The hits stay on record."""
        return ClearedAnswer(cleared=faults.clear(kind))

    @router.put("/clock")
    async def set_clock(setting: ClockSetting) -> ClockSetting:
        """Step the clocks by which providers say when a parcel was scanned and when a hold lapses."""
        clock.ahead = timedelta(seconds=setting.ahead_seconds)
        return setting

    @router.get("/clock")
    async def read_clock() -> ClockSetting:
        """Read how far the providers' clocks are off."""
        return ClockSetting(ahead_seconds=clock.ahead.total_seconds())

    return router
