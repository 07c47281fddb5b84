"""Whether the ledger's database takes writes, found out without writing anything."""

import sqlite3
from datetime import timedelta

from sqlalchemy import Engine, text

_WAITING_FOR_LOCKS = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' "
    "AND query_start < clock_timestamp() - make_interval(secs => :seconds)"
)


def refuses_writes(engine: Engine, patience: timedelta) -> str:
    """Why the database takes no writes, in words; empty if it does.

    SQLite has one writer at a time: its lock is taken and given back. On PostgreSQL it is asked whether the server
    only reads, and whether anybody has waited for a lock for longer than the patience.
    """
    if engine.dialect.name == "sqlite":
        return _sqlite(engine, patience)
    with engine.connect() as connection:
        if connection.scalar(text("SHOW transaction_read_only")) == "on":
            return "the server only reads: it is a standby, or was made read-only"
        waiting = connection.scalar(_WAITING_FOR_LOCKS, {"seconds": patience.total_seconds()})
    seconds = patience.total_seconds()
    return f"sessions that wait for a lock for over {seconds:g} seconds: {waiting}" if waiting else ""


def _sqlite(engine: Engine, patience: timedelta) -> str:
    # The engine begins transactions and waits in its own way; here both are asked for.
    borrowed = engine.raw_connection()
    try:
        cursor = borrowed.cursor()
        cursor.execute("PRAGMA busy_timeout")
        row = cursor.fetchone()
        usual = row[0] if row else 0
        cursor.execute(f"PRAGMA busy_timeout = {int(patience.total_seconds() * 1000)}")
        try:
            cursor.execute("BEGIN IMMEDIATE")
            cursor.execute("ROLLBACK")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_READONLY:
                return "the file is read-only here"
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
            return f"another process has held its lock for over {patience.total_seconds():g} seconds"
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {usual}")
    finally:
        borrowed.close()
    return ""
