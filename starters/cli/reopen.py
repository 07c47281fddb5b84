"""`returns reopen`: a return that has ended is looked at again, under a number of its own."""

from typing import Annotated

import typer

from domain.actions import Role
from starters.cli.actors import ActorId, ActsAs, acting
from starters.cli.look import Rma
from starters.cli.output import AsJson, console, show_json
from starters.cli.parsing import built
from starters.cli.session import with_returns
from workflows.contracts import ReopenRequest


def reopen_command(
    context: typer.Context,
    rma: Rma,
    note: Annotated[str, typer.Option(help="Why; required.")] = "",
    request_id: Annotated[
        str | None, typer.Option(help="Your own id of the request: a repeat finds the same case.")
    ] = None,
    role: ActsAs = None,
    actor: ActorId = None,
    as_json: AsJson = False,
) -> None:
    """Take up a settled return again; a supervisor looks at it within 24 hours.

    returns reopen RMA --note 'Two of the three units were in order.'
    """
    if not note:
        raise typer.BadParameter("say why with --note")
    who = acting(role, actor, Role.CUSTOMER)
    request = built(ReopenRequest, {"actor": who, "note": note})
    opened = with_returns(context, lambda returns: returns.reopen(rma, request, request_id), rma)
    if as_json:
        show_json(opened)
        return
    out = console()
    out.print(f"{opened.rma_id}  follows {opened.follows.of}", style="bold")
    out.print(f"next:  returns status {opened.rma_id}")
