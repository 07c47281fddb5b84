"""A disk without room for the ledger: nothing is half written, and the same call succeeds once there is room."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy.exc import OperationalError

from ledger.ledger import Ledger
from tests.unit.ledger_builders import a_line, an_opening, an_order, row_counts

pytest_plugins = ["tests.unit.ledger_fixtures"]

# SQLite can be told how large its file may become; PostgreSQL reports the same as an error of class 53.
pytestmark = pytest.mark.parametrize("databases", ["sqlite"], indirect=True)


@contextmanager
def full_disk(ledger: Ledger) -> Iterator[None]:
    """No page more than there are, on the one connection that the test has."""
    with ledger.engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    yield
    with ledger.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1000000")


def test_a_return_that_found_no_room_is_opened_once_there_is_some(ledger: Ledger) -> None:
    lines = tuple(a_line(f"L{number}", 1, 1000) for number in range(400))
    opening = an_opening("R1", an_order(lines=lines), {"L1": 1})
    before = row_counts(ledger.engine)

    with full_disk(ledger):
        for _ in range(2):
            with pytest.raises(OperationalError, match="disk is full"):
                ledger.open_return(opening)
        assert row_counts(ledger.engine) == before

    assert ledger.open_return(opening).refusal is None
    assert ledger.open_returns("O-1") == ["R1"]
