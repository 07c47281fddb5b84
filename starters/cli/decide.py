"""`returns review`, `returns cancel` and `returns act`: what agents and customers decide."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from domain.actions import Action, Role
from starters.cli.actors import ActorId, ActsAs, acting
from starters.cli.look import Rma
from starters.cli.next_steps import default_role
from starters.cli.output import AsJson
from starters.cli.parsing import built, field_values, file_content, read_record
from starters.cli.sending import send
from workflows.contracts import ACTION_REQUESTS, CancelRequest, ReviewVerdict


def review_command(
    context: typer.Context,
    rma: Rma,
    approve: Annotated[
        bool | None, typer.Option("--approve/--decline", help="The decision; required.", show_default=False)
    ] = None,
    note: Annotated[str, typer.Option(help="Why; required.")] = "",
    role: ActsAs = None,
    actor: ActorId = None,
    as_json: AsJson = False,
) -> None:
    """Decide a return that waits for a person; an appeal takes `--as supervisor`.

    returns review RMA --approve --note 'The photo shows the fault.'
    returns review RMA --decline --note 'Worn.' --as agent_tier_2 --actor agent-7
    """
    if approve is None or not note:
        raise typer.BadParameter("say --approve or --decline, and why with --note")
    who = acting(role, actor, Role.AGENT_TIER_1)
    send(
        context,
        rma,
        Action.REVIEW,
        built(ReviewVerdict, {"actor": who, "approve": approve, "note": note}),
        as_json,
    )


def cancel_command(
    context: typer.Context,
    rma: Rma,
    note: Annotated[str, typer.Option(help="Why.")] = "",
    role: ActsAs = None,
    actor: ActorId = None,
    as_json: AsJson = False,
) -> None:
    """Withdraw a return before the goods are handed over.

    returns cancel RMA --note 'The customer keeps it.' --as customer --actor C-101
    """
    who = acting(role, actor, Role.CUSTOMER)
    send(context, rma, Action.CANCEL, built(CancelRequest, {"actor": who, "note": note}), as_json)


def act_command(
    context: typer.Context,
    rma: Rma,
    action: Annotated[Action, typer.Argument(help="What is done.")],
    fields: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[KEY=VALUE]...", help="What the action takes, field by field.", show_default=False
        ),
    ] = None,
    file: Annotated[Path | None, typer.Option(help="What the action takes, as JSON; - is standard input.")] = None,
    json_body: Annotated[str | None, typer.Option(metavar="JSON", help="The same on the command line.")] = None,
    role: ActsAs = None,
    actor: ActorId = None,
    as_json: AsJson = False,
) -> None:
    """Send any action; what it takes is what the API takes, and `actor` may be left out.

    Fields are given one by one, in a file, or as JSON. A dot goes into
    an object; numbers, true, false, lists and objects are read as JSON,
    and a number that is meant as text takes quotes: tracking_no='"123"'.

    returns act RMA accept_offer offer_number=2 --as customer --id C-101
    returns act RMA review approve=false note='It was worn.' expected_version=3
    returns act RMA make_offer --as agent_tier_2 --id agent-7 \\
      terms.remedy=price_compensation terms.amount_minor=2000 \\
      terms.freight=merchant terms.basis='A loose seam.' \\
      terms.process='Paid to your card.' terms.time_limits='3 days'
    returns act RMA approve_payout amount_minor=600000 expected_version=5
    returns act RMA appeal --json-body '{"note": "It was never worn."}'
    returns act RMA contest --json-body '{"note": "It came like this."}'
    returns act RMA book_pickup --json-body '{"by_label": true}'
    returns act RMA submit_evidence --file evidence.json
    returns act RMA accept_result --as customer --actor C-101

    `returns status RMA` shows what is allowed now, each with an example.
    """
    if file and json_body is not None:
        raise typer.BadParameter("give --file or --json-body, not both")
    if fields and (file or json_body is not None):
        raise typer.BadParameter("give KEY=VALUE fields, or --file, or --json-body")
    text = file_content(file) if file else (json_body if json_body is not None else "{}").encode()
    body = field_values(fields) if fields else _object(text)
    if "actor" not in body:
        body["actor"] = acting(role, actor, default_role(action)).model_dump(mode="json")
    elif role:
        raise typer.BadParameter("the JSON names an actor already; leave out --as")
    send(context, rma, action, read_record(ACTION_REQUESTS[action], json.dumps(body).encode()), as_json)


def _object(text: bytes) -> dict[str, Any]:
    try:
        body = json.loads(text)
    except ValueError as error:
        raise typer.BadParameter(f"it is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise typer.BadParameter("it must be a JSON object")
    return body
