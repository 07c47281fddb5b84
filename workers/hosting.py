"""What a worker process hosts, by its roles: the one place that knows which task queue hosts what."""

import asyncio
from collections.abc import AsyncIterator, Collection, Coroutine, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
from temporalio.client import Client
from temporalio.runtime import Runtime
from temporalio.worker import Interceptor, PollerBehaviorAutoscaling, Worker, WorkflowRunner

from adapters.http import HttpClients
from adapters.payment.settings import PaymentSettings
from adapters.subscribers.standard_webhooks import Endpoint
from domain.messages import MessageTexts
from ledger.ledger import Ledger
from policy.files import Policies
from starters.client import ReturnsClient
from starters.return_workflows import RunningReturns
from workers.call_time import CallTime
from workers.context import ActivityContext
from workers.deployment import deployment_config
from workers.gauges import Gauges
from workers.queues import warn_of_queues_without_workers
from workers.registry import WORKFLOW_RUNNER, WORKFLOWS, Providers, ledger_activities, provider_activities
from workers.relay import Relay
from workers.settings import WorkerSettings
from workers.spans import ActivitySpans, TracedHttp
from workers.subscribers import forget_old_events, tell_subscribers
from workflows.roles import ALL_ROLES, WorkerRole, activity_queues

_GRACE = timedelta(seconds=30)
_WORKFLOW_TASKS_AT_ONCE = 20
"""More than a process can work on. What waits for its turn waits at the server: a question that somebody asks need
not stand behind a flood of deadlines that the process has taken already."""
_LEDGER_CALLS_AT_ONCE = 16


@dataclass(frozen=True)
class Parts:
    """What a worker process opened before it connected.

    Attributes:
        runtime: Where its metrics go; gauges are only asked for where somebody can see them.
        is_traced: Whether spans are made.
    """

    settings: WorkerSettings
    payment: PaymentSettings
    policies: Policies
    ledger: Ledger
    texts: MessageTexts
    subscribers: tuple[Endpoint, ...]
    runtime: Runtime
    is_traced: bool


@asynccontextmanager
async def hosted(client: Client, parts: Parts) -> AsyncIterator[None]:
    """Run the workers of the process's roles and what runs beside them; activities get 30 seconds to end."""
    settings = parts.settings
    kind = TracedHttp if parts.is_traced else httpx.AsyncClient
    async with HttpClients(settings.provider_timeout_seconds, kind) as clients:
        providers = Providers.over(clients.to(settings.providers_url), parts.payment.connect(clients))
        with ThreadPoolExecutor(settings.max_concurrent_activities, thread_name_prefix="ledger") as executor:
            workers = make_workers(
                client,
                settings.task_queue,
                providers,
                parts.ledger,
                parts.policies,
                settings.worker_roles,
                interceptors=_interceptors(parts.is_traced),
                deployment_config=deployment_config(settings),
                **worker_options(settings.max_concurrent_activities, executor, settings.max_cached_workflows),
            )
            async with running(workers):
                beside = [asyncio.create_task(each) for each in _beside(client, parts, providers)]
                try:
                    yield
                finally:
                    for task in beside:
                        task.cancel()
                    await asyncio.gather(*beside, return_exceptions=True)


def worker_options(
    max_concurrent_activities: int, executor: Executor, max_cached_workflows: int = 1000
) -> dict[str, Any]:
    """How a worker process polls, runs and ends, whatever it hosts."""
    return {
        "activity_executor": executor,
        "max_concurrent_activities": max_concurrent_activities,
        "max_cached_workflows": max_cached_workflows,
        "max_concurrent_local_activities": _LEDGER_CALLS_AT_ONCE,
        "max_concurrent_workflow_tasks": _WORKFLOW_TASKS_AT_ONCE,
        "workflow_task_poller_behavior": PollerBehaviorAutoscaling(),
        "activity_task_poller_behavior": PollerBehaviorAutoscaling(),
        "graceful_shutdown_timeout": _GRACE,
    }


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
    remote = provider_activities(providers, ledger, RunningReturns(client))
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


def _interceptors(is_traced: bool) -> list[Interceptor]:
    always = [ActivityContext(), CallTime()]
    return [ActivitySpans(), *always] if is_traced else always


def _beside(client: Client, parts: Parts, providers: Providers) -> Iterator[Coroutine[Any, Any, None]]:
    """What runs until the process stops, whether or not it polls a queue."""
    settings, ledger = parts.settings, parts.ledger
    yield warn_of_queues_without_workers(client, settings.task_queue)
    if WorkerRole.MESSAGING in settings.worker_roles:
        returns = ReturnsClient(client, settings.task_queue)
        zone = parts.policies.current.zone
        relay = Relay(ledger, providers.messaging, providers.warehouse, parts.texts, zone, returns)
        yield relay.run(timedelta(seconds=settings.outbox_poll_seconds))
        yield forget_old_events(ledger, timedelta(days=settings.event_days))
        if parts.subscribers:
            yield tell_subscribers(ledger, parts.subscribers, timedelta(seconds=settings.outbox_poll_seconds))
    if settings.metrics_address:
        yield Gauges(client, settings.task_queue, ledger, parts.runtime.metric_meter).run()
