"""The database: its schema, its settings, and who may not be one."""

import multiprocessing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError

from ledger.engine import open_engine
from ledger.errors import SchemaOutOfDate
from ledger.ledger import Ledger
from ledger.schema import migrate, require_current_schema
from ledger.tables import Base
from tests.unit.ledger_builders import an_opening, an_order
from tests.unit.ledger_rivals import migrate_at_once

pytest_plugins = ["tests.unit.ledger_fixtures"]


def test_the_migrations_make_what_the_models_describe(ledger: Ledger) -> None:
    with ledger.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_the_constraints_are_those_of_the_models(ledger: Ledger) -> None:
    inspector = inspect(ledger.engine)
    for table in Base.metadata.sorted_tables:
        declared = {str(each.name) for each in table.constraints if each.name}
        found = {str(each["name"]) for each in inspector.get_check_constraints(table.name)}
        found |= {str(each["name"]) for each in inspector.get_unique_constraints(table.name)}
        found |= {str(each["name"]) for each in inspector.get_foreign_keys(table.name)}
        found |= {str(inspector.get_pk_constraint(table.name)["name"])}
        assert found == declared


def test_migrating_again_changes_nothing(ledger_url: str, ledger: Ledger) -> None:
    ledger.open_return(an_opening("R1", an_order(), {"L1": 1}))

    migrate(ledger_url)

    require_current_schema(ledger.engine)
    assert ledger.open_returns("O-1") == ["R1"]


def test_two_processes_may_migrate_at_once(empty_url: str) -> None:
    spawn = multiprocessing.get_context("spawn")
    start = spawn.Barrier(3)
    rivals = [spawn.Process(target=migrate_at_once, args=(empty_url, start)) for _ in range(3)]
    for rival in rivals:
        rival.start()
    for rival in rivals:
        rival.join(60)

    assert [rival.exitcode for rival in rivals] == [0, 0, 0]
    engine = open_engine(empty_url)
    require_current_schema(engine)
    engine.dispose()


def test_a_database_without_the_schema_is_told_what_to_do(empty_url: str) -> None:
    engine = open_engine(empty_url)
    with pytest.raises(SchemaOutOfDate, match=r"missing, this version needs \d{4}: run `returns setup`"):
        require_current_schema(engine)
    engine.dispose()


def test_a_file_that_is_not_there_is_told_and_not_made(tmp_path: Path) -> None:
    path = tmp_path / "nowhere" / "ledger.sqlite"
    with pytest.raises(SchemaOutOfDate, match="run `returns setup`"):
        Ledger.open(f"sqlite:///{path}")

    assert not path.parent.exists()


def test_a_newer_schema_is_refused(ledger: Ledger) -> None:
    with ledger.engine.execution_options(ledger_writes=True).begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(SchemaOutOfDate, match="9999"):
        require_current_schema(ledger.engine)


def test_migrating_makes_the_folder_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "100% new" / "ledger.sqlite"

    migrate(f"sqlite:///{path}")

    assert path.is_file()


def test_the_database_itself_refuses_to_pay_back_more_than_was_captured(ledger: Ledger) -> None:
    ledger.open_return(an_opening("R1", an_order(), {"L1": 1}))

    with (
        pytest.raises(DBAPIError, match="ck_payments_within_captured"),
        ledger.engine.execution_options(ledger_writes=True).begin() as connection,
    ):
        connection.execute(text("UPDATE payments SET refunded_minor = 1, reserved_minor = 1000"))


@pytest.mark.parametrize(
    "url",
    [
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:///file::memory:?uri=true",
        "sqlite:///file:x?mode=memory&uri=true",
    ],
)
def test_a_database_in_memory_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="not a database in memory"):
        open_engine(url)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("oracle://s3cret@somewhere/ledger", "not on oracle"),
        ("the ledger of s3cret", "is no database URL"),
        ("", "is no database URL"),
        ("sqlite+none:///s3cret", "driver of sqlite\\+none is not installed"),
        ("postgresql+none://u:s3cret@db/x", "driver of postgresql\\+none is not installed"),
    ],
)
def test_a_database_that_cannot_be_used_is_refused_without_its_url(url: str, told: str) -> None:
    with pytest.raises(ValueError, match=told) as refused:
        open_engine(url)
    assert "s3cret" not in str(refused.value)


def test_a_database_that_does_not_answer_is_told_without_its_url() -> None:
    with pytest.raises(ValueError, match="cannot be opened") as refused:
        Ledger.open("postgresql+pg8000://u:s3cret@127.0.0.1:9/x")
    assert "s3cret" not in str(refused.value)


def test_sqlite_survives_a_power_cut_and_waits_for_other_writers(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    with engine.connect() as connection:
        settings = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    engine.dispose()

    full = 2
    assert settings == {
        "journal_mode": "wal",
        "synchronous": full,
        "foreign_keys": 1,
        "busy_timeout": 30_000,
    }
