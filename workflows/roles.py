"""What a worker process does, and which task queue each part of it has. All of it by default (ADR 0029)."""

from enum import StrEnum

from workflows import ids


class WorkerRole(StrEnum):
    """A part of the work that a process of its own may do."""

    WORKFLOWS = "workflows"
    """The returns themselves, and their transactions in the ledger."""
    PROVIDERS = "providers"
    """Calls of every provider that has no role of its own."""
    CARRIER = "carrier"
    """Calls of the carriers."""
    PAYMENT = "payment"
    """Calls of the payment provider."""
    MESSAGING = "messaging"
    """The relay: messages, notices, and scans that came early."""


ALL_ROLES = frozenset(WorkerRole)


def activity_queues(task_queue: str) -> dict[WorkerRole, str]:
    """The task queues on which provider calls wait, by the role that takes them."""
    own = {WorkerRole(role): ids.queue_of_role(task_queue, role) for role in ids.ROLES_WITH_A_QUEUE}
    return {WorkerRole.PROVIDERS: task_queue, **own}
