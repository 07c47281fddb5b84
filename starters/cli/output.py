"""What the commands write: tables for people, JSON for programs, and errors that say what to do next."""

import json
import sys
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, NoReturn

import typer
from pydantic import BaseModel
from rich.console import Console
from rich.table import Table

_WIDTH_OF_A_FILE = 160

AsJson = Annotated[bool, typer.Option("--json", help="Write JSON for programs instead of tables.")]


def console() -> Console:
    """A console on standard output. Text is written as it is: what comes from outside is no markup."""
    width = None if sys.stdout.isatty() else _WIDTH_OF_A_FILE
    return Console(file=sys.stdout, width=width, markup=False, highlight=False, emoji=False)


def show_json(content: BaseModel | Sequence[BaseModel]) -> None:
    """Write a record, or a list of them, as JSON."""
    if isinstance(content, BaseModel):
        typer.echo(content.model_dump_json(indent=2))
    else:
        typer.echo(json.dumps([each.model_dump(mode="json") for each in content], indent=2, ensure_ascii=False))


def table(*headings: str, title: str = "") -> Table:
    """An empty table; what does not fit goes on in the next line of its cell."""
    made = Table(title=title or None, title_justify="left", header_style="bold")
    for heading in headings:
        made.add_column(heading, overflow="fold")
    return made


def moment(at: datetime | None) -> str:
    """A moment to the minute, in UTC."""
    return at.strftime("%Y-%m-%d %H:%M UTC") if at else ""


def words(code: str) -> str:
    """A code as words: ``window_passed`` is "window passed"."""
    return code.replace("_", " ")


def fail(message: str, hint: str = "") -> NoReturn:
    """End the command with code 1: what went wrong, and in a second line what to do next."""
    typer.echo(f"returns: {' '.join(message.split())}", err=True)
    if hint:
        typer.echo(hint, err=True)
    raise typer.Exit(1)
