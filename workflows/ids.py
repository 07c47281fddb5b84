"""Identifiers at Temporal, in one place. They carry no personal data."""

RETURN_WORKFLOW = "ReturnWorkflow"
RECOVERY_CLAIM_WORKFLOW = "RecoveryClaimWorkflow"
FOLLOW_UP_WORKFLOW = "FollowUpWorkflow"
RECONCILIATION_WORKFLOW = "ReconciliationWorkflow"
RECONCILIATION_SCHEDULE = "returnflow-reconciliation"
DEFAULT_TASK_QUEUE = "returnflow"
DEFAULT_DEPLOYMENT = "returnflow"
ROLES_WITH_A_QUEUE = ("carrier", "payment")
"""The providers whose calls have a task queue of their own, by the first part of the activity (ADR 0029)."""

_RETURN_PREFIX = "return/"
_FOLLOW_UP_PREFIX = "follow-up/"
_CLAIM_PREFIX = "claim/"
_PREFIXES = (_RETURN_PREFIX, _FOLLOW_UP_PREFIX, _CLAIM_PREFIX)


def activity_queue(task_queue: str, activity: str) -> str:
    """The task queue of a provider call, for workflows on a queue."""
    provider = activity.partition(".")[0]
    return queue_of_role(task_queue, provider) if provider in ROLES_WITH_A_QUEUE else task_queue


def queue_of_role(task_queue: str, role: str) -> str:
    """The task queue of a role that has one of its own."""
    return f"{task_queue}-{role}"


def return_workflow_id(rma_id: str) -> str:
    """The workflow id of a return."""
    return f"{_RETURN_PREFIX}{rma_id}"


def rma_id_of(workflow_id: str) -> str:
    """The RMA id of a return's workflow."""
    return workflow_id.removeprefix(_RETURN_PREFIX)


def rma_id_in(workflow_id: str) -> str:
    """The RMA id that any workflow of ours is about; empty for one that is about none, such as a schedule's."""
    kind, _, rest = workflow_id.partition("/")
    return rest.partition("/")[0] if f"{kind}/" in _PREFIXES else ""


def follow_up_workflow_id(rma_id: str, request_id: str) -> str:
    """The workflow that opens a follow-up of a return: the same for every repeat of one request."""
    return f"{_FOLLOW_UP_PREFIX}{rma_id}/{request_id}"


def claim_workflow_id(rma_id: str, party: str) -> str:
    """The workflow of the claim that a return's loss gave rise to."""
    return f"{_CLAIM_PREFIX}{rma_id}/{party}"


def payment_look_workflow_id(provider: str, event_id: str) -> str:
    """The comparison of one payment that a provider reported something of: one for each report."""
    return f"payment-news/{provider}/{event_id}"


def decision_update_id(fingerprint: str) -> str:
    """The update that waits for the decision: the same for every repeat of one request, and only for it."""
    return f"decision-{fingerprint}"
