"""Who polls the task queues and how much waits there: work waits unseen if a role was left out of a deployment."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

import structlog
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.service import RPCError

from workers.roles import WorkerRole, activity_queues

_EVERY = timedelta(minutes=1)

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class QueueState:
    """A task queue as Temporal sees it.

    Attributes:
        role: Whose work waits there.
        task_queue: Its name. Two roles share the queue of the workflows: one takes workflows, the other calls.
        pollers: How many processes polled it in the last five minutes.
        backlog: About how many tasks wait there.
    """

    role: WorkerRole
    task_queue: str
    pollers: int
    backlog: int


async def queue_states(client: Client, task_queue: str) -> list[QueueState]:
    """The queues of all roles that have one.

    Args:
        client: The connection.
        task_queue: The queue of the workflows.

    Raises:
        RPCError: If Temporal does not say.
    """
    kinds = [
        (WorkerRole.WORKFLOWS, task_queue, TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW),
        *(
            (role, queue, TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY)
            for role, queue in activity_queues(task_queue).items()
        ),
    ]
    states = []
    for role, queue, kind in kinds:
        request = DescribeTaskQueueRequest(
            namespace=client.namespace,
            task_queue=TaskQueue(name=queue),
            task_queue_type=kind,
            report_stats=True,
        )
        told = await client.workflow_service.describe_task_queue(request)
        states.append(QueueState(role, queue, len(told.pollers), told.stats.approximate_backlog_count))
    return states


async def warn_of_queues_without_workers(client: Client, task_queue: str, every: timedelta = _EVERY) -> None:
    """Log `queue_without_workers` again and again for each queue that nobody polls, until cancelled.

    The first look comes after a while, when the other processes of a deployment have started. Temporal remembers
    who polled for five minutes, so a role is missed by then.
    """
    while True:
        await asyncio.sleep(every.total_seconds())
        try:
            states = await queue_states(client, task_queue)
        except RPCError as error:
            log.warning("queues_unknown", reason=error.message)
            continue
        for state in states:
            if not state.pollers:
                log.warning(
                    "queue_without_workers",
                    task_queue=state.task_queue,
                    role=state.role.value,
                    hint=f"Start a worker with {state.role.value} in RETURNFLOW_WORKER_ROLES.",
                )
