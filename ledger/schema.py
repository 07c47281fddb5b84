"""The schema of the ledger's database: brought up to date by `migrate`, checked by every process that uses it."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, text

from ledger.engine import open_engine
from ledger.errors import SchemaOutOfDate

_MIGRATIONS = Path(__file__).parent / "migrations"
_MIGRATION_LOCK = 0x52455455524E  # any number that no other program locks: "RETURN" in ASCII


def migrate(url: str) -> None:
    """Bring the database up to the newest schema; make the file and its folder if there is none.

    It can be repeated, and several processes may do it at once: the first one works, the others wait.

    Raises:
        ValueError: If the URL names no database that the ledger runs on.
    """
    engine = open_engine(url)
    if engine.dialect.name == "sqlite" and engine.url.database:
        Path(engine.url.database).parent.mkdir(parents=True, exist_ok=True)
    config = _configuration()
    try:
        with engine.execution_options(ledger_writes=True).begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK})
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    finally:
        engine.dispose()


def require_current_schema(engine: Engine) -> None:
    """Check that the database has the schema that this code was written for.

    Raises:
        SchemaOutOfDate: If it is older, newer or empty.
    """
    wanted = set(ScriptDirectory.from_config(_configuration()).get_heads())
    found = set() if _is_missing_file(engine) else _found_revisions(engine)
    if found != wanted:
        raise SchemaOutOfDate(
            f"the ledger's schema is {', '.join(sorted(found)) or 'missing'}, this version needs "
            f"{', '.join(sorted(wanted))}: run `returns setup`"
        )


def _is_missing_file(engine: Engine) -> bool:
    # Connecting would make an empty file, or fail where there is no folder for it.
    database = engine.url.database or ""
    is_file = engine.dialect.name == "sqlite" and not database.startswith("file:")
    return is_file and not Path(database).exists()


def _found_revisions(engine: Engine) -> set[str]:
    with engine.connect() as connection:
        return set(MigrationContext.configure(connection).get_current_heads())


def _configuration() -> Config:
    config = Config()
    # Alembic reads options with interpolation, in which a percent sign of a path must be doubled.
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
