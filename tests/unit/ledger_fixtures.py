"""A ledger of its own for each test, on SQLite and on PostgreSQL; with RETURNFLOW_TEST_LEDGER_URL there alone.

A test that is for one of them: `@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)`.
"""

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

import pytest

from ledger.ledger import Ledger
from ledger.schema import migrate
from tests.postgres import databases_of

_SERVER = os.environ.get("RETURNFLOW_TEST_LEDGER_URL", "")


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


@pytest.fixture(scope="session", params=["given"] if _SERVER else ["sqlite", "postgresql"])
def databases(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """Where the ledgers of the tests are."""
    if _SERVER:
        with databases_of(_SERVER) as made:
            yield made
    elif request.param == "sqlite":
        yield SqliteFiles(tmp_path_factory.mktemp("ledger"))
    else:
        yield request.getfixturevalue("postgres")


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
