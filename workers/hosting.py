"""The Temporal workers of a process, made from its roles: the one place that knows which queue hosts what."""

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from temporalio.client import Client
from temporalio.worker import Worker, WorkflowRunner

from ledger.ledger import Ledger
from policy.files import Policies
from workers.registry import WORKFLOW_RUNNER, WORKFLOWS, Providers, ledger_activities, provider_activities
from workers.roles import ALL_ROLES, WorkerRole, activity_queues


def make_workers(
    client: Client,
    task_queue: str,
    providers: Providers,
    ledger: Ledger,
    policies: Policies,
    roles: Collection[WorkerRole] = ALL_ROLES,
    workflows: Sequence[type] = WORKFLOWS,
    runner: WorkflowRunner = WORKFLOW_RUNNER,
    **options: Any,
) -> list[Worker]:
    """Make a worker for each queue that the roles poll; none for a process that only relays.

    Every provider call is known on every queue of activities, so that a call finds a worker also where an earlier
    version put it.

    Args:
        client: The connection that they share.
        task_queue: The queue of the workflows; the others are named after it.
        providers: What the provider calls go to.
        ledger: What the transactions go to.
        policies: The policies of new and open returns.
        roles: What this process does.
        workflows: The workflow types.
        runner: How workflow code is run.
        options: Everything else that `temporalio.worker.Worker` takes, the same for each.
    """
    local = ledger_activities(ledger, policies)
    remote = provider_activities(providers, ledger)
    queues = {queue for role, queue in activity_queues(task_queue).items() if role in roles}
    workers = []
    if WorkerRole.WORKFLOWS in roles:
        workers.append(
            Worker(
                client,
                task_queue=task_queue,
                workflows=workflows,
                workflow_runner=runner,
                activities=[*local, *remote],
                no_remote_activities=task_queue not in queues,
                **options,
            )
        )
        queues.discard(task_queue)
    workers += [Worker(client, task_queue=queue, activities=remote, **options) for queue in sorted(queues)]
    return workers


@asynccontextmanager
async def running(workers: Sequence[Worker]) -> AsyncIterator[None]:
    """Run them; at the end all stop at the same time, so that the grace of one is the grace of all."""
    async with AsyncExitStack() as stack:
        for worker in workers:
            await stack.enter_async_context(worker)
        try:
            yield
        finally:
            await asyncio.gather(*(worker.shutdown() for worker in workers))
