"""Sending an action so that a refusal by right or version is kept: a refused update leaves nothing in a history.

What is above somebody's authority the ledger keeps by itself, since it is asked first.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

from domain.actions import Action
from domain.audit import AuditEntry, AuditOutcome
from starters.client import ReturnsClient
from starters.errors import RoleNotPermitted, VersionOutdated
from workflows.contracts import ActionAnswer, ActionRequest


async def act_audited(
    returns: ReturnsClient,
    keep: Callable[[AuditEntry], None],
    rma_id: str,
    action: Action,
    request: ActionRequest,
    request_id: str | None = None,
) -> ActionAnswer:
    """Send an action; a refusal of its role or version goes to the audit, and then to the caller.

    Args:
        returns: The way to the returns.
        keep: Writes a refusal down; what goes wrong with that is its own to tell, and hides no refusal.
        rma_id: The return.
        action: What is done.
        request: Its input.
        request_id: With the same id a repeat is the same action.

    Raises:
        ReturnsError: As `ReturnsClient.act` does.
    """
    try:
        return await returns.act(rma_id, action, request, request_id)
    except (RoleNotPermitted, VersionOutdated) as refused:
        entry = AuditEntry(
            at=datetime.now(UTC),
            rma_id=rma_id,
            actor_role=request.actor.role.value,
            actor_id=request.actor.id,
            action=action.value,
            outcome=AuditOutcome.REFUSED,
            rule=type(refused).__name__,
            detail=str(refused),
        )
        await asyncio.to_thread(keep, entry)
        raise
