"""`returns doctor`: what is wrong with a running installation, and the command that mends it."""

import asyncio
import importlib
import os
from collections import Counter
from typing import Annotated, Any

import typer

from starters.cli.output import AsJson, console, show_json, words
from starters.cli.session import Session, session_of
from starters.doctor.codes import Severity
from starters.doctor.commands import Commands
from starters.doctor.findings import CheckMade, CheckState, Examination, Finding, Verdict
from workflows import ids

_EXIT_CODES = {Verdict.WELL: 0, Verdict.NOT_WELL: 1, Verdict.NOT_EXAMINED: 2}
_STYLES = {Severity.ACT_NOW: "bold red", Severity.LOOK_TODAY: "bold yellow", Severity.INFORMATION: "bold"}
_SERVER = (("--address", "TEMPORAL_ADDRESS"), ("--namespace", "TEMPORAL_NAMESPACE"))


def doctor_command(
    context: typer.Context,
    ledger_url: Annotated[
        str | None,
        typer.Option(envvar="RETURNFLOW_LEDGER_URL", help="The ledger; by default that of the local stack."),
    ] = None,
    deployment: Annotated[
        str, typer.Option(envvar="RETURNFLOW_DEPLOYMENT_NAME", help="The deployment of versioned workers.")
    ] = ids.DEFAULT_DEPLOYMENT,
    as_json: AsJson = False,
) -> None:
    """Find what is wrong with this installation, and say what mends it. Changes nothing.

    It looks at Temporal and its namespace, at workers and their task
    queues, at returns that stand still, that missed a deadline or whose
    calls do not get through, at payments without an end, at the nightly
    reconciliation, at messages, scans and receipts that lie in the ledger,
    and at returns on which ledger and Temporal disagree.

    On the stack of this folder:
      returns doctor
    Elsewhere, with the environment of a worker:
      TEMPORAL_ADDRESS=temporal:7233 RETURNFLOW_LEDGER_URL=... returns doctor
    For a program that watches:
      returns doctor --json

    Each finding has a code that does not change, such as
    queue-without-workers, and says: act now, or look today. What each
    code means, and what else to do: docs/ops.md, "returns doctor".
    A check that could not be made is told, with the reason.

    Exit codes: 0 all is well; 1 something is wrong, or could not be
    checked; 2 there is no such Temporal or namespace, which setting says.
    """
    session = session_of(context)
    url = ledger_url or session.ledger_url()
    address, namespace, task_queue = session.installation()
    doctor = _examination_module()
    installation = doctor.Installation(
        address=address,
        namespace=namespace,
        task_queue=task_queue,
        ledger_url=url,
        deployment=deployment,
        commands=commands_for(session, url),
    )
    progress = _silent if as_json else _tell
    examination: Examination = asyncio.run(doctor.examine(installation, progress=progress))
    if as_json:
        show_json(examination)
    else:
        show(examination)
    raise typer.Exit(_EXIT_CODES[examination.verdict])


def commands_for(session: Session, ledger_url: str) -> Commands:
    """What commands need besides the environment and the folder that this one was typed in."""
    address, namespace, task_queue = session.installation()
    server = [
        word
        for (option, variable), value in zip(_SERVER, (address, namespace), strict=True)
        if value and value != os.environ.get(variable, "default" if option == "--namespace" else "")
        for word in (option, value)
    ]
    usual = os.environ.get("RETURNFLOW_TASK_QUEUE") or ids.DEFAULT_TASK_QUEUE
    queue = [] if task_queue == usual else ["--task-queue", task_queue]
    ledger = ""
    if ledger_url and ledger_url != os.environ.get("RETURNFLOW_LEDGER_URL"):
        # Others than files may have a password in it.
        ledger = ledger_url if ledger_url.startswith("sqlite:") else "URL"
    return Commands(
        for_returns=() if session.is_local_stack() else (*server, *queue),
        for_setup=(*server, *queue, *(("--ledger-url", ledger) if ledger else ())),
        for_temporal=tuple(server),
        ledger="" if ledger_url == session.ledger_url() else ledger,
    )


def show(examination: Examination) -> None:
    """Write an examination for people: findings first, what is urgent before the rest, then what was looked at."""
    out = console()
    for severity in Severity:
        for finding in examination.findings:
            if finding.severity is severity:
                _show_finding(finding)
    not_made = [check for check in examination.checks if check.state is CheckState.NOT_MADE]
    for why_not in dict.fromkeys(check.note for check in not_made):
        names = ", ".join(check.name for check in not_made if check.note == why_not)
        out.print(f"not checked, {why_not}: {names}.", soft_wrap=True)
    style = "bold green" if examination.verdict is Verdict.WELL else "bold"
    out.print(_summary(examination, len(not_made)), style=style, soft_wrap=True)
    clean = [_named(check) for check in examination.checks if check.state is CheckState.CLEAN]
    if clean:
        out.print(f"looked at and found well: {', '.join(clean)}.", soft_wrap=True)


def _show_finding(finding: Finding) -> None:
    out = console()
    out.print(f"{words(finding.severity.value)}: {finding.code.value}", style=_STYLES[finding.severity])
    out.print(f"  {finding.what}", soft_wrap=True)
    out.print(f"  why:  {finding.why}", soft_wrap=True)
    if finding.rma_ids:
        out.print(f"  for:  {_returns(finding)}", soft_wrap=True)
    for number, step in enumerate(finding.steps):
        lead = "  do:   " if number == 0 else "        "
        note = f"  # {step.say}" if step.command and step.say else ""
        out.print(f"{lead}{step.command or step.say}{note}", soft_wrap=True)
    out.print()


def _returns(finding: Finding) -> str:
    more = finding.count - len(finding.rma_ids)
    told = ", ".join(finding.rma_ids)
    if finding.at_least:
        return f"{told} and more; at least {finding.count}"
    return f"{told} and {more} more" if more > 0 else told


def _summary(examination: Examination, not_made: int) -> str:
    took = f"{len(examination.checks)} checks in {examination.seconds:g} s"
    if examination.verdict is Verdict.WELL:
        return f"all is well ({took})"
    count = Counter(finding.severity for finding in examination.findings)
    found = f"act now: {count[Severity.ACT_NOW]}, look today: {count[Severity.LOOK_TODAY]}"
    blind = f", not checked: {not_made}" if not_made else ""
    return f"{found}{blind} ({took})"


def _named(check: CheckMade) -> str:
    return f"{check.name} ({check.note})" if check.note else check.name


def _examination_module() -> Any:
    """Imported only when needed: most commands need no database."""
    return importlib.import_module("starters.doctor.examination")


def _tell(what: str) -> None:
    typer.echo(f"{what} ...", err=True)


def _silent(_: str) -> None:
    pass
