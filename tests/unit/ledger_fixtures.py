"""A ledger of its own for each test: on SQLite, and in a deep run on PostgreSQL as well.

A file or a test chooses for itself, and on PostgreSQL is then not deep:
`@pytest.mark.parametrize("databases", ["sqlite", "postgresql"], indirect=True)`.
"""

import shutil
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

import pytest

from ledger.ledger import Ledger
from ledger.schema import migrate


class Databases(Protocol):
    """Where a test gets a database of its own from; each is gone after its block."""

    def empty(self) -> AbstractContextManager[str]:
        """The URL of a database without any table."""

    def migrated(self) -> AbstractContextManager[str]:
        """The URL of an empty ledger with the newest schema."""


class SqliteFiles:
    """Files in a folder, copied from one with the newest schema."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._template = folder / "migrated.sqlite"
        migrate(f"sqlite:///{self._template}")

    @contextmanager
    def empty(self) -> Iterator[str]:
        """The URL of a file that is not there yet."""
        folder = self._folder / uuid.uuid4().hex
        folder.mkdir()
        yield f"sqlite:///{folder / 'ledger.sqlite'}"
        shutil.rmtree(folder)

    @contextmanager
    def migrated(self) -> Iterator[str]:
        """The URL of an empty ledger with the newest schema."""
        with self.empty() as url:
            shutil.copy(self._template, url.removeprefix("sqlite:///"))
            yield url


@pytest.fixture(scope="session")
def sqlite_files(tmp_path_factory: pytest.TempPathFactory) -> SqliteFiles:
    """Databases in a folder."""
    return SqliteFiles(tmp_path_factory.mktemp("ledger"))


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.deep)])
def databases(request: pytest.FixtureRequest) -> Databases:
    """Where the ledger of the test is."""
    made: Databases = request.getfixturevalue("sqlite_files" if request.param == "sqlite" else "postgres")
    return made


@pytest.fixture
def empty_url(databases: Databases) -> Iterator[str]:
    """The URL of a database without any table."""
    with databases.empty() as url:
        yield url


@pytest.fixture
def ledger_url(databases: Databases) -> Iterator[str]:
    """The URL of an empty ledger with the newest schema."""
    with databases.migrated() as url:
        yield url


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    """An empty ledger."""
    opened = Ledger.open(ledger_url)
    yield opened
    opened.engine.dispose()
