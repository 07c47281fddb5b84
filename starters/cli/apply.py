"""`returns apply`: starts a return and shows its first decision."""

import uuid
from pathlib import Path
from typing import Annotated, Any

import typer

from domain.application import DeclaredCondition, Remedy, ReturnApplication, ShipBackMethod
from domain.keys import rma_id_for
from domain.reasons import ReturnReason
from domain.record import Record
from starters.cli.output import AsJson, console, fail, show_json, words
from starters.cli.parsing import assignment, built, file_content, line_and_quantity, read_record
from starters.cli.session import with_returns
from starters.client import ReturnsClient
from starters.errors import DecisionPending, ServiceUnavailable
from workflows.contracts import Decision


class Application(Record):
    """What `apply` writes as JSON. `decision` is null while it is not there yet."""

    request_id: str
    rma_id: str
    decision: Decision | None


def apply_command(
    context: typer.Context,
    order: Annotated[str | None, typer.Option(help="The order.")] = None,
    customer: Annotated[str | None, typer.Option(help="The customer whose order it is.")] = None,
    line: Annotated[
        list[str] | None, typer.Option(metavar="LINE[:QTY]", help="An order line; repeatable.")
    ] = None,
    resolution: Annotated[Remedy, typer.Option(help="What the customer wants.")] = Remedy.RETURN_AND_REFUND,
    reason: Annotated[ReturnReason, typer.Option(help="Why, for every line.")] = ReturnReason.CHANGED_MIND,
    condition: Annotated[
        DeclaredCondition, typer.Option(help="The state of the goods, for every line.")
    ] = DeclaredCondition.UNUSED,
    payment_method: Annotated[
        str | None, typer.Option(help="Where the money goes; by default where it came from.")
    ] = None,
    replacement: Annotated[
        list[str] | None,
        typer.Option(metavar="LINE=ITEM", help="For an exchange, the variant of one unit; repeatable."),
    ] = None,
    part: Annotated[
        list[str] | None,
        typer.Option(metavar="LINE=ITEM", help="For reissue_parts, a part that is missing; repeatable."),
    ] = None,
    evidence: Annotated[
        list[str] | None,
        typer.Option(metavar="LINE=KIND:REF", help="A photo or film, such as 1=image:photos/7.jpg; repeatable."),
    ] = None,
    method: Annotated[ShipBackMethod, typer.Option(help="How the parcel travels.")] = ShipBackMethod.PICKUP,
    request_id: Annotated[
        str | None, typer.Option(help="Your id of this request: the same one again is the same return.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option(help="The whole application as JSON, instead of options; - is standard input.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Apply for a return and show its first decision.

    Return a unit:
      returns apply --order CN-1001 --customer C-101 --line SHIRT-M-SAND
    Return two faulty ones:
      returns apply --order CN-1005 --customer C-104 --line SOCKS-39-42:2 \\
        --reason quality_defect --evidence SOCKS-39-42=image:photos/7.jpg
    Exchange one:
      returns apply --order CN-1002 --customer C-102 --line JACKET-L-GREEN \\
        --resolution exchange --replacement JACKET-L-GREEN=JACKET-M-GREEN \\
        --payment-method CARD-102
    Have missing parts sent:
      returns apply --order CN-1001 --customer C-101 --line SHIRT-M-SAND \\
        --resolution reissue_parts --part SHIRT-M-SAND=BUTTON-SAND \\
        --reason missing_parts --evidence SHIRT-M-SAND=image:photos/7.jpg
    Cancel an order that has not shipped:
      returns apply --order CN-1009 --customer C-102 --resolution cancel_order
    From a file:
      returns apply --file application.json --request-id 2f1c9a4e
    """
    if file:
        if order or customer or line:
            raise typer.BadParameter("--file takes the place of --order, --customer and --line")
        application = read_record(ReturnApplication, file_content(file))
    elif order and customer:
        values = {
            "order_id": order,
            "customer_id": customer,
            "desired_resolution": resolution,
            "lines": _lines(line or [], reason, condition, replacement or [], part or [], evidence or []),
            "payment_method_id": payment_method,
            "ship_back": method,
        }
        application = built(ReturnApplication, values)
    else:
        raise typer.BadParameter("name --order and --customer, or give a --file")
    key = request_id or uuid.uuid4().hex
    answer = with_returns(context, lambda returns: _apply(returns, application, key))
    _show(answer, as_json)


async def _apply(returns: ReturnsClient, application: ReturnApplication, key: str) -> Application:
    rma_id = rma_id_for(application.order_id, key)
    try:
        decision = await returns.apply(application, key)
    except DecisionPending:
        return Application(request_id=key, rma_id=rma_id, decision=None)
    except ServiceUnavailable as error:
        fail(str(error), f"Then apply again with --request-id {key}")
    return Application(request_id=key, rma_id=rma_id, decision=decision)


def _show(answer: Application, as_json: bool) -> None:
    decision = answer.decision
    if as_json:
        show_json(answer)
    elif decision is None or decision.refusal is None:
        out = console()
        state = decision.approval.value if decision else "accepted; the decision is not there yet"
        out.print(f"{answer.rma_id}  {state}", style="bold")
        # A worker of an older version gives the codes alone.
        codes = [words(reason) for reason in decision.reasons] if decision else []
        for sentence in (decision.why if decision else ()) or codes:
            out.print(f"why:         {sentence}", soft_wrap=True)
        if decision and decision.policy_version:
            out.print(f"policy:      {decision.policy_version}")
        out.print(f"request id:  {answer.request_id}")
        out.print(f"next:        returns status {answer.rma_id}")
    if decision and decision.refusal:
        refusal = decision.refusal
        fail(f"refused: {refusal.code.value} ({refusal.field})", refusal.detail)


def _lines(
    lines: list[str],
    reason: ReturnReason,
    condition: DeclaredCondition,
    replacements: list[str],
    parts: list[str],
    evidence: list[str],
) -> list[dict[str, Any]]:
    made: dict[str, dict[str, Any]] = {}
    for text in lines:
        line_id, quantity = line_and_quantity(text)
        if line_id in made:
            raise typer.BadParameter(f"line {line_id} is named twice; give its whole quantity once")
        made[line_id] = {
            "line_id": line_id,
            "quantity": quantity,
            "reason": reason,
            "condition": condition,
            "evidence": [],
            "replacement_item_ids": [],
            "part_item_ids": [],
        }
    for text in replacements:
        line_id, item = assignment(text, "LINE=ITEM, such as 1=SHIRT-L")
        _known(made, line_id)["replacement_item_ids"].append(item)
    for text in parts:
        line_id, item = assignment(text, "LINE=ITEM, such as 1=SCREWS-M6")
        _known(made, line_id)["part_item_ids"].append(item)
    for text in evidence:
        form = "LINE=KIND:REF, such as 1=image:photos/7.jpg"
        line_id, named = assignment(text, form)
        kind, _, reference = named.partition(":")
        _known(made, line_id)["evidence"].append({"kind": kind, "reference": reference})
    return list(made.values())


def _known(lines: dict[str, dict[str, Any]], line_id: str) -> dict[str, Any]:
    if line_id not in lines:
        raise typer.BadParameter(f"line {line_id} is not among the --line options")
    return lines[line_id]
