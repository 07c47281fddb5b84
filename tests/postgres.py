"""A PostgreSQL server of the test run, in a temporary folder; the first test that needs it starts it.

It listens on a unix socket only and does not wait for the disk. The processes of pytest-xdist share it. A server
that is named in RETURNFLOW_TEST_LEDGER_URL takes its place.
"""

import fcntl
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import URL, make_url, text

from bench.postgres import programs, short_folder, start, stop, url_of
from ledger import migrations
from ledger.engine import open_engine
from ledger.schema import migrate
from ledger.tables import Base

_GIVEN = "RETURNFLOW_TEST_LEDGER_URL"
_FOLDER = "RETURNFLOW_TEST_POSTGRES"
_MIGRATIONS = Path(migrations.__file__).parent
_TEMPLATE = "ledger_template"
_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "max_connections": "300",
    "shared_buffers": "64MB",
}
_folder = pytest.StashKey[Path]()


class PostgresDatabases:
    """Makes databases on a server and drops them again.

    A ledger is emptied and given to the next test of this process: to make a database costs ten times as much.
    """

    def __init__(self, server: URL, template: str) -> None:
        """Use databases of the server of a URL; the template is the name of one with the newest schema."""
        self.template = template
        self._server = server
        self._head = ScriptDirectory(str(_MIGRATIONS)).get_current_head()
        self._spare: list[str] = []

    @contextmanager
    def empty(self) -> Iterator[str]:
        """The URL of a database without any table."""
        name = self._create()
        yield self._url(name)
        self.drop(name)

    @contextmanager
    def migrated(self) -> Iterator[str]:
        """The URL of an empty ledger with the newest schema."""
        name = self._spare.pop() if self._spare else self._create(f"TEMPLATE {self.template}")
        yield self._url(name)
        self._empty(name)
        self._spare.append(name)

    def make_template(self) -> None:
        """Make the database that ledgers are copied from."""
        self._execute(self._server.database, f"CREATE DATABASE {self.template}")
        migrate(self._url(self.template))

    def drop(self, *names: str) -> None:
        """Drop databases, whoever is still connected to them."""
        for name in names:
            self._execute(self._server.database, f"DROP DATABASE {name} WITH (FORCE)")

    def drop_all(self) -> None:
        """Drop everything that was made here."""
        self.drop(self.template, *self._spare)

    def _create(self, template: str = "") -> str:
        name = f"ledger_{uuid.uuid4().hex}"
        self._execute(self._server.database, f"CREATE DATABASE {name} {template}")
        return name

    def _empty(self, name: str) -> None:
        # A test that failed may have left a transaction, and one about the schema another version.
        tables = ", ".join(table.name for table in Base.metadata.sorted_tables)
        self._execute(
            name,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()",
            f"TRUNCATE {tables} RESTART IDENTITY",
            f"UPDATE alembic_version SET version_num = '{self._head}'",
        )

    def _execute(self, database: str | None, *statements: str) -> None:
        engine = open_engine(self._url(database))
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for statement in statements:
                connection.execute(text(statement))
        engine.dispose()

    def _url(self, database: str | None) -> str:
        return self._server.set(database=database).render_as_string(hide_password=False)


@contextmanager
def databases_of(url: str) -> Iterator[PostgresDatabases]:
    """Databases on a server that runs already."""
    databases = PostgresDatabases(make_url(url), f"ledger_template_{uuid.uuid4().hex}")
    databases.make_template()
    yield databases
    databases.drop_all()


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Choose the folder in the process that steers the run; the others inherit it."""
    if hasattr(session.config, "workerinput") or session.config.option.collectonly:
        return
    session.config.stash[_folder] = short_folder("returnflow-pg-")
    os.environ[_FOLDER] = str(session.config.stash[_folder])


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the server, whatever the run came to."""
    folder = config.stash.get(_folder, None)
    if folder is not None:
        stop(folder)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresDatabases]:
    """Databases on a PostgreSQL server; skips where there is none and none can be started."""
    if given := os.environ.get(_GIVEN):
        with databases_of(given) as databases:
            yield databases
    else:
        yield _databases_of_the_run()


def _databases_of_the_run() -> PostgresDatabases:
    missing = _what_is_missing()
    if missing:
        pytest.skip(f"not run on PostgreSQL: {missing}, or name a server in {_GIVEN}")
    folder = Path(os.environ[_FOLDER])
    databases = PostgresDatabases(make_url(url_of(folder)), _TEMPLATE)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "ready").exists():
            start(folder, _SETTINGS)
            databases.make_template()
            (folder / "ready").touch()
    return databases


def _what_is_missing() -> str:
    if not programs():
        return "no initdb and pg_ctl on this machine; install PostgreSQL's server (Debian: apt install postgresql)"
    if find_spec("pg8000") is None:
        return "its driver is not installed; pip install pg8000, or make setup"
    return ""
