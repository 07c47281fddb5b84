"""`returns outbox ...`: messages and scans that were refused for good and wait for a person."""

from typing import Annotated

import typer

from starters.cli.ledger_access import LedgerUrl, with_ledger
from starters.cli.output import AsJson, console, moment, show_json, table

_MODULE = "starters.outbox"
_HINT = "See what there is: returns outbox parked"

outbox_app = typer.Typer(
    name="outbox", help="Messages and scans that were refused and wait for a person.", no_args_is_help=True
)


@outbox_app.command("parked")
def parked_command(ledger_url: LedgerUrl = None, as_json: AsJson = False) -> None:
    """List what was refused for good, with the reason.

    returns outbox parked
    """
    found = with_ledger(ledger_url, _MODULE, lambda parked: parked.items(), _HINT)
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
    retried = with_ledger(ledger_url, _MODULE, lambda parked: parked.retry(item), _HINT)
    if as_json:
        show_json(retried)
        return
    console().print(f"{retried.id} is on its way again.")
