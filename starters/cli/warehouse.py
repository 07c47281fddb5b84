"""`returns receive` and `returns inspect`: what the warehouse reports."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from domain.actions import Action, Role
from domain.inspection import Disposition, Grade, Verdict
from starters.cli.actors import ActorId, ActsAs, acting
from starters.cli.look import Rma
from starters.cli.output import AsJson, fail
from starters.cli.parsing import built, counted_line, graded_line, point_in_time
from starters.cli.sending import send
from starters.cli.session import with_returns
from workflows.contracts import InspectionReport, Receipt, ReturnStatus

WhichParcel = Annotated[int | None, typer.Option(help="Which parcel of the return, where it has several.")]

# What cannot be sold as it is waits for a person; so does what the customer may still contest.
_DISPOSITIONS = {Grade.A: Disposition.RESTOCK, Grade.B: Disposition.OPEN_BOX}


def receive_command(
    context: typer.Context,
    rma: Rma,
    line: Annotated[
        list[str] | None,
        typer.Option(metavar="LINE:QTY", help="What came; repeatable. By default everything."),
    ] = None,
    at: Annotated[str | None, typer.Option(metavar="ISO", help="When it came; by default now.")] = None,
    parcel: WhichParcel = None,
    role: ActsAs = None,
    actor: ActorId = None,
    as_json: AsJson = False,
) -> None:
    """Record the receipt scan of a parcel. The 48 hours of the inspection run from it.

    returns receive RMA
    returns receive RMA --line 1:1 --at 2026-11-22T08:00:00Z
    """
    lines = [{"line_id": line_id, "quantity": quantity} for line_id, quantity in map(counted_line, line or [])]
    received_at = point_in_time(at) if at else datetime.now(UTC)
    who = acting(role, actor, Role.WAREHOUSE)
    receipt = built(Receipt, {"actor": who, "received_at": received_at, "lines": lines, "parcel": parcel})
    send(context, rma, Action.RECEIVE, receipt, as_json)


def inspect_command(
    context: typer.Context,
    rma: Rma,
    accept_all: Annotated[bool, typer.Option("--accept-all", help="All that came is as new.")] = False,
    accept: Annotated[
        list[str] | None,
        typer.Option(
            metavar="LINE:QTY[:GRADE]", help="Units that are taken back; grade A by default; repeatable."
        ),
    ] = None,
    reject: Annotated[
        list[str] | None,
        typer.Option(metavar="LINE:QTY:GRADE", help="Units that are not, with a --note; repeatable."),
    ] = None,
    note: Annotated[str, typer.Option(help="What the customer is shown of a rejection.")] = "",
    parcel: WhichParcel = None,
    role: ActsAs = None,
    actor: ActorId = None,
    as_json: AsJson = False,
) -> None:
    """Record the finished inspection. What came and is not named counts as missing.

    Grades: A like new, B opened, C damaged, D unsellable, FAIL wrong or
    counterfeit. With photos, deductions or dispositions of your own:
    `returns act RMA inspect --file report.json`.

    returns inspect RMA --accept-all
    returns inspect RMA --accept 1:2 --accept 2:1:B
    returns inspect RMA --accept 1:1 --reject 1:1:C --note 'It is cracked.'
    """
    if accept_all == bool(accept or reject):
        raise typer.BadParameter("name --accept-all, or units with --accept and --reject")
    if reject and not note:
        raise typer.BadParameter("a rejection needs a --note that the customer can be shown")
    if accept_all:
        units = _all_units(with_returns(context, lambda returns: returns.status(rma), rma), parcel)
    else:
        units = [_unit(*graded_line(text, Grade.A), Verdict.ACCEPTED, "") for text in accept or []]
        units += [_unit(*graded_line(text), Verdict.REJECTED, note) for text in reject or []]
    who = acting(role, actor, Role.WAREHOUSE)
    report = built(InspectionReport, {"actor": who, "units": units, "parcel": parcel})
    send(context, rma, Action.INSPECT, report, as_json)


def _all_units(status: ReturnStatus, parcel: int | None) -> list[dict[str, Any]]:
    quantities = _units_that_came(status, parcel)
    if not any(quantities.values()):
        fail(f"{status.rma_id} has no units to inspect.", f"See where it stands: returns status {status.rma_id}")
    return [
        _unit(line_id, quantity, Grade.A, Verdict.ACCEPTED, "")
        for line_id, quantity in quantities.items()
        if quantity
    ]


def _units_that_came(status: ReturnStatus, number: int | None) -> dict[str, int]:
    """By line, of the parcel that is named, or else of those that can be inspected."""
    lines = [
        line
        for parcel in status.parcels
        if (parcel.number == number if number else Action.INSPECT in parcel.allowed_actions)
        for line in parcel.lines
    ]
    counted = any(line.received for line in lines)
    quantities: dict[str, int] = {}
    for line in lines:
        came = line.received if counted else line.expected
        quantities[line.line_id] = quantities.get(line.line_id, 0) + came
    return quantities


def _unit(line_id: str, quantity: int, grade: Grade, verdict: Verdict, note: str) -> dict[str, Any]:
    accepted = verdict is Verdict.ACCEPTED
    disposition = _DISPOSITIONS.get(grade, Disposition.HOLD) if accepted else Disposition.HOLD
    return {
        "line_id": line_id,
        "quantity": quantity,
        "verdict": verdict,
        "grade": grade,
        "disposition": disposition,
        "note": note,
    }
