"""The ledger's database: whether it answers, has the schema of this version, and takes writes."""

import asyncio
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError

from ledger.errors import SchemaOutOfDate
from ledger.ledger import Ledger
from starters.doctor.codes import Code
from starters.doctor.commands import Commands
from starters.doctor.findings import Finding, Looked, Step
from starters.doctor.limits import Limits
from starters.doctor.site import Site, in_thread

_STANDS = "No return takes its next step, and none can be opened; they go on by themselves once it is mended."


@dataclass(frozen=True)
class Opened:
    """What came of opening the ledger: the ledger, or the finding that says why there is none."""

    ledger: Ledger | None = None
    finding: Finding | None = None


async def open_ledger(url: str, commands: Commands, limits: Limits) -> Opened:
    """Open the ledger at a URL, which no text repeats: it may hold a password."""
    try:
        async with asyncio.timeout(2 * limits.answer.total_seconds()):
            return Opened(await in_thread(lambda: Ledger.open(url)))
    except SchemaOutOfDate as error:
        return Opened(finding=_other_schema(str(error), commands))
    except ValueError as error:
        return Opened(finding=_away(f"The ledger cannot be opened: {error}."))
    except SQLAlchemyError as error:
        return Opened(finding=_away(f"The ledger cannot be opened: {type(error).__name__}."))
    except TimeoutError:
        return Opened(finding=_away("The ledger's database does not answer."))


async def takes_writes(site: Site) -> Looked:
    """A lock that somebody holds for long, or a database that only reads."""
    ledger = site.ledger
    why_not = await in_thread(lambda: ledger.refuses_writes(site.limits.lock))
    if not why_not:
        return Looked()
    return Looked(
        findings=(
            Finding(
                code=Code.LEDGER_LOCKED,
                what=f"The ledger takes no writes: {why_not}.",
                why=_STANDS,
                steps=(
                    Step(
                        say="Find who holds it and end that: a shell on the file, a copy not made by .backup, "
                        "a migration that hangs. On PostgreSQL: SELECT pid, state, query FROM pg_stat_activity."
                    ),
                ),
            ),
        )
    )


def _away(told: str) -> Finding:
    return Finding(
        code=Code.LEDGER_AWAY,
        what=told,
        why=_STANDS,
        steps=(Step(say="Look at RETURNFLOW_LEDGER_URL. If it is right, the database is down: start it."),),
    )


def _other_schema(told: str, commands: Commands) -> Finding:
    return Finding(
        code=Code.LEDGER_SCHEMA,
        what=f"{told[0].upper()}{told[1:].partition(':')[0]}.",
        why="Workers and API of this version do not start on it.",
        steps=(
            Step(
                say="If the schema is newer than this version, start the newer version. Otherwise stop workers "
                "and API, back the ledger up, and:"
            ),
            Step(command=commands.setup()),
        ),
    )
