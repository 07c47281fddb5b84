"""What a plain refund leaves in the databases: rows and bytes."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from bench.players import PlainRefund
from bench.rig import Rig
from domain.record import Record

_RETURNS = 300
_IN_FLIGHT = 40


class Storage(Record):
    """What one return adds, the mean of many.

    Attributes:
        returns: How many were played.
        ledger_rows: Rows by table of the ledger.
        ledger_bytes: Bytes of the ledger's file, indexes included.
        temporal_bytes: Bytes of the server's file, with the history, the visibility record and their indexes.
    """

    returns: int
    ledger_rows: dict[str, float]
    ledger_bytes: float
    temporal_bytes: float


async def measure_storage(rig: Rig, report: Callable[[str], None]) -> Storage:
    """Play returns and see what the databases grew by."""
    player = PlainRefund(rig)
    await player.prepare(_RETURNS + 1)
    await player.play()
    ledger, temporal = rig.stack.data / "ledger.db", rig.stack.data / "temporal.db"
    before = await _settled(rig, ledger, temporal)
    places = asyncio.Semaphore(_IN_FLIGHT)

    async def one() -> None:
        async with places:
            await player.play()

    await asyncio.gather(*(one() for _ in range(_RETURNS)))
    after = await _settled(rig, ledger, temporal)
    rows = {table: count - before[0].rows[table] for table, count in after[0].rows.items()}
    report(f"{_RETURNS} returns")
    return Storage(
        returns=_RETURNS,
        ledger_rows={table: count / _RETURNS for table, count in sorted(rows.items()) if count},
        ledger_bytes=(after[0].size - before[0].size) / _RETURNS,
        temporal_bytes=(after[1].size - before[1].size) / _RETURNS,
    )


class _Database(Record):
    rows: dict[str, int]
    size: int


async def _settled(rig: Rig, ledger: Path, temporal: Path) -> tuple[_Database, _Database]:
    """Look at both databases once the messages are out and the log is written into the file."""
    await rig.settle()
    return await asyncio.to_thread(_look, ledger), await asyncio.to_thread(_look, temporal)


def _look(file: Path) -> _Database:
    with closing(sqlite3.connect(file, timeout=30)) as connection:
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        rows = {name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for (name,) in tables}
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        free = connection.execute("PRAGMA freelist_count").fetchone()[0]
        size = connection.execute("PRAGMA page_size").fetchone()[0]
    return _Database(rows=rows, size=(pages - free) * size)
