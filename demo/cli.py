"""`returns demo`: plays the stories with a live display and judges them."""

import asyncio
import json
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.live import Live
from rich.table import Table

from demo.run import StoryResult, run_stories
from demo.story import Ending, Story, load_stories
from demo.teller import Progress
from domain.application import Locale
from domain.money_text import format_minor
from starters.cli.explain import show_explanation
from starters.cli.output import console
from starters.ports import Ports
from starters.stack import Stack, StackError

_STAGES = {
    "review": "approval",
    "ship-back": "logistics",
    "inspection": "inspection",
    "settlement": "reimbursement AUTHORIZED",
}
"""The stages, by how the timeline speaks of them."""


def demo_command(
    as_json: Annotated[bool, typer.Option("--json", help="Write the outcomes as JSON to stdout.")] = False,
    faults: Annotated[
        Path | None,
        typer.Option(help="Faults of the sandbox providers from the start, as a JSON file.", exists=True),
    ] = None,
    explain: Annotated[bool, typer.Option("--explain", help="Show every amount of each return, too.")] = False,
    only: Annotated[list[str] | None, typer.Option("--story", help="Play this story only; repeatable.")] = None,
) -> None:
    """Play the stories of a return over days of virtual time, and judge each by the providers' books.

    Everything runs on this machine in a folder that is removed afterwards: a Temporal server, the sandbox
    providers, a worker and the API, on free ports. Exits 1 if a story does not end as told.

    Example: returns demo --story late_inspection --explain
    """
    stories = [story for story in load_stories() if not only or story.name in only]
    if not stories:
        known = ", ".join(story.name for story in load_stories())
        typer.echo(f"There is no such story. The stories are: {known}", err=True)
        raise typer.Exit(2)
    try:
        results = asyncio.run(_play(stories, faults, Console(stderr=True, quiet=as_json)))
    except StackError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    if as_json:
        typer.echo(json.dumps(_as_data(results), ensure_ascii=False, indent=2))
    else:
        _print(results, Console())
        for result in results if explain else ():
            if result.explanation:
                show_explanation(console(), result.explanation, Locale.EN)
    raise typer.Exit(0 if all(result.ended_as_told for result in results) else 1)


async def _play(stories: list[Story], faults: Path | None, console: Console) -> list[StoryResult]:
    arguments = ["--faults", str(faults)] if faults else []
    with tempfile.TemporaryDirectory(prefix="returnflow-demo-") as folder:
        stack = Stack(Path(folder), Ports.free(), time_skipping=True, sandbox_arguments=arguments)
        board = _Board(stories)
        with console.status("starting Temporal, the providers, a worker and the API ..."):
            await stack.start()
        try:
            with Live(get_renderable=board.table, console=console, refresh_per_second=8, transient=True):
                return await run_stories(stack, stories, board.take)
        finally:
            with console.status("stopping ..."):
                await stack.stop()


class _Board:
    """The live display: a line per story."""

    def __init__(self, stories: list[Story]) -> None:
        self._stories = stories
        self._progress: dict[str, Progress] = {}

    def take(self, progress: Progress) -> None:
        self._progress[progress.story.name] = progress

    def table(self) -> Table:
        ended = sum(progress.ended for progress in self._progress.values())
        table = Table(title=f"{ended} of {len(self._stories)} stories ended", title_justify="left", expand=False)
        for column in ("story", "virtual time", "where it is"):
            table.add_column(column, no_wrap=True)
        for story in self._stories:
            progress = self._progress.get(story.name)
            if progress is None:
                table.add_row(story.title, "", "starting")
            else:
                style = "green" if progress.ended else ""
                table.add_row(story.title, _days(progress.virtual), progress.stage, style=style)
        return table


def _print(results: list[StoryResult], console: Console) -> None:
    table = Table(title="Stories, judged by the providers' books", title_justify="left")
    for column in ("story", "stages reached", "virtual time", "money and coupons moved", "outcome"):
        table.add_column(column)
    for result in results:
        outcome = "[green]as told[/]" if result.ended_as_told else "[red]NOT as told[/]"
        header = result.status.header.value if result.status else ""
        table.add_row(
            result.story.title,
            " → ".join(_stages(result)),
            _days(result.virtual),
            "\n".join(_moved(result.ending)) or "nothing",
            f"{header}\n{outcome}",
        )
    console.print(table)
    for result in results:
        for difference in result.differences:
            console.print(f"[red]{result.story.name}[/]: {difference}")
    told = sum(result.ended_as_told for result in results)
    console.print(f"{told} of {len(results)} stories ended as told.")


def _stages(result: StoryResult) -> list[str]:
    """The stages that the return passed through; a display, not the judgement."""
    if result.status is None:
        return []
    seen = [entry.what for entry in result.status.timeline]
    return [stage for stage, mark in _STAGES.items() if any(mark in what for what in seen)]


def _moved(ending: Ending) -> list[str]:
    return [
        *(f"refund {format_minor(m.amount_minor, m.currency)} → {m.method_id}" for m in ending.refunds),
        *(f"charge {format_minor(m.amount_minor, m.currency)} ← {m.method_id}" for m in ending.charges),
        *(f"coupon {format_minor(c.amount_minor, c.currency)} → {c.customer_id}" for c in ending.coupons),
        *(f"replacement {', '.join(items)}" for items in ending.replacements),
        *(f"claim {format_minor(c.amount_minor, c.currency)} ← {c.party}" for c in ending.claims),
    ]


def _days(span: timedelta) -> str:
    hours = int(span.total_seconds() // 3600)
    return f"{hours // 24} d {hours % 24:2} h"


def _as_data(results: list[StoryResult]) -> dict[str, Any]:
    return {
        "ended_as_told": all(result.ended_as_told for result in results),
        "stories": [
            {
                "story": result.story.name,
                "rma_id": result.rma_id,
                "ended_as_told": result.ended_as_told,
                "differences": result.differences,
                "header": result.status.header.value if result.status else None,
                "stages": _stages(result),
                "virtual_hours": round(result.virtual.total_seconds() / 3600, 2),
                **result.ending.model_dump(mode="json"),
            }
            for result in results
        ],
    }
