"""Everything that a worker process hosts: the Temporal worker, the relay and the gauges."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import httpx
from temporalio.client import Client
from temporalio.runtime import Runtime
from temporalio.worker import Interceptor, PollerBehaviorAutoscaling, Worker

from adapters.http import make_http_client
from domain.messages import MessageTexts
from ledger.ledger import Ledger
from policy.files import Policies
from starters.client import ReturnsClient
from workers.context import ActivityContext
from workers.deployment import deployment_config
from workers.gauges import Gauges
from workers.registry import WORKFLOW_RUNNER, WORKFLOWS, Providers, activities
from workers.relay import Relay
from workers.settings import WorkerSettings
from workers.spans import ActivitySpans, TracedHttp

_GRACE = timedelta(seconds=30)
_LEDGER_CALLS_AT_ONCE = 16


@dataclass(frozen=True)
class Parts:
    """What a worker process opened before it connected.

    Attributes:
        runtime: Where its metrics go; gauges are only asked for where somebody can see them.
        is_traced: Whether spans are made.
    """

    settings: WorkerSettings
    policies: Policies
    ledger: Ledger
    texts: MessageTexts
    runtime: Runtime
    is_traced: bool


@asynccontextmanager
async def hosted(client: Client, parts: Parts) -> AsyncIterator[None]:
    """Run the worker, the relay and the gauges; running activities get 30 seconds to end."""
    settings, ledger, policies = parts.settings, parts.ledger, parts.policies
    kind = TracedHttp if parts.is_traced else httpx.AsyncClient
    async with make_http_client(settings.providers_url, settings.provider_timeout_seconds, kind) as http:
        providers = Providers.over(http)
        relay = Relay(
            ledger,
            providers.messaging,
            providers.warehouse,
            parts.texts,
            policies.current.zone,
            ReturnsClient(client, settings.task_queue),
        )
        with ThreadPoolExecutor(settings.max_concurrent_activities, thread_name_prefix="ledger") as executor:
            async with make_worker(client, parts, providers, executor):
                beside = [asyncio.create_task(relay.run(timedelta(seconds=settings.outbox_poll_seconds)))]
                if settings.metrics_address:
                    beside.append(asyncio.create_task(Gauges(client, ledger, parts.runtime.metric_meter).run()))
                try:
                    yield
                finally:
                    for task in beside:
                        task.cancel()
                    await asyncio.gather(*beside, return_exceptions=True)


def make_worker(client: Client, parts: Parts, providers: Providers, executor: ThreadPoolExecutor) -> Worker:
    """Make the Temporal worker that hosts every workflow and activity."""
    settings = parts.settings
    interceptors: list[Interceptor] = [ActivityContext()]
    if parts.is_traced:
        interceptors.insert(0, ActivitySpans())
    return Worker(
        client,
        task_queue=settings.task_queue,
        workflows=WORKFLOWS,
        workflow_runner=WORKFLOW_RUNNER,
        activities=activities(providers, parts.ledger, parts.policies),
        activity_executor=executor,
        max_concurrent_activities=settings.max_concurrent_activities,
        max_concurrent_local_activities=_LEDGER_CALLS_AT_ONCE,
        workflow_task_poller_behavior=PollerBehaviorAutoscaling(),
        activity_task_poller_behavior=PollerBehaviorAutoscaling(),
        graceful_shutdown_timeout=_GRACE,
        deployment_config=deployment_config(settings),
        interceptors=interceptors,
    )
