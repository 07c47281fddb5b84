"""Connections to the ledger's database: SQLite in a file, or PostgreSQL, chosen by URL."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.orm import Session

_BUSY_TIMEOUT_SECONDS = 30.0


def open_engine(url: str) -> Engine:
    """Open the database of a URL: ``sqlite:///path`` or ``postgresql+pg8000://…``.

    Raises:
        ValueError: If it is no URL, or names another database, one that lives in memory only, or a driver that is
            not installed. The text never repeats the URL, which may hold a password.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ValueError("is no database URL, such as sqlite:////var/lib/returns/ledger.db") from None
    backend = parsed.get_backend_name()
    if backend not in ("sqlite", "postgresql"):
        raise ValueError(f"the ledger runs on SQLite or PostgreSQL, not on {backend}")
    try:
        if backend == "sqlite":
            return _open_sqlite(parsed)
        return create_engine(
            parsed, pool_pre_ping=True, isolation_level="READ COMMITTED", connect_args=_connect_arguments(parsed)
        )
    except (NoSuchModuleError, ModuleNotFoundError):
        raise ValueError(
            f"the driver of {parsed.drivername} is not installed: use sqlite:///… or postgresql+pg8000://…"
        ) from None


# SQLite's own wait for its one writer polls with growing pauses and is not fair; threads of one process take
# turns before they ask for it.
_turns: WeakKeyDictionary[Engine, threading.Lock] = WeakKeyDictionary()


@contextmanager
def writing(engine: Engine) -> Iterator[Session]:
    """One transaction that writes; it commits at the end and rolls back on any exception."""
    writer = engine.execution_options(ledger_writes=True)
    turn = _turns.get(engine, nullcontext())
    with turn, Session(writer, expire_on_commit=False) as session, session.begin():
        yield session


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """One transaction that only reads, and on SQLite waits for no writer."""
    with Session(engine, expire_on_commit=False) as session:
        yield session


def _connect_arguments(url: URL) -> dict[str, Any]:
    # pg8000 reads all certificates of the machine for each connection, also for one that needs no TLS: 20 ms.
    stays_on_this_machine = url.drivername == "postgresql+pg8000" and "unix_sock" in url.query
    return {"ssl_context": False} if stays_on_this_machine else {}


def _open_sqlite(url: URL) -> Engine:
    database = url.database
    if not database or ":memory:" in database or "mode=memory" in str(url):
        raise ValueError(
            "the ledger must outlive its process and be seen by others: name an SQLite file, "
            "not a database in memory"
        )
    engine = create_engine(url, connect_args={"timeout": _BUSY_TIMEOUT_SECONDS})
    event.listen(engine, "connect", _prepare_sqlite_connection)
    event.listen(engine, "begin", _begin_on_sqlite)
    _turns[engine] = threading.Lock()
    return engine


def _prepare_sqlite_connection(connection: sqlite3.Connection, _record: Any) -> None:
    # The driver would otherwise begin transactions by itself, and too late.
    connection.isolation_level = None
    _switch_to_write_ahead_log(connection)
    # A committed refund must survive a power cut; in WAL mode, NORMAL may lose the last commits.
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")


def _switch_to_write_ahead_log(connection: sqlite3.Connection) -> None:
    # SQLite does not wait for others when it changes the journal mode of a new file, so we do.
    deadline = time.monotonic() + _BUSY_TIMEOUT_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def _begin_on_sqlite(connection: Connection) -> None:
    # A transaction that reads first and asks for the write lock later can fail or act on stale facts.
    writes = connection.get_execution_options().get("ledger_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
