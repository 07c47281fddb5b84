"""`returns events`: what changed, as subscribers are told of it."""

from typing import Annotated

import typer

from starters.cli.ledger_access import LedgerUrl, with_ledger
from starters.cli.output import AsJson, console, moment, show_json, table

_MODULE = "starters.events"
_HINT = "Begin with the first event: returns events"


def events_command(
    after: Annotated[str, typer.Option(help="The cursor that the page before ended with.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many events at most.")] = 100,
    ledger_url: LedgerUrl = None,
    as_json: AsJson = False,
) -> None:
    """Show every change of a return's status after a cursor, oldest first.

    returns events
    returns events --after ZXZlbnRzOjQy --json
    """
    page = with_ledger(ledger_url, _MODULE, lambda feed: feed.after(after, limit), _HINT)
    if as_json:
        show_json(page)
        return
    rows = table("at", "return", "header", "approval", "goods", "inspection", "money")
    for event in page.events:
        stands = event.data
        axes = (stands.header, stands.approval, stands.logistics, stands.inspection, stands.reimbursement)
        rows.add_row(moment(event.timestamp), stands.rma_id, *(axis.value for axis in axes))
    console().print(rows if page.events else "Nothing changed.")
    console().print(f"next: {page.next}")
