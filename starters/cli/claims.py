"""`returns claim ...`: what is claimed back for a loss, and what its party says."""

from typing import Annotated

import typer

from domain.actions import Role
from domain.claims import ClaimEvidenceKind, ClaimParty, ClaimVerdict
from domain.money_text import format_minor
from starters.cli.actors import ActorId, ActsAs, acting
from starters.cli.look import Rma
from starters.cli.output import AsJson, console, moment, show_json, table, words
from starters.cli.parsing import built
from starters.cli.session import with_returns
from workflows.contracts import ActionRequest
from workflows.contracts.claims import ClaimAction, ClaimWriteOff, EvidenceAddition, PartyAnswer

Party = Annotated[ClaimParty, typer.Option("--party", help="Who is claimed from.")]

claim_app = typer.Typer(
    name="claim", help="What is claimed back from a carrier or insurer for a loss.", no_args_is_help=True
)


@claim_app.command("status")
def status_command(
    context: typer.Context, rma: Rma, party: Party = ClaimParty.CARRIER, as_json: AsJson = False
) -> None:
    """Show what is claimed, on which evidence, and what is due.

    returns claim status RMA
    """
    status = with_returns(context, lambda returns: returns.claim_status(rma, party), rma)
    if as_json:
        show_json(status)
        return
    claim = status.claim
    out = console()
    out.print(f"{claim.reference}  {claim.state.value}", style="bold")
    out.print(f"{words(claim.reason)}, {format_minor(claim.claimed_minor, claim.currency)} claimed")
    if claim.awarded_minor:
        out.print(f"awarded: {format_minor(claim.awarded_minor, claim.currency)}")
    if not status.is_final:
        out.print(f"due: {moment(claim.due_at)}")
    if status.needs:
        out.print(f"waits for: {words(status.needs)}")
    evidence = table("evidence", "reference")
    for piece in claim.evidence:
        evidence.add_row(words(piece.kind), piece.reference)
    out.print(evidence)


@claim_app.command("evidence")
def evidence_command(
    context: typer.Context,
    rma: Rma,
    reference: Annotated[list[str], typer.Option(help="Where the shop keeps it; may be repeated.")],
    kind: Annotated[ClaimEvidenceKind, typer.Option(help="What it is.")] = ClaimEvidenceKind.PHOTO,
    party: Party = ClaimParty.CARRIER,
    role: ActsAs = None,
    actor: ActorId = None,
    as_json: AsJson = False,
) -> None:
    """Add evidence to a claim.

    returns claim evidence RMA --reference photos/8812.jpg
    """
    pieces = [{"kind": kind, "reference": each} for each in reference]
    request = built(EvidenceAddition, {"actor": acting(role, actor, Role.AGENT_TIER_1), "evidence": pieces})
    _send(context, rma, party, ClaimAction.ADD_EVIDENCE, request, as_json)


@claim_app.command("answer")
def answer_command(
    context: typer.Context,
    rma: Rma,
    verdict: Annotated[ClaimVerdict, typer.Argument(help="What the party said.")],
    amount_minor: Annotated[int, typer.Option(help="What it pays, in minor units.")] = 0,
    note: Annotated[str, typer.Option(help="In its words.")] = "",
    party: Party = ClaimParty.CARRIER,
    role: ActsAs = None,
    actor: ActorId = None,
    as_json: AsJson = False,
) -> None:
    """Enter what the party said to a claim.

    returns claim answer RMA accepted --amount-minor 29900
    returns claim answer RMA rejected --note 'no proof of value'
    """
    body = {"actor": acting(role, actor, Role.AGENT_TIER_1), "verdict": verdict, "amount_minor": amount_minor}
    request = built(PartyAnswer, body | {"note": note})
    _send(context, rma, party, ClaimAction.ANSWER, request, as_json)


@claim_app.command("write-off")
def write_off_command(
    context: typer.Context,
    rma: Rma,
    note: Annotated[str, typer.Option(help="Why; required.")] = "",
    party: Party = ClaimParty.CARRIER,
    role: ActsAs = None,
    actor: ActorId = None,
    as_json: AsJson = False,
) -> None:
    """Give a claim up.

    returns claim write-off RMA --note 'Not worth the postage.'
    """
    if not note:
        raise typer.BadParameter("say why with --note")
    request = built(ClaimWriteOff, {"actor": acting(role, actor, Role.SUPERVISOR), "note": note})
    _send(context, rma, party, ClaimAction.WRITE_OFF, request, as_json)


def _send(
    context: typer.Context,
    rma: str,
    party: ClaimParty,
    action: ClaimAction,
    request: ActionRequest,
    as_json: bool,
) -> None:
    answer = with_returns(context, lambda returns: returns.act_on_claim(rma, party, action, request), rma)
    if as_json:
        show_json(answer)
        return
    out = console()
    out.print(f"{answer.reference}  {words(action)} accepted, {moment(answer.accepted_at)}", style="bold")
    out.print(f"next:  returns claim status {rma} --party {party.value}")
