"""A ledger of its own for each test: an SQLite file, or a database of the server at RETURNFLOW_TEST_LEDGER_URL."""

import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import URL, create_engine, make_url, text

from ledger.ledger import Ledger
from ledger.schema import migrate

_SERVER = os.environ.get("RETURNFLOW_TEST_LEDGER_URL", "")


def _execute(statement: str) -> None:
    engine = create_engine(_SERVER, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


def _database(name: str) -> URL:
    return make_url(_SERVER).set(database=name)


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A database with the newest schema, to copy: the path of a file, or the name on the server."""
    if not _SERVER:
        path = tmp_path_factory.mktemp("ledger") / "migrated.sqlite"
        migrate(f"sqlite:///{path}")
        yield str(path)
        return
    name = f"ledger_template_{uuid.uuid4().hex}"
    _execute(f"CREATE DATABASE {name}")
    migrate(_database(name).render_as_string(hide_password=False))
    yield name
    _execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def empty_url(tmp_path: Path) -> Iterator[str]:
    """The URL of a database without any table."""
    if not _SERVER:
        yield f"sqlite:///{tmp_path / 'empty.sqlite'}"
        return
    name = f"ledger_empty_{uuid.uuid4().hex}"
    _execute(f"CREATE DATABASE {name}")
    yield _database(name).render_as_string(hide_password=False)
    _execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def ledger_url(migrated: str, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty ledger with the newest schema."""
    if not _SERVER:
        path = tmp_path / "ledger.sqlite"
        shutil.copy(migrated, path)
        yield f"sqlite:///{path}"
        return
    name = f"ledger_{uuid.uuid4().hex}"
    _execute(f"CREATE DATABASE {name} TEMPLATE {migrated}")
    yield _database(name).render_as_string(hide_password=False)
    _execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    """An empty ledger."""
    opened = Ledger.open(ledger_url)
    yield opened
    opened.engine.dispose()
