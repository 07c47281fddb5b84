"""`returns status` and `returns list`."""

from typing import Annotated

import typer

from domain.record import Identifier, Record
from starters.cli.output import AsJson, console, moment, show_json, table, words
from starters.cli.parsing import built
from starters.cli.session import with_returns
from starters.cli.status_view import show_status
from starters.client import ReturnsClient, ReturnSummary
from workflows import search_attributes

Rma = Annotated[str, typer.Argument(metavar="RMA", help="The number of the return.")]


class _Order(Record):
    order: Identifier


def status_command(context: typer.Context, rma: Rma, as_json: AsJson = False) -> None:
    """Show where a return stands, what is due, and what may be done next.

    returns status RMA
    returns status RMA --json
    """
    status = with_returns(context, lambda returns: returns.status(rma), rma)
    if as_json:
        show_json(status)
    else:
        show_status(console(), status)


def list_command(
    context: typer.Context,
    order: Annotated[str | None, typer.Option(help="Only the returns of this order.")] = None,
    query: Annotated[
        str | None, typer.Option(metavar="VISIBILITY", help="A visibility query of Temporal.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many at most.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List returns, the newest first. A change shows after a moment.

    The returns of an order:  returns list --order CN-1001
    What waits for a person:  returns list --query 'ReturnNeeds != "nobody"'
    Broken promises:          returns list --query 'ReturnBreached = true'
    What still runs:          returns list --query 'ExecutionStatus = "Running"'
    """
    parts = [f"({query})"] if query else []
    if order:
        parts.append(f'{search_attributes.ORDER_ID.name} = "{built(_Order, {"order": order}).order}"')
    found = with_returns(context, lambda returns: _search(returns, " AND ".join(parts), limit))
    if as_json:
        show_json(found)
        return
    rows = table("return", "order", "header", "stage", "needs", "late", "next due", "started", "closed")
    for each in found:
        rows.add_row(
            each.rma_id,
            each.order_id,
            each.header,
            words(each.stage),
            words(each.needs),
            "yes" if each.breached else "",
            moment(each.next_deadline),
            moment(each.started_at),
            moment(each.closed_at),
        )
    console().print(rows if found else "There are no such returns.")


async def _search(returns: ReturnsClient, query: str, limit: int) -> list[ReturnSummary]:
    return [summary async for summary in returns.search(query, limit)]
