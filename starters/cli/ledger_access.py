"""The way from a command to the ledger, for what needs no Temporal."""

import importlib
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

import typer

from starters.cli.output import fail
from starters.cli.stack_file import find_stack
from starters.errors import LedgerUnusable, ReturnsError

T = TypeVar("T")

LedgerUrl = Annotated[
    str | None,
    typer.Option(envvar="RETURNFLOW_LEDGER_URL", help="The ledger; by default that of the local stack."),
]


def with_ledger(url: str | None, module: str, work: Callable[[Any], T], hint: str) -> T:
    """Do something with what a module opens in the ledger; end the command with code 1 if that is refused.

    Args:
        url: The ledger; by default that of the local stack.
        module: Has `opened(url)`. It is imported only now: most commands need no database.
        work: What to do.
        hint: What to look at if it is refused.
    """
    stack = find_stack()
    where = url or (stack.ledger_url if stack else "")
    if not where:
        raise typer.BadParameter("name the ledger with --ledger-url or RETURNFLOW_LEDGER_URL")
    try:
        with importlib.import_module(module).opened(where) as found:
            return work(found)
    except LedgerUnusable as error:
        fail(str(error))
    except ReturnsError as error:
        fail(str(error), hint)
