"""Warns of task queues that nobody polls: work waits unseen if a role was left out of a deployment."""

import asyncio
from datetime import timedelta

import structlog
from temporalio.client import Client
from temporalio.service import RPCError

from starters.queues import queue_states

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
