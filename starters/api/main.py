"""The API as a process: ``returns api`` or ``python -m starters.api.main``."""

import asyncio
import socket
import sys
from collections.abc import Mapping
from typing import NoReturn

import structlog
from temporalio.runtime import Runtime

from adapters.payment.reports import PaymentReports
from ledger.errors import SchemaOutOfDate
from ledger.ledger import Ledger
from starters.api.app import create_app
from starters.api.server import ApiServer, listen
from starters.api.settings import ApiSettings, load_reports, load_settings, refuse_to_start
from starters.client import ReturnsClient
from starters.connection import connect_temporal
from starters.errors import ServiceUnavailable
from starters.logs import configure_logs
from starters.process import run_process
from starters.telemetry import make_runtime
from starters.tracing import Tracing, start_tracing

_log = structlog.get_logger(__name__)


def main() -> NoReturn:
    """Serve until SIGTERM or SIGINT; requests that are being answered get 25 seconds to end.

    The process ends with code 2 if it cannot start; standard error says which setting to mend.
    """
    run_process(_run)


def _run() -> None:
    settings, reports = load_settings(), load_reports()
    configure_logs()
    ledger = _open_ledger(settings.ledger_url.get_secret_value())
    try:
        runtime = make_runtime(settings.api_metrics_address)
    except ValueError as error:
        refuse_to_start([f"RETURNFLOW_API_METRICS_ADDRESS: {error}"])
    try:
        tracing = start_tracing("returnflow-api")
    except ValueError as error:
        refuse_to_start([str(error)])
    try:
        listener, url = listen(settings.api_host, settings.api_port)
    except OSError as error:
        where = f"{settings.api_host}:{settings.api_port}"
        refuse_to_start([f"RETURNFLOW_API_HOST, RETURNFLOW_API_PORT: cannot listen on {where}: {error.strerror}"])
    try:
        asyncio.run(_serve(settings, reports, ledger, runtime, tracing, listener, url))
    finally:
        if tracing:
            tracing.close()


async def _serve(
    settings: ApiSettings,
    reports: Mapping[str, PaymentReports],
    ledger: Ledger,
    runtime: Runtime,
    tracing: Tracing | None,
    listener: socket.socket,
    url: str,
) -> None:
    try:
        client = await connect_temporal(runtime=runtime, plugins=[tracing.plugin] if tracing else [])
    except ServiceUnavailable as error:
        refuse_to_start([f"{error.field}: {error}"])

    def say_ready() -> None:
        sys.stdout.write(f"api ready on {url}\n")
        sys.stdout.flush()

    returns = ReturnsClient(client, settings.task_queue)
    app = create_app(returns, ledger, settings, runtime.metric_meter, tracing is not None, reports)
    await ApiServer(app, say_ready).serve(sockets=[listener])
    _log.info("api_stopped")


def _open_ledger(url: str) -> Ledger:
    try:
        return Ledger.open(url)
    except (ValueError, SchemaOutOfDate) as error:
        refuse_to_start([f"RETURNFLOW_LEDGER_URL: {error}"])


if __name__ == "__main__":
    main()
