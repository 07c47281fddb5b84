"""What a recovery claim refuses."""

from domain.actions import AGENTS, Role
from domain.claims import ClaimState, ClaimVerdict, RecoveryClaim
from workflows.contracts.base import ActionRequest
from workflows.contracts.claims import ClaimAction, PartyAnswer
from workflows.validation.rules import ACTION_NOT_ALLOWED, INVALID_ACTION, ROLE_NOT_PERMITTED, refuse

PERMITTED_ROLES: dict[ClaimAction, tuple[Role, ...]] = {
    ClaimAction.ADD_EVIDENCE: (Role.ORDER_SYSTEM, Role.WAREHOUSE, *AGENTS),
    ClaimAction.ANSWER: (Role.ORDER_SYSTEM, *AGENTS),
    ClaimAction.WRITE_OFF: (Role.SUPERVISOR,),
}


def allowed_actions(state: ClaimState) -> tuple[ClaimAction, ...]:
    """What a claim allows in a state that is not its end: nobody answers what was not filed."""
    unfiled = state is ClaimState.PREPARING
    return tuple(action for action in ClaimAction if not (unfiled and action is ClaimAction.ANSWER))


def allowed(claim: RecoveryClaim | None, action: ClaimAction, request: ActionRequest) -> None:
    """Refuse an action that the claim does not allow now, or that the role may not send."""
    if claim is None or claim.state.is_final or action not in allowed_actions(claim.state):
        state = claim.state.value if claim else "not open yet"
        refuse(ACTION_NOT_ALLOWED, "action", f"{action.value} is not allowed while the claim is {state}.")
    if request.actor.role not in PERMITTED_ROLES[action]:
        roles = ", ".join(PERMITTED_ROLES[action])
        refuse(
            ROLE_NOT_PERMITTED,
            "actor.role",
            f"{request.actor.role.value} may not send {action.value}. Permitted: {roles}.",
        )


def answer(claim: RecoveryClaim | None, request: PartyAnswer, is_answered: bool) -> None:
    """Refuse an answer that does not fit its amount, or a second one."""
    allowed(claim, ClaimAction.ANSWER, request)
    if is_answered:
        refuse(ACTION_NOT_ALLOWED, "action", "The claim was answered a moment ago.")
    claimed_minor = claim.claimed_minor if claim else 0
    match request.verdict:
        case ClaimVerdict.REJECTED if request.amount_minor:
            refuse(INVALID_ACTION, "amount_minor", "A claim that is rejected pays nothing.")
        case ClaimVerdict.PARTLY_ACCEPTED if not 0 < request.amount_minor < claimed_minor:
            refuse(
                INVALID_ACTION,
                "amount_minor",
                f"A part of {claimed_minor} is less than all of it and more than nothing.",
            )
        case ClaimVerdict.ACCEPTED if request.amount_minor != claimed_minor:
            refuse(
                INVALID_ACTION, "amount_minor", f"A claim that is accepted pays what was claimed, {claimed_minor}."
            )
