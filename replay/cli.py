"""`returns histories export` and `returns replay`. What they run is loaded only then: it is the whole worker."""

import asyncio
import importlib
import os
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from temporalio.client import Client

from domain.record import Record
from replay.files import files_in
from starters.cli.output import AsJson, fail, show_json
from starters.cli.session import session_of
from starters.errors import ReturnsError

T = TypeVar("T")

_TOLD_EACH_SECONDS = 0.2

histories_app = typer.Typer(help="Export what Temporal recorded, without personal data.", no_args_is_help=True)

Limit = Annotated[int | None, typer.Option(min=1, help="How many at most; by default all.")]
_QUERY = "A visibility query of Temporal; empty for every workflow."


class ReplayReport(Record):
    """What the replay of many histories came to; `results` has each."""

    histories: int
    ok: int
    diverged: int
    unreadable: int
    seconds: float
    per_second: float
    results: tuple[Any, ...]


@histories_app.command("export")
def export_command(
    context: typer.Context,
    query: Annotated[str, typer.Option(metavar="VISIBILITY", help=_QUERY)],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where to write; is made if it is missing.")],
    limit: Limit = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files that exist.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write recorded histories as fixtures for replay, without personal data.

    One file per run: DIR/<workflow type>/<what happened>@<version>.json. What
    happened is read from the history: remedy, end, contested, breached, and
    the end of the RMA number. What still runs is "open". The version is that
    of the code that wrote it, where its worker named one.

    Names, contacts, addresses, ids of customers, orders and payments,
    waybills, photos and every free text become pseudonyms: one value has the
    same one in the whole history. Amounts, times, quantities, items and RMA
    numbers stay. A copy that does not replay as the original is not written.

    One return:
      returns histories export --query 'WorkflowId = "return/RMA"' --out DIR
    Broken promises:
      returns histories export --query 'ReturnBreached = true' --out DIR

    Exit codes: 0 all were written, 1 one was not, or none fits the query.
    """
    exporting, recorded = _module("replay.exporting"), _module("replay.recorded")

    async def work(client: Client) -> Any:
        exporter = exporting.Exporter(out, overwrite)
        progress = _Progress("exported")
        try:
            return await exporter.export(recorded.recorded_histories(client, query, limit), progress.at)
        finally:
            progress.end()

    export = _with_temporal(context, work)
    if as_json:
        show_json(export)
    for each in () if as_json else export.exported:
        typer.echo(each.file if each.replays else f"{each.file}  (does not replay here: returns replay {out})")
    for each in () if as_json else export.not_exported:
        typer.echo(f"not exported: {each.workflow_id} (run {each.run_id}): {each.why}", err=True)
    if not export.exported and not export.not_exported:
        fail("no workflow fits the query", "See which there are: returns list")
    if export.not_exported:
        raise typer.Exit(1)


def replay_command(
    context: typer.Context,
    folder: Annotated[
        Path | None, typer.Argument(metavar="DIR", help="A folder with histories as JSON, at any depth.")
    ] = None,
    query: Annotated[
        str | None,
        typer.Option(
            metavar="VISIBILITY", help="In place of DIR: a visibility query of Temporal; empty for every workflow."
        ),
    ] = None,
    limit: Limit = None,
    jobs: Annotated[
        int, typer.Option(min=1, max=64, help="Processes that replay.", show_default="one per core")
    ] = os.cpu_count() or 1,
    as_json: AsJson = False,
) -> None:
    """Replay histories on the code that is installed here, and say where they part from it.

    What does not replay stands for a return that this code would leave stuck.
    Its line names the event, what history holds there, and what the code asked
    for. Keep the old way, behind workflow.patched("...").

    Fixtures:
      returns replay tests/replay/histories
    What runs now:
      returns replay --query 'ExecutionStatus = "Running"'

    Exit codes: 0 all replay, 1 one does not or cannot be read, 2 wrong usage,
    such as a folder without histories.
    """
    if (folder is None) == (query is None):
        raise typer.BadParameter("name a folder with histories, or a --query, and not both")
    files = _files(folder, limit) if folder else []
    processes = _module("replay.processes")
    progress = _Progress("replayed")
    results: list[Any] = []

    def told(result: Any) -> None:
        results.append(result)
        progress.at(len(results))

    try:
        with processes.ReplayProcesses(min(jobs, len(files)) if folder else jobs) as replaying:
            began = time.perf_counter()
            if folder:
                done = asyncio.run(replaying.replay(_read_later(folder, files), told))
            else:
                fetched = _module("replay.recorded").recorded_histories
                encoded = _module("replay.replaying").encoded
                done = _with_temporal(
                    context, lambda client: replaying.replay(encoded(fetched(client, query or "", limit)), told)
                )
            seconds = time.perf_counter() - began
    except BrokenProcessPool:
        fail("a process died while it replayed", "Replay in one process, to see which history it was: --jobs 1")
    finally:
        progress.end()
    if not done:
        fail("no workflow fits the query", "See which there are: returns list")
    _report(done, seconds, as_json)


def _report(results: list[Any], seconds: float, as_json: bool) -> None:
    counts = {
        outcome: sum(each.outcome == outcome for each in results) for outcome in ("ok", "diverged", "unreadable")
    }
    report = ReplayReport(
        histories=len(results),
        **counts,
        seconds=round(seconds, 2),
        per_second=round(len(results) / seconds, 1),
        results=tuple(results),
    )
    if as_json:
        show_json(report)
    else:
        for each in results:
            event = f"event {each.event}: " if each.event else ""
            typer.echo(
                f"{each.outcome:<10}  {each.name}" + (f"\n            {event}{each.told}" if each.told else "")
            )
        sums = ", ".join(f"{count} {outcome}" for outcome, count in counts.items() if count)
        noun = "history" if len(results) == 1 else "histories"
        typer.echo(f"{len(results)} {noun} in {seconds:.1f} s ({report.per_second:.0f} per second): {sums}")
    if report.ok < report.histories:
        raise typer.Exit(1)


def _files(folder: Path, limit: int | None) -> list[Path]:
    if not folder.is_dir():
        raise typer.BadParameter(f"{folder} is no folder; name one with JSON files, one per workflow")
    files = files_in(folder)[:limit]
    if not files:
        raise typer.BadParameter(f"{folder} holds no history: there is no .json file in it")
    return files


async def _read_later(folder: Path, files: list[Path]) -> AsyncIterator[tuple[str, Path]]:
    for file in files:
        yield str(file.relative_to(folder)), file


def _with_temporal(context: typer.Context, work: Callable[[Client], Awaitable[T]]) -> T:
    session = session_of(context)

    async def connected() -> T:
        return await work(await session.temporal())

    try:
        return asyncio.run(connected())
    except (ReturnsError, OSError) as error:
        fail(str(error))


class _Progress:
    """A line on the terminal of errors that says how far it is; nothing where nobody looks on."""

    def __init__(self, done: str) -> None:
        self._done = done
        self._told_at = 0.0

    def at(self, count: int) -> None:
        """Say how many are done, a few times a second."""
        if sys.stderr.isatty() and time.monotonic() - self._told_at > _TOLD_EACH_SECONDS:
            self._told_at = time.monotonic()
            sys.stderr.write(f"\r{count} {self._done} ...")
            sys.stderr.flush()

    def end(self) -> None:
        """Take the line away."""
        if self._told_at:
            sys.stderr.write("\r\033[K")
            sys.stderr.flush()


def _module(name: str) -> Any:
    return importlib.import_module(name)
