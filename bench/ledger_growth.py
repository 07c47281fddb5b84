"""What a call of the ledger takes, by how many rows it holds."""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any
from uuid import uuid4

from sqlalchemy import BigInteger, ColumnElement, Engine, String, cast, func, insert, literal, select, text, true

from bench.curve import Curve, curve, in_tenths
from bench.ledger_life import (
    BATCH,
    LEASE,
    Times,
    an_order,
    bring_back,
    deliver_messages,
    open_one,
    order_of_return,
    parcel_of_return,
    settle,
)
from bench.postgres import NO_SERVER, programs, running_postgres
from domain.record import Record
from ledger.ledger import Ledger
from ledger.schema import migrate
from ledger.tables import Base

SIZES = (10_000, 100_000, 1_000_000)
_REPEATS = 50
_RETURNS_OF_ORDER = 50
_BACKLOGS = 5
_TEMPLATES = 20
_TEMPLATES_OPEN = 1
"""Of the returns that are copied, those that stay open."""

_KEYS = ("order_id", "rma_id", "key", "message_id", "tracking_no", "event_id")
"""What differs from copy to copy; the rest is the same in all of them."""

_SPREAD, _MODULUS = 2_654_435_761, 2**32
"""Copies are not named in the sequence of their numbers: the ids of returns are spread over an index as well."""


class Filled(Record):
    """A ledger that was filled: rows of all its tables together, the returns among them, and its size on disk."""

    rows: int
    returns: int
    megabytes: float
    seconds: float


class LedgerGrowth(Record):
    """One database.

    Attributes:
        database: `sqlite` or `postgresql`.
        left_out: Why it was not measured; empty if it was.
        filled: The ledger at each size.
        calls: A curve per call, the median in milliseconds.
        returns_of_order: Opening the k-th return of one order, in milliseconds, where the ledger is largest.
    """

    database: str
    left_out: str = ""
    filled: tuple[Filled, ...] = ()
    calls: tuple[Curve, ...] = ()
    returns_of_order: Curve | None = None


def measure_ledgers(
    folder: Path, report: Callable[[str], None], sizes: Sequence[int] = SIZES
) -> tuple[LedgerGrowth, ...]:
    """Fill a ledger on SQLite and one on PostgreSQL, and time the calls of a return at each size."""
    folder.mkdir(parents=True, exist_ok=True)
    on_sqlite = _measure("sqlite", f"sqlite:///{folder / 'grown.db'}", report, sizes)
    if not programs():
        report(NO_SERVER)
        return on_sqlite, LedgerGrowth(database="postgresql", left_out=NO_SERVER)
    with running_postgres() as url:
        return on_sqlite, _measure("postgresql", url, report, sizes)


def _measure(database: str, url: str, report: Callable[[str], None], sizes: Sequence[int]) -> LedgerGrowth:
    with _ledger(url) as ledger:
        templates = _play_templates(ledger)
        per_copy = _rows(ledger.engine)
        copies = 0
        filled: list[Filled] = []
        medians: dict[str, list[tuple[int, float]]] = {}
        for size in sizes:
            began = time.perf_counter()
            wanted = max(size // per_copy - 1, copies + 1)
            _copy(ledger.engine, copies, wanted)
            copies = wanted
            _come_to_rest(ledger.engine)
            rows = (copies + 1) * per_copy
            filled.append(
                Filled(
                    rows=rows,
                    returns=(copies + 1) * _TEMPLATES,
                    megabytes=_megabytes(ledger.engine),
                    seconds=time.perf_counter() - began,
                )
            )
            report(f"{database}: {rows} rows, filled in {filled[-1].seconds:.1f} s")
            times = Times()
            _time_calls(ledger, templates, copies, times)
            for name, values in times.of.items():
                medians.setdefault(name, []).append((rows, round(median(values), 3)))
        return LedgerGrowth(
            database=database,
            filled=tuple(filled),
            returns_of_order=_returns_of_one_order(ledger),
            calls=tuple(curve(name, "ms", points) for name, points in medians.items()),
        )


def _play_templates(ledger: Ledger) -> list[str]:
    """Returns that were really played; what they wrote is copied."""
    rma_ids = [f"RMA-{number:016}" for number in range(_TEMPLATES)]
    for number, rma_id in enumerate(rma_ids):
        open_one(ledger, rma_id, Times())
        bring_back(ledger, rma_id, Times())
        if number >= _TEMPLATES_OPEN:
            settle(ledger, rma_id, Times())
    deliver_messages(ledger, Times())
    return rma_ids


def _returns_of_one_order(ledger: Ledger) -> Curve:
    times = Times()
    order = an_order(f"O~{uuid4().hex[:16]}", _RETURNS_OF_ORDER)
    for line in order.lines:
        open_one(ledger, f"RMA~{uuid4().hex[:16]}", times, order=order, line_id=line.line_id)
    return curve("open the k-th return of an order", "ms", in_tenths(enumerate(times.of["open"], start=1)))


def _time_calls(ledger: Ledger, templates: Sequence[str], copies: int, times: Times) -> None:
    """The lives of new returns in a ledger of this size, and what is looked up of old ones."""
    deliver_messages(ledger, Times())
    for _ in range(_REPEATS):
        # Marked like a copy, so that it is not taken for one to copy.
        rma_id = f"RMA~{uuid4().hex[:16]}"
        open_one(ledger, rma_id, times)
        bring_back(ledger, rma_id, times)
        settle(ledger, rma_id, times)
        deliver_messages(ledger, times)
        _look_up(ledger, random.randint(1, copies), random.choice(templates), times)
    with _backlog(ledger.engine):
        for _ in range(_BACKLOGS):
            with times.timed("claim messages, a tenth of all waits"):
                claimed = ledger.claim_deliveries(datetime.now(UTC), BATCH, LEASE)
            ledger.delivered([each.message_id for each in claimed], datetime.now(UTC))


def _look_up(ledger: Ledger, copy: int, template: str, times: Times) -> None:
    """What API, relay, gauges and reconciliation ask."""
    rma_id = _name(copy, template)
    carrier, tracking_no = parcel_of_return(template)
    now = datetime.now(UTC)
    with times.timed("find a parcel"):
        found = ledger.find_parcel(carrier, _name(copy, tracking_no))
    assert found == rma_id
    with times.timed("how a return ended"):
        ledger.closed_return(rma_id)
    with times.timed("open returns of an order"):
        ledger.open_returns(_name(copy, order_of_return(template)))
    with times.timed("audit of a return"):
        ledger.audit_entries(rma_id)
    with times.timed("scans to pass on"):
        ledger.undelivered_events(BATCH, now)
    with times.timed("receipts to pass on"):
        ledger.due_receipts(BATCH)
    with times.timed("what waits"):
        ledger.backlog()
    with times.timed("parked messages"):
        ledger.parked_deliveries()
    with times.timed("unsettled payments"):
        ledger.unsettled_intents(BATCH, now)
    with times.timed("payments of a day"):
        ledger.paid_between(now - timedelta(days=2), now - timedelta(days=1), "", BATCH)
    with times.timed("the oldest open returns"):
        ledger.returns_opened_before(now, "", BATCH)


def _name(number: int, key: str) -> str:
    """The key of a copy."""
    return f"{number * _SPREAD % _MODULUS}~{key}"


def _copy(engine: Engine, copies: int, wanted: int) -> None:
    """Copy all that the templates wrote, until there are so many copies of it."""
    numbers = select(literal(copies + 1, BigInteger).label("number")).cte("numbers", recursive=True)
    numbers = numbers.union_all(select(numbers.c.number + 1).where(numbers.c.number < wanted))
    prefix = cast(numbers.c.number * _SPREAD % _MODULUS, String).concat("~")
    with engine.execution_options(ledger_writes=True).begin() as connection:
        for table in Base.metadata.sorted_tables:
            names = [name for name in _KEYS if name in table.c]
            if not names:
                continue
            columns = [column for column in table.c if column.name != "id"]
            values: list[ColumnElement[Any]] = [
                prefix.concat(column).label(column.name) if column.name in _KEYS else column for column in columns
            ]
            originals = (
                select(*values).select_from(table.join(numbers, true())).where(~table.c[names[0]].contains("~"))
            )
            connection.execute(insert(table).from_select(columns, originals))


def _come_to_rest(engine: Engine) -> None:
    """Have written what was filled in, so that the calls do not pay for it.

    PostgreSQL gathers its statistics by itself after a while; on SQLite nobody does in production either.
    """
    if engine.dialect.name == "postgresql":
        _run(engine, "ANALYZE")
        _run(engine, "CHECKPOINT")
        return
    # Outside of a transaction, which the engine would begin.
    borrowed = engine.raw_connection()
    try:
        borrowed.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        borrowed.close()


@contextmanager
def _backlog(engine: Engine) -> Iterator[None]:
    """Let a tenth of all messages wait, as after an outage of messaging."""
    _run(engine, "UPDATE outbox SET state = 'pending', not_before = NULL WHERE id % 10 = 0")
    yield
    _run(engine, "UPDATE outbox SET state = 'delivered' WHERE state = 'pending'")


def _rows(engine: Engine) -> int:
    with engine.connect() as connection:
        counts = (select(func.count()).select_from(table) for table in Base.metadata.sorted_tables)
        return sum(connection.execute(count).scalar_one() for count in counts)


def _megabytes(engine: Engine) -> float:
    query = (
        "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
        if engine.dialect.name == "sqlite"
        else "SELECT pg_database_size(current_database())"
    )
    with engine.connect() as connection:
        return round(float(connection.execute(text(query)).scalar_one()) / 2**20, 1)


def _run(engine: Engine, statement: str) -> None:
    with engine.execution_options(ledger_writes=True).begin() as connection:
        connection.execute(text(statement))


@contextmanager
def _ledger(url: str) -> Iterator[Ledger]:
    migrate(url)
    ledger = Ledger.open(url)
    yield ledger
    ledger.engine.dispose()
