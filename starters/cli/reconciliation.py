"""`returns reconciliation ...`: what ledger, payment provider and workflows differ in."""

import asyncio
from typing import Annotated

import typer

from domain.actions import Role
from domain.reconciliation import ReconciliationReport
from starters.cli.actors import ActorId, acting
from starters.cli.ledger_access import LedgerUrl, with_ledger
from starters.cli.output import AsJson, console, fail, moment, show_json, table, words
from starters.cli.parsing import point_in_time
from starters.cli.session import session_of
from starters.errors import ReturnsError
from starters.reconciling import reconcile_now, reconcile_since

_MODULE = "starters.reconciliation"
_HINT = "See what there is: returns reconciliation list"

reconciliation_app = typer.Typer(
    name="reconciliation",
    help="What ledger, payment provider and workflows differ in, and what to do about it.",
    no_args_is_help=True,
)


@reconciliation_app.command("list")
def list_command(ledger_url: LedgerUrl = None, as_json: AsJson = False) -> None:
    """List the differences that wait for a person, and what to do for each.

    returns reconciliation list
    """
    found = with_ledger(ledger_url, _MODULE, lambda differences: differences.open(), _HINT)
    if as_json:
        show_json(found)
        return
    rows = table("key", "return", "since", "differs", "to do")
    for task in found:
        differs = "; ".join(f"{words(name)}: {value}" for name, value in task.details.items())
        rows.add_row(task.key, task.rma_id, moment(task.opened_at), differs, task.to_do)
    console().print(rows if found else "Nothing differs.")


@reconciliation_app.command("accept")
def accept_command(
    key: Annotated[str, typer.Argument(help="As `returns reconciliation list` shows it.")],
    note: Annotated[str, typer.Option(help="What was done; required.")] = "",
    actor: ActorId = None,
    ledger_url: LedgerUrl = None,
    as_json: AsJson = False,
) -> None:
    """Take a difference off the list, once a person has seen to it. It opens again if it goes away and comes back.

    returns reconciliation accept payment_amount/RMA-7Q2M4K9TZB3X5W8A-refund-1-t1 --note 'Rest paid by hand.'
    """
    if not note:
        raise typer.BadParameter("say what was done with --note")
    by = acting(None, actor, Role.SUPERVISOR).id
    accepted = with_ledger(ledger_url, _MODULE, lambda differences: differences.accept(key, by, note), _HINT)
    if as_json:
        show_json(accepted)
        return
    console().print(f"{accepted.key} was accepted by {accepted.accepted_by}.")


@reconciliation_app.command("run")
def run_command(
    context: typer.Context,
    since: Annotated[
        str | None,
        typer.Option(
            help="Look through the provider's payments since this moment; by default since the last run."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Reconcile now, without waiting for the night, and show what was found.

    returns reconciliation run
    After the ledger came back from a backup, since its day:
    returns reconciliation run --since 2026-11-20T00:00:00Z
    """
    session = session_of(context)
    begin = point_in_time(since) if since else None

    async def reconciled() -> ReconciliationReport:
        client = await session.temporal()
        if begin is None:
            return await reconcile_now(client)
        return await reconcile_since(client, session.task_queue(), begin)

    try:
        report = asyncio.run(reconciled())
    except ReturnsError as error:
        fail(str(error), "Its runs: temporal workflow list --query 'WorkflowType = \"ReconciliationWorkflow\"'")
    if as_json:
        show_json(report)
        return
    _show(report)


def _show(report: ReconciliationReport) -> None:
    out = console()
    out.print(
        f"compared: {report.checked} open intents, {report.payments} payments, {report.returns} open returns, "
        f"{report.workflows} workflows; {report.not_answered} without an answer"
    )
    keys = {
        "written down": report.settled,
        "came back": report.returned,
        "opened": report.opened,
        "gone": report.closed,
        "advances not paid back": report.unpaid_advances,
    }
    rows = table("what", "key")
    for what, each in ((what, each) for what, found in keys.items() for each in found):
        rows.add_row(what, each)
    if rows.row_count:
        out.print(rows)
    out.print(f"waiting for a person: {report.tasks_open}")
    if report.tasks_open:
        out.print("next:  returns reconciliation list")
