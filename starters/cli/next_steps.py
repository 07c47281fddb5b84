"""What may be done with a return, as the command to type."""

import json
import shlex

from domain.actions import PERMITTED_ROLES, Action, Role
from starters.api.examples import ACTIONS

_OWN_COMMANDS = {
    Action.CANCEL: "returns cancel {rma_id}",
    Action.REVIEW: "returns review {rma_id} --approve --note 'why'",
    Action.RECEIVE: "returns receive {rma_id}",
    Action.INSPECT: "returns inspect {rma_id} --accept-all",
}


def default_role(action: Action) -> Role:
    """The role that usually sends an action."""
    return PERMITTED_ROLES[action][0]


def command_for(action: Action, rma_id: str) -> str:
    """The command that sends an action, with an example of what it takes."""
    if action in _OWN_COMMANDS:
        return _OWN_COMMANDS[action].format(rma_id=rma_id)
    body = {name: value for name, value in ACTIONS[action].items() if name != "actor"}
    command = f"returns act {rma_id} {action.value}"
    return f"{command} --json-body {shlex.quote(json.dumps(body))}" if body else command
