"""What the approval of a payout refuses."""

from datetime import datetime

from domain.actions import Action
from workflows.case import ReturnCase
from workflows.contracts import PayoutConsent, PayoutRefusal
from workflows.validation.rules import INVALID_ACTION, ROLE_NOT_PERMITTED, allowed, refuse


def consent(case: ReturnCase, request: PayoutConsent, now: datetime) -> None:
    """Refuse the person who asked, another amount, another version of the return, and an approval that is late."""
    allowed(case, Action.APPROVE_PAYOUT, request)
    pending = case.pending_payout
    if pending is None:
        return
    if now >= pending.expires_at:
        refuse(
            INVALID_ACTION,
            "action",
            f"It had to be approved by {pending.expires_at.isoformat()}; have the payout asked for again.",
        )
    if request.actor.id == pending.requested_by.id:
        refuse(
            ROLE_NOT_PERMITTED,
            "actor.id",
            "A payout above the cap takes a second person: another supervisor approves.",
        )
    if request.amount_minor != pending.amount_minor:
        refuse(
            INVALID_ACTION,
            "amount_minor",
            f"What waits for approval is {pending.amount_minor} {pending.currency} minor units, exactly.",
        )


def refusal(case: ReturnCase, request: PayoutRefusal) -> None:
    """Refuse where nothing waits."""
    allowed(case, Action.DECLINE_PAYOUT, request)
