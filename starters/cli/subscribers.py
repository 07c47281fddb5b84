"""`returns subscribers`: who is told of events, how far, and what is in the way."""

from typing import Annotated

import typer

from starters.cli.ledger_access import LedgerUrl, with_ledger
from starters.cli.output import AsJson, console, moment, show_json, table

_MODULE = "starters.subscribers"
_HINT = "See who there is: returns subscribers"


def subscribers_command(
    revive: Annotated[str, typer.Option(metavar="NAME", help="Tell this one again, from where it was.")] = "",
    ledger_url: LedgerUrl = None,
    as_json: AsJson = False,
) -> None:
    """Show how far each subscriber was told; the command ends with 1 if one is dead.

    returns subscribers
    returns subscribers --revive shop
    """
    if revive:
        with_ledger(ledger_url, _MODULE, lambda known: known.revive(revive), _HINT)
    found = with_ledger(ledger_url, _MODULE, lambda known: known.all(), _HINT)
    if as_json:
        show_json(found)
    else:
        rows = table("name", "state", "waiting", "refused", "next attempt", "why")
        for each in found:
            next_attempt = moment(each.not_before) if each.not_before else ""
            rows.add_row(
                each.name, each.state.value, str(each.waiting), str(each.attempts), next_attempt, each.error
            )
        console().print(rows if found else "Nobody is told of events: set RETURNFLOW_SUBSCRIBERS for the worker.")
    if any(each.state.value == "dead" for each in found):
        raise typer.Exit(1)
