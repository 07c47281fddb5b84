"""What Temporal's errors mean to a caller of the client, in one place."""

from temporalio.client import RPCError, RPCStatusCode, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from domain.actions import Action
from starters.errors import (
    AboveAuthority,
    ActionNotAllowed,
    InvalidAction,
    RequestIdReused,
    ReturnNotFound,
    ReturnsError,
    RoleNotPermitted,
    ServiceUnavailable,
    VersionOutdated,
)

_UNAVAILABLE = (
    RPCStatusCode.UNAVAILABLE,
    RPCStatusCode.DEADLINE_EXCEEDED,
    RPCStatusCode.CANCELLED,
    RPCStatusCode.UNKNOWN,  # the connection broke
    RPCStatusCode.FAILED_PRECONDITION,  # a query while no worker polls
    RPCStatusCode.RESOURCE_EXHAUSTED,
)
_STANDS_STILL = "Workflow Task in failed state"
"""What the server says of a query to a workflow whose task fails again and again."""

_REFUSALS: dict[str, type[ReturnsError]] = {
    "ActionNotAllowed": ActionNotAllowed,
    "RoleNotPermitted": RoleNotPermitted,
    "InvalidAction": InvalidAction,
    "RequestIdReused": RequestIdReused,
    "VersionOutdated": VersionOutdated,
    "AboveAuthority": AboveAuthority,
}


def refusal(error: WorkflowUpdateFailedError) -> ReturnsError:
    """Why an update was refused: by a validator, or by what nobody foresaw."""
    cause = error.cause
    if isinstance(cause, ApplicationError) and cause.type in _REFUSALS:
        field = str(cause.details[0].get("field", "")) if cause.details else ""
        return _REFUSALS[cause.type](cause.message, field)
    return ReturnsError(str(cause))


def ended_before_the_answer(error: WorkflowUpdateFailedError) -> bool:
    """Whether the workflow took the update and ended before it answered."""
    return isinstance(error.cause, ApplicationError) and error.cause.type == "AcceptedUpdateCompletedWorkflow"


def ended(rma_id: str, action: Action) -> ActionNotAllowed:
    """Nothing may be sent to a return that has ended."""
    return ActionNotAllowed(f"{action.value} is not allowed: {rma_id} has ended.", "action")


def not_found_or_unavailable(error: RPCError, rma_id: str) -> ReturnsError:
    """No such return, or no answer."""
    if error.status is RPCStatusCode.NOT_FOUND:
        return ReturnNotFound(f"There is no return {rma_id}.", "rma_id")
    return unavailable(error)


def unavailable(error: RPCError) -> ReturnsError:
    """Temporal does not answer, or does not take the request."""
    if stands_still(error):
        return ServiceUnavailable(
            "The return stands still: the code of the workers cannot go on with it. Nothing of it is lost. "
            "Operations see why with: returns deploy status"
        )
    if error.status in _UNAVAILABLE:
        return ServiceUnavailable(f"Temporal does not answer: {error.message}. Try again.")
    return ReturnsError(f"Temporal refused the request: {error.message}")


def stands_still(error: RPCError) -> bool:
    """Whether a query has no answer since the code of the workers cannot go on with the workflow."""
    return _STANDS_STILL in error.message


def claim_not_found_or_unavailable(error: RPCError, rma_id: str, party: str) -> ReturnsError:
    """No such claim, or no answer."""
    if error.status is RPCStatusCode.NOT_FOUND:
        return ReturnNotFound(f"{rma_id} gave rise to no claim against the {party}.", "party")
    return unavailable(error)


def was_dropped(error: RPCError) -> bool:
    """Whether the server let go of an update that waited, as it does when it unloads the workflow under load.

    The connection repeats such calls by itself, but for the one that starts the workflow as well.
    """
    known = error.status in (RPCStatusCode.ABORTED, RPCStatusCode.UNAVAILABLE)
    return known and "update was aborted" in error.message
