"""Queues that nobody polls: work would wait there unseen, as when a role was left out of a deployment."""

import asyncio
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


async def warn_of_queues_without_workers(client: Client, task_queue: str, every: timedelta = _EVERY) -> None:
    """Log `queue_without_workers` again and again for each queue that nobody polls, until cancelled.

    The first look comes after a while, when the other processes of a deployment have started. Temporal remembers
    who polled for five minutes, so a role is missed by then.
    """
    while True:
        await asyncio.sleep(every.total_seconds())
        try:
            for role, queue in await queues_without_workers(client, task_queue):
                log.warning(
                    "queue_without_workers",
                    task_queue=queue,
                    role=role.value,
                    hint=f"Start a worker with {role.value} in RETURNFLOW_WORKER_ROLES.",
                )
        except RPCError as error:
            log.warning("queues_unknown", reason=error.message)


async def queues_without_workers(client: Client, task_queue: str) -> list[tuple[WorkerRole, str]]:
    """The queues that nobody polled in the last minutes, each with the role that would.

    Raises:
        RPCError: If Temporal does not say.
    """
    wanted = [
        (WorkerRole.WORKFLOWS, task_queue, TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW),
        *(
            (role, queue, TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY)
            for role, queue in activity_queues(task_queue).items()
        ),
    ]
    missing = []
    for role, queue, kind in wanted:
        request = DescribeTaskQueueRequest(
            namespace=client.namespace, task_queue=TaskQueue(name=queue), task_queue_type=kind
        )
        if not (await client.workflow_service.describe_task_queue(request)).pollers:
            missing.append((role, queue))
    return missing
