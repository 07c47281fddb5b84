"""`returns audit`: what was refused, and what was granted beyond the rules."""

from typing import Annotated

import typer

from domain.audit import AuditEntry
from starters.cli.output import AsJson, console, fail, moment, show_json, table, words
from starters.cli.session import audit_module, session_of


def audit_command(
    context: typer.Context,
    rma: Annotated[str | None, typer.Argument(metavar="[RMA]", help="The return; by default all.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many lines at most.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Show who was refused or granted what, and by which rule, the newest first.

    Refusals by role, version and authority are kept, and every payout
    that a person granted beyond the rules. The ledger is the one of
    RETURNFLOW_LEDGER_URL, or else of `returns up`; commands that know
    neither keep no refusals.

    returns audit
    returns audit RMA
    returns audit --limit 500 --json
    """
    url = session_of(context).ledger_url()
    if not url:
        fail("no ledger is known.", "Start a stack with `returns up`, or set RETURNFLOW_LEDGER_URL")
    audit = audit_module()
    try:
        found: list[AuditEntry] = audit.read_at(url, rma, limit)
    except audit.AuditUnavailable as error:
        fail(f"the ledger cannot be read: {error}.", "Check RETURNFLOW_LEDGER_URL")
    if as_json:
        show_json(found)
        return
    rows = table("at", "return", "who", "action", "outcome", "rule", "detail")
    for entry in found:
        rows.add_row(
            moment(entry.at),
            entry.rma_id,
            f"{entry.actor_role} {entry.actor_id}",
            words(entry.action),
            entry.outcome.value,
            words(entry.rule),
            entry.detail,
        )
    console().print(rows if found else "Nothing was refused or granted beyond the rules.")
