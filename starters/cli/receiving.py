"""`returns receipt` and `returns parked`: parcels whose return is not known."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, TypeVar

import typer

from domain.actions import Role
from domain.inspection import Disposition
from domain.receiving import BlindReceipt, ParkedDisposal, ParkedMatch, ParkedParcel, ParkedState
from starters.cli.actors import ActorId, ActsAs, acting
from starters.cli.output import AsJson, console, fail, moment, show_json, table, words
from starters.cli.parsing import built, counted_line, point_in_time
from starters.cli.session import session_of
from starters.errors import ReturnsError
from starters.receiving_client import ReceivingClient

T = TypeVar("T")

ApiUrl = Annotated[
    str | None,
    typer.Option("--api", envvar="RETURNFLOW_API_URL", help="The API; by default the one of `returns up`."),
]
ApiToken = Annotated[
    str, typer.Option("--token", envvar="RETURNFLOW_API_TOKEN", help="The API's token.", show_default=False)
]
ParkedId = Annotated[str, typer.Argument(metavar="PARKED", help="The id of what is parked.")]


def receipt_command(
    context: typer.Context,
    tracking: Annotated[str | None, typer.Option(metavar="NUMBER", help="The number on the label.")] = None,
    carrier: Annotated[str | None, typer.Option(help="Who brought it.")] = None,
    rma: Annotated[list[str] | None, typer.Option(help="A return written on it; repeatable.")] = None,
    item: Annotated[list[str] | None, typer.Option(metavar="ITEM:QTY", help="What is in it; repeatable.")] = None,
    collect: Annotated[bool, typer.Option("--collect", help="It came freight-collect.")] = False,
    at: Annotated[str | None, typer.Option(metavar="ISO", help="When it came; by default now.")] = None,
    receipt_id: Annotated[str | None, typer.Option(help="Your own id, to send it again with.")] = None,
    role: ActsAs = None,
    actor: ActorId = None,
    api: ApiUrl = None,
    token: ApiToken = "",
    as_json: AsJson = False,
) -> None:
    """Receive a parcel whose return is not known, by what can be seen of it.

    Goods of two returns are divided; what nobody waits for is parked.

    returns receipt --carrier sf --tracking SF1389007
    returns receipt --rma RMA-7Q2M4K9TZB3X5W8A --item SHIRT-M-SAND:1 --item JACKET-L-GREEN:1
    """
    goods = [{"item_id": item_id, "quantity": count} for item_id, count in map(counted_line, item or [])]
    receipt = built(
        BlindReceipt,
        {
            "receipt_id": receipt_id or f"CLI-{uuid.uuid4().hex[:12]}",
            "actor": acting(role, actor, Role.WAREHOUSE),
            "received_at": point_in_time(at) if at else datetime.now(UTC),
            "carrier": carrier,
            "tracking_no": tracking,
            "rma_ids": rma or [],
            "goods": goods,
            "freight_collect": collect,
        },
    )
    received = _at_the_door(context, api, token, lambda door: door.receive(receipt))
    if as_json:
        show_json(received)
        return
    out = console()
    out.print(f"{received.receipt_id}  received, {moment(receipt.received_at)}", style="bold")
    for rma_id in received.rma_ids:
        out.print(f"belongs to {rma_id}: returns status {rma_id}")
    for parked_id in received.parked_ids:
        out.print(f"parked {parked_id}: returns parked list")


def list_command(
    context: typer.Context,
    state: Annotated[ParkedState, typer.Option(help="Parked, or what it came to.")] = ParkedState.PARKED,
    api: ApiUrl = None,
    token: ApiToken = "",
    as_json: AsJson = False,
) -> None:
    """List goods that no return was found for, oldest first."""
    found = _at_the_door(context, api, token, lambda door: door.parked(state))
    if as_json:
        show_json(found)
        return
    rows = table("parked", "since", "why", "parcel", "goods")
    for each in found:
        rows.add_row(
            each.parked_id,
            moment(each.received_at),
            " ".join(filter(None, (words(each.reason), each.detail))),
            " ".join(filter(None, (each.carrier, each.tracking_no, *each.rma_ids))),
            ", ".join(f"{goods.quantity} x {goods.item_id}" for goods in each.goods),
        )
    console().print(rows)


def match_command(
    context: typer.Context,
    parked: ParkedId,
    rma: Annotated[str, typer.Argument(metavar="RMA", help="The return that they belong to.")],
    line: Annotated[
        list[str] | None,
        typer.Option(metavar="LINE:QTY", help="Which units; by default all that it still waits for."),
    ] = None,
    parcel: Annotated[int | None, typer.Option(help="Which parcel of the return, where it has several.")] = None,
    note: Annotated[str, typer.Option(help="How it was found.")] = "",
    role: ActsAs = None,
    actor: ActorId = None,
    api: ApiUrl = None,
    token: ApiToken = "",
    as_json: AsJson = False,
) -> None:
    """Give parked goods to the return that they belong to.

    returns parked match DOCK-2-000871-1 RMA-7Q2M4K9TZB3X5W8A --line 1:1 --note 'By the name.'
    """
    lines = [{"line_id": line_id, "quantity": count} for line_id, count in map(counted_line, line or [])]
    who = acting(role, actor, Role.WAREHOUSE)
    decision = built(ParkedMatch, {"actor": who, "rma_id": rma, "lines": lines, "parcel": parcel, "note": note})
    _show(_at_the_door(context, api, token, lambda door: door.match(parked, decision)), as_json)


def dispose_command(
    context: typer.Context,
    parked: ParkedId,
    disposition: Annotated[Disposition, typer.Argument(help="Where they go.")],
    note: Annotated[str, typer.Option(help="Why; required.")] = "",
    role: ActsAs = None,
    actor: ActorId = None,
    api: ApiUrl = None,
    token: ApiToken = "",
    as_json: AsJson = False,
) -> None:
    """Write down where goods go that belong to no return.

    returns parked dispose DOCK-2-000871-1 DONATE --note 'Nobody asked for them.'
    """
    if not note:
        raise typer.BadParameter("say why with --note")
    who = acting(role, actor, Role.WAREHOUSE)
    decision = built(ParkedDisposal, {"actor": who, "disposition": disposition, "note": note})
    _show(_at_the_door(context, api, token, lambda door: door.dispose(parked, decision)), as_json)


parked_app = typer.Typer(no_args_is_help=True, help="Goods that no return was found for.")
parked_app.command("list")(list_command)
parked_app.command("match")(match_command)
parked_app.command("dispose")(dispose_command)


def _at_the_door(context: typer.Context, api: str | None, token: str, work: Callable[[ReceivingClient], T]) -> T:
    url = api or session_of(context).api_url()
    if not url:
        fail("no API is known.", "Start one with `returns up`, or name it with --api")
    try:
        with ReceivingClient(url, token) as door:
            return work(door)
    except ReturnsError as error:
        fail(f"{error.field}: {error}" if error.field else str(error), "See what is parked: returns parked list")


def _show(parked: ParkedParcel, as_json: bool) -> None:
    if as_json:
        show_json(parked)
        return
    went_to = parked.rma_id or (parked.disposition.value if parked.disposition else "")
    console().print(f"{parked.parked_id}  {words(parked.state)}: {went_to}", style="bold")
