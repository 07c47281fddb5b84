"""`returns outbox ...`: messages and scans that were refused for good and wait for a person."""

import importlib
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

import typer

from starters.cli.output import AsJson, console, fail, moment, show_json, table
from starters.cli.stack_file import find_stack
from starters.errors import LedgerUnusable, ReturnsError

T = TypeVar("T")

LedgerUrl = Annotated[
    str | None,
    typer.Option(envvar="RETURNFLOW_LEDGER_URL", help="The ledger; by default that of the local stack."),
]

outbox_app = typer.Typer(
    name="outbox", help="Messages and scans that were refused and wait for a person.", no_args_is_help=True
)


@outbox_app.command("parked")
def parked_command(ledger_url: LedgerUrl = None, as_json: AsJson = False) -> None:
    """List what was refused for good, with the reason.

    returns outbox parked
    """
    found = _with_ledger(ledger_url, lambda parked: parked.items())
    if as_json:
        show_json(found)
        return
    rows = table("id", "what", "return", "at", "why")
    for item in found:
        rows.add_row(item.id, item.what, item.rma_id, moment(item.at), item.error)
    console().print(rows if found else "Nothing is parked.")


@outbox_app.command("retry")
def retry_command(
    item: Annotated[str, typer.Argument(help="The id, as `returns outbox parked` shows it.")],
    ledger_url: LedgerUrl = None,
    as_json: AsJson = False,
) -> None:
    """Deliver a parked item again, once what it failed at is mended.

    returns outbox retry RMA-7Q2M4K9TZB3X5W8A/settle-1/0
    """
    retried = _with_ledger(ledger_url, lambda parked: parked.retry(item))
    if as_json:
        show_json(retried)
        return
    console().print(f"{retried.id} is on its way again.")


def _with_ledger(url: str | None, work: Callable[[Any], T]) -> T:
    """Do something with what reads the ledger, which is imported only when needed."""
    stack = find_stack()
    where = url or (stack.ledger_url if stack else "")
    if not where:
        raise typer.BadParameter("name the ledger with --ledger-url or RETURNFLOW_LEDGER_URL")
    try:
        with importlib.import_module("starters.outbox").opened(where) as parked:
            return work(parked)
    except LedgerUnusable as error:
        fail(str(error))
    except ReturnsError as error:
        fail(str(error), "See what there is: returns outbox parked")
