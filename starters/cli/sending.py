"""Sending an action and showing that it was accepted."""

import typer

from domain.actions import Action
from starters.audit import act_audited
from starters.cli.output import console, moment, show_json, words
from starters.cli.session import session_of, with_returns
from workflows.contracts import ActionRequest


def send(context: typer.Context, rma_id: str, action: Action, request: ActionRequest, as_json: bool) -> None:
    """Send an action; what the return refuses ends the command with code 1."""
    session = session_of(context)
    answer = with_returns(
        context, lambda returns: act_audited(returns, session.keep_refusal, rma_id, action, request), rma_id
    )
    if as_json:
        show_json(answer)
        return
    out = console()
    out.print(f"{rma_id}  {words(action)} accepted, {moment(answer.accepted_at)}", style="bold")
    if answer.awaits_approval:
        out.print("It happens once a second, different supervisor has approved it: approve_payout.")
    out.print(f"next:  returns status {rma_id}")
