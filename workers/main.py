"""A worker process: does what its roles say, workflows, activities and the relay, until it is told to stop."""

import asyncio
import signal
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import NoReturn

import structlog
from temporalio.worker import PollerBehaviorAutoscaling

from adapters.http import make_http_client
from domain.messages import MessageTexts
from ledger.errors import SchemaOutOfDate
from ledger.ledger import Ledger
from policy.files import Policies, load_policies
from starters.client import ReturnsClient, connect_temporal
from starters.errors import ServiceUnavailable
from starters.logs import configure_logs
from starters.process import run_process
from workers.deployment import deployment_config, warn_if_idle
from workers.hosting import make_workers, running
from workers.namespace import NotPrepared, require_prepared_namespace
from workers.queues import warn_of_queues_without_workers
from workers.registry import Providers
from workers.relay import Relay
from workers.roles import WorkerRole
from workers.settings import WorkerSettings, load_settings, refuse_to_start
from workers.texts import load_message_texts

_GRACE = timedelta(seconds=30)
_LEDGER_CALLS_AT_ONCE = 16

log = structlog.get_logger(__name__)


def main() -> NoReturn:
    """Run a worker until SIGTERM or SIGINT; running activities get 30 seconds to end.

    The process ends with code 2 if it cannot start; standard error says which setting to mend.
    """
    run_process(_start)


def _start() -> None:
    settings = load_settings()
    configure_logs()
    try:
        policies = load_policies(settings.policy_file, settings.older_policy_files)
    except ValueError as error:
        refuse_to_start([f"RETURNFLOW_POLICY_FILE, RETURNFLOW_OLDER_POLICY_FILES: {error}"])
    try:
        ledger = Ledger.open(settings.ledger_url.get_secret_value())
    except (SchemaOutOfDate, ValueError) as error:
        refuse_to_start([f"RETURNFLOW_LEDGER_URL: {error}"])
    try:
        texts = load_message_texts()
    except ValueError as error:
        refuse_to_start([f"policy/messages: {error}"])
    asyncio.run(_run(settings, policies, ledger, texts))


async def _run(settings: WorkerSettings, policies: Policies, ledger: Ledger, texts: MessageTexts) -> None:
    try:
        client = await connect_temporal()
        await require_prepared_namespace(client)
    except ServiceUnavailable as error:
        refuse_to_start([f"{error.field}: {error}"])
    except NotPrepared as error:
        refuse_to_start([f"TEMPORAL_NAMESPACE: {error}"])
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with make_http_client(settings.providers_url, settings.provider_timeout_seconds) as http:
        providers = Providers.over(http)
        with ThreadPoolExecutor(
            max_workers=settings.max_concurrent_activities, thread_name_prefix="ledger"
        ) as executor:
            workers = make_workers(
                client,
                settings.task_queue,
                providers,
                ledger,
                policies,
                settings.worker_roles,
                activity_executor=executor,
                max_concurrent_activities=settings.max_concurrent_activities,
                max_concurrent_local_activities=_LEDGER_CALLS_AT_ONCE,
                workflow_task_poller_behavior=PollerBehaviorAutoscaling(),
                activity_task_poller_behavior=PollerBehaviorAutoscaling(),
                graceful_shutdown_timeout=_GRACE,
                deployment_config=deployment_config(settings),
            )
            async with running(workers):
                beside = [asyncio.create_task(warn_of_queues_without_workers(client, settings.task_queue))]
                if WorkerRole.MESSAGING in settings.worker_roles:
                    returns = ReturnsClient(client, settings.task_queue)
                    zone = policies.current.zone
                    relay = Relay(ledger, providers.messaging, providers.warehouse, texts, zone, returns)
                    beside.append(asyncio.create_task(relay.run(timedelta(seconds=settings.outbox_poll_seconds))))
                log.info(
                    "worker_ready",
                    task_queue=settings.task_queue,
                    roles=sorted(settings.worker_roles),
                    policy=policies.current.version,
                    build_id=settings.build_id,
                )
                await warn_if_idle(client, settings)
                await stop.wait()
                log.info("worker_stopping")
                for task in beside:
                    task.cancel()
                await asyncio.gather(*beside, return_exceptions=True)


if __name__ == "__main__":
    main()
