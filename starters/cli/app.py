"""The command line put together."""

from importlib.metadata import version
from typing import Annotated

import typer

from starters.cli.apply import apply_command
from starters.cli.audit import audit_command
from starters.cli.claims import claim_app
from starters.cli.decide import act_command, cancel_command, review_command
from starters.cli.deploy import deploy_app
from starters.cli.doctor import doctor_command
from starters.cli.events import events_command
from starters.cli.explain import explain_command
from starters.cli.look import list_command, status_command
from starters.cli.outbox import outbox_app
from starters.cli.policy import policy_app
from starters.cli.processes import api_command, sandbox_command, worker_command
from starters.cli.receiving import parked_app, receipt_command
from starters.cli.reconciliation import reconciliation_app
from starters.cli.reopen import reopen_command
from starters.cli.scan import scan_command
from starters.cli.session import Session
from starters.cli.subscribers import subscribers_command
from starters.cli.warehouse import inspect_command, receive_command

_RETURNS = "Returns"
_WAREHOUSE = "Warehouse"
_RULES = "Rules"
PROCESSES = "Processes"
HISTORIES = "Histories"
"""Parts of the help, for commands that are added elsewhere."""

app = typer.Typer(
    name="returns",
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(asked: bool) -> None:
    if asked:
        typer.echo(f"returnflow {version('returnflow')}")
        raise typer.Exit


@app.callback()
def main_command(
    context: typer.Context,
    address: Annotated[
        str | None, typer.Option(envvar="TEMPORAL_ADDRESS", help="Temporal's address, such as localhost:7233.")
    ] = None,
    namespace: Annotated[
        str | None, typer.Option(envvar="TEMPORAL_NAMESPACE", help="Temporal's namespace.")
    ] = None,
    task_queue: Annotated[
        str | None, typer.Option(envvar="RETURNFLOW_TASK_QUEUE", help="The queue that workers take returns from.")
    ] = None,
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """A durable return pipeline: apply for returns, follow them, pass on what people decide.

    Start a whole pipeline on this machine:
      returns up
    Start a return:
      returns apply --order CN-1001 --customer C-101 --line SHIRT-M-SAND
    See where it stands, and what may be done next:
      returns status RMA

    Without --address and TEMPORAL_ADDRESS, the stack that `returns up`
    started here is used. Commands that answer take --json for programs.
    Exit codes: 0 done, 1 refused or failed, 2 wrong usage.
    """
    if context.obj is None:
        context.obj = Session(address, namespace, task_queue)


app.command("apply", rich_help_panel=_RETURNS)(apply_command)
app.command("status", rich_help_panel=_RETURNS)(status_command)
app.command("explain", rich_help_panel=_RETURNS)(explain_command)
app.command("list", rich_help_panel=_RETURNS)(list_command)
app.command("review", rich_help_panel=_RETURNS)(review_command)
app.command("cancel", rich_help_panel=_RETURNS)(cancel_command)
app.command("reopen", rich_help_panel=_RETURNS)(reopen_command)
app.command("act", rich_help_panel=_RETURNS)(act_command)
app.command("audit", rich_help_panel=_RETURNS)(audit_command)
app.command("receive", rich_help_panel=_WAREHOUSE)(receive_command)
app.command("receipt", rich_help_panel=_WAREHOUSE)(receipt_command)
app.add_typer(parked_app, name="parked", rich_help_panel=_WAREHOUSE)
app.command("inspect", rich_help_panel=_WAREHOUSE)(inspect_command)
app.command("scan", rich_help_panel=_WAREHOUSE)(scan_command)
app.add_typer(policy_app, name="policy", rich_help_panel=_RULES)
app.add_typer(claim_app, rich_help_panel=_RETURNS)
app.command("events", rich_help_panel=PROCESSES)(events_command)
app.command("subscribers", rich_help_panel=PROCESSES)(subscribers_command)
app.add_typer(outbox_app, rich_help_panel=PROCESSES)
app.add_typer(reconciliation_app, rich_help_panel=PROCESSES)
app.add_typer(deploy_app, rich_help_panel=PROCESSES)
app.command("doctor", rich_help_panel=PROCESSES)(doctor_command)
app.command("worker", rich_help_panel=PROCESSES)(worker_command)
app.command("api", rich_help_panel=PROCESSES)(api_command)
app.command(
    "sandbox",
    rich_help_panel=PROCESSES,
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []},
)(sandbox_command)
