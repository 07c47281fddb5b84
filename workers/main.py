"""A worker process: does what its roles say, workflows, activities and the relay, until it is told to stop."""

import asyncio
import signal
from typing import NoReturn

import structlog

from ledger.errors import SchemaOutOfDate
from ledger.ledger import Ledger
from policy.files import load_policies
from starters.connection import connect_temporal
from starters.errors import ServiceUnavailable
from starters.logs import configure_logs
from starters.process import run_process
from starters.telemetry import make_runtime
from starters.tracing import Tracing, start_tracing
from workers.deployment import warn_if_idle
from workers.hosting import Parts, hosted
from workers.namespace import NotPrepared, require_prepared_namespace
from workers.settings import load_payment_settings, load_settings, refuse_to_start
from workers.subscribers_file import load_subscribers
from workers.texts import load_message_texts

log = structlog.get_logger(__name__)


def main() -> NoReturn:
    """Run a worker until SIGTERM or SIGINT; running activities get 30 seconds to end.

    The process ends with code 2 if it cannot start; standard error says which setting to mend.
    """
    run_process(_start)


def _start() -> None:
    settings = load_settings()
    payment = load_payment_settings(settings.payment)
    configure_logs()
    try:
        policies = load_policies(settings.policy_file, settings.older_policy_files)
    except ValueError as error:
        refuse_to_start([f"RETURNFLOW_POLICY_FILE, RETURNFLOW_OLDER_POLICY_FILES: {error}"])
    try:
        subscribers = load_subscribers(settings.subscribers)
    except ValueError as error:
        refuse_to_start([f"RETURNFLOW_SUBSCRIBERS: {error}"])
    try:
        ledger = Ledger.open(settings.ledger_url.get_secret_value())
    except (SchemaOutOfDate, ValueError) as error:
        refuse_to_start([f"RETURNFLOW_LEDGER_URL: {error}"])
    try:
        texts = load_message_texts()
    except ValueError as error:
        refuse_to_start([f"policy/messages: {error}"])
    try:
        runtime = make_runtime(settings.metrics_address)
    except ValueError as error:
        refuse_to_start([f"RETURNFLOW_METRICS_ADDRESS: {error}"])
    try:
        tracing = start_tracing("returnflow-worker")
    except ValueError as error:
        refuse_to_start([str(error)])
    parts = Parts(settings, payment, policies, ledger, texts, subscribers, runtime, tracing is not None)
    try:
        asyncio.run(_run(parts, tracing))
    finally:
        if tracing:
            tracing.close()


async def _run(parts: Parts, tracing: Tracing | None) -> None:
    try:
        client = await connect_temporal(runtime=parts.runtime, plugins=[tracing.plugin] if tracing else [])
        await require_prepared_namespace(client)
    except ServiceUnavailable as error:
        refuse_to_start([f"{error.field}: {error}"])
    except NotPrepared as error:
        refuse_to_start([f"TEMPORAL_NAMESPACE: {error}"])
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    settings = parts.settings
    async with hosted(client, parts):
        log.info(
            "worker_ready",
            task_queue=settings.task_queue,
            roles=sorted(settings.worker_roles),
            payment=settings.payment,
            policy=parts.policies.current.version,
            build_id=settings.build_id,
        )
        await warn_if_idle(client, settings)
        await stop.wait()
        log.info("worker_stopping")


if __name__ == "__main__":
    main()
