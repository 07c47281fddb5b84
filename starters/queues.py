"""Who polls the task queues and how much waits there, as Temporal sees it."""

from dataclasses import dataclass
from datetime import UTC, datetime

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client

from workflows.roles import WorkerRole, activity_queues


@dataclass(frozen=True)
class QueueState:
    """A task queue as Temporal sees it.

    Attributes:
        role: Whose work waits there.
        task_queue: Its name. Two roles share the queue of the workflows: one takes workflows, the other calls.
        pollers: How many processes polled it in the last five minutes.
        backlog: About how many tasks wait there.
        polled_at: When one of them last asked for work, UTC; None if none is remembered. One that waits for work
            asks again every minute.
    """

    role: WorkerRole
    task_queue: str
    pollers: int
    backlog: int
    polled_at: datetime | None = None


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
        asked = [poller.last_access_time.ToDatetime(UTC) for poller in told.pollers]
        backlog = told.stats.approximate_backlog_count
        states.append(QueueState(role, queue, len(told.pollers), backlog, max(asked, default=None)))
    return states
