"""Plays returns in a process of its own that tells everything: `python -m tests.observe.play ADDRESS FOLDER`.

Its logs are on standard error; what `/metrics` answered is in `metrics.txt`, what a collector took in
`spans.json`.
"""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from temporalio.client import Client, WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer, Worker

from adapters.http import make_http_client
from adapters.payment.sandbox import SandboxPaymentSettings
from ledger.ledger import Ledger
from ledger.schema import migrate
from policy.files import load_policies
from sandbox.server import running_sandbox
from starters.api.app import create_app
from starters.api.server import ApiServer, listen
from starters.api.settings import ApiSettings
from starters.client import ReturnsClient
from starters.connection import connect_temporal
from starters.logs import configure_logs
from starters.process import run_process
from starters.setup import prepare_namespace
from starters.telemetry import make_runtime
from starters.tracing import Tracing, start_tracing
from testkit.pipeline import Pipeline, line, running_pipeline
from tests.e2e.processes import free_port
from tests.observe.broken import AsItIs, AsItWas
from tests.observe.otlp import collector
from tests.replay.record import HISTORIES
from workers.gauges import Gauges
from workers.hosting import Parts, hosted
from workers.registry import REPLAY_RUNNER, WORKFLOWS
from workers.settings import WorkerSettings
from workers.texts import load_message_texts
from workflows.ids import return_workflow_id

PLANTED = "zq7planted"
"""In everything that a person or a shop wrote; it must not show anywhere."""

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
CALLER = f"00-{TRACE_ID}-b7ad6b7169203331-01"
_QUEUE = "observed"
_PATIENCE_SECONDS = 20.0


def main() -> None:
    """Play everything and write down what was told."""
    configure_logs()
    asyncio.run(_play(sys.argv[1], Path(sys.argv[2])))


async def _play(address: str, folder: Path) -> None:
    with collector() as (endpoint, taken):
        os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"] = endpoint
        tracing = start_tracing("returnflow-test")
        assert tracing is not None
        async with _observed(address, folder, tracing) as (pipeline, api, gauges, metrics_url):
            played = await asyncio.gather(_cancel_over_http(pipeline, api), _late_and_lost(pipeline))
            replayed = await _replay(pipeline, played, tracing)
            (folder / "replayed.json").write_text(json.dumps(replayed), encoding="utf-8")
            await _lose_determinism(pipeline.client)
            await _wait_for_the_warehouse(pipeline, gauges)
            text = (await api.get(metrics_url)).raise_for_status().text
            (folder / "metrics.txt").write_text(text, encoding="utf-8")
        await asyncio.to_thread(tracing.close)
        (folder / "spans.json").write_text(json.dumps(taken), encoding="utf-8")
    forgetful = folder / "forgetful"
    forgetful.mkdir()
    async with running_pipeline(address, forgetful, max_cached_workflows=0) as pipeline:
        rma_id = await _to_its_end(pipeline)
        (folder / "forgetful.txt").write_text(rma_id, encoding="utf-8")


@asynccontextmanager
async def _observed(
    address: str, folder: Path, tracing: Tracing
) -> AsyncIterator[tuple[Pipeline, httpx.AsyncClient, Gauges, str]]:
    """A worker and an API as their processes make them, with everything on."""
    metrics_address = f"127.0.0.1:{free_port()}"
    runtime = make_runtime(metrics_address)
    client = await connect_temporal(address, runtime=runtime, plugins=[tracing.plugin])
    await prepare_namespace(client)
    ledger_url = f"sqlite:///{folder / 'ledger.db'}"
    migrate(ledger_url)
    ledger = Ledger.open(ledger_url)
    with running_sandbox() as providers_url:
        worker_settings = WorkerSettings.model_validate(
            {
                "ledger_url": ledger_url,
                "providers_url": providers_url,
                "task_queue": _QUEUE,
                "metrics_address": metrics_address,
            }
        )
        parts = Parts(
            worker_settings,
            SandboxPaymentSettings(providers_url=providers_url),
            load_policies(None),
            ledger,
            load_message_texts(),
            (),
            runtime,
            is_traced=True,
        )
        api_settings = ApiSettings.model_validate(
            {"ledger_url": ledger_url, "carrier_webhook_secret": "a-secret-of-the-carriers"}
        )
        app = create_app(ReturnsClient(client, _QUEUE), ledger, api_settings, runtime.metric_meter, is_traced=True)
        listener, url = listen("127.0.0.1", 0)
        server = ApiServer(app, lambda: None)
        async with (
            hosted(client, parts),
            make_http_client(providers_url) as sandbox,
            httpx.AsyncClient(base_url=url, timeout=20) as api,
        ):
            serving = asyncio.create_task(server.serve(sockets=[listener]))
            try:
                ledger.register_subscriber("shop")
                gauges = Gauges(client, _QUEUE, ledger, runtime.metric_meter)
                yield Pipeline(client, _QUEUE, sandbox, ledger), api, gauges, f"http://{metrics_address}/metrics"
            finally:
                server.should_exit = True
                await serving


async def _replay(pipeline: Pipeline, played: Sequence[str], tracing: Tracing) -> list[str]:
    """Replay what was traced where nothing is, and what was recorded without traces where everything is."""
    bare = Replayer(workflows=WORKFLOWS, workflow_runner=REPLAY_RUNNER, data_converter=pydantic_data_converter)
    traced = Replayer(
        workflows=WORKFLOWS,
        workflow_runner=REPLAY_RUNNER,
        data_converter=pydantic_data_converter,
        plugins=[tracing.plugin],
    )
    for rma_id in played:
        await bare.replay_workflow(await pipeline.history(rma_id))
    recorded = sorted((HISTORIES / "ReturnWorkflow").glob("*@0.2.0.json"))
    for file in recorded:
        await traced.replay_workflow(WorkflowHistory.from_json(file.stem, file.read_text("utf-8")))
    return [*played, *(file.stem for file in recorded)]


async def _cancel_over_http(pipeline: Pipeline, api: httpx.AsyncClient) -> str:
    """A request whose return is paid at once, by a caller who traces it; and one that matches no route."""
    order = await _planted_order(pipeline, status="pending")
    body = {
        "order_id": order["order_id"],
        "customer_id": order["customer_id"],
        "desired_resolution": "cancel_order",
        "contact": {"name": PLANTED, "phone": PLANTED, "email": f"{PLANTED}@example.org"},
    }
    headers = {"Idempotency-Key": PLANTED, "traceparent": CALLER, "baggage": f"customer={PLANTED}"}
    answer = await api.post("/v1/returns", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    await pipeline.end(answer.json()["rma_id"])
    await api.get(f"/v1/returns?order_id={order['order_id']}")
    await api.get(f"/{PLANTED}")
    return str(answer.json()["rma_id"])


async def _late_and_lost(pipeline: Pipeline) -> str:
    """A broken promise with its coupon, and a refund whose answer was lost."""
    order = await _planted_order(pipeline)
    payment = {"payment_id": f"{order['order_id']}-p1"}
    await pipeline.fault(target="payments.refund", kind="lost_response", times=1, match=payment)
    return await _to_its_end(pipeline, order)


async def _wait_for_the_warehouse(pipeline: Pipeline, gauges: Gauges) -> None:
    """A return that stays where it is, and is counted there."""
    rma_id = (await pipeline.apply(await _planted_order(pipeline))).rma_id
    await pipeline.to_the_warehouse(rma_id)
    query = f'WorkflowId = "{return_workflow_id(rma_id)}" AND ReturnNeeds = "warehouse"'
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while not (await pipeline.client.count_workflows(query)).count:
            await asyncio.sleep(0.05)
    await gauges.refresh()


async def _to_its_end(pipeline: Pipeline, order: dict[str, Any] | None = None) -> str:
    """A return that is inspected after 49 hours and then paid."""
    order = order or await _planted_order(pipeline)
    contact = {"name": PLANTED, "phone": PLANTED, "email": f"{PLANTED}@example.org"}
    rma_id = (await pipeline.apply(order, contact=contact)).rma_id
    await pipeline.to_the_warehouse(rma_id)
    await pipeline.lapse(rma_id, timedelta(hours=49))
    await pipeline.receive(rma_id)
    await pipeline.inspect(rma_id)
    await pipeline.lapse(rma_id, timedelta(minutes=5))
    await pipeline.end(rma_id)
    return rma_id


async def _planted_order(pipeline: Pipeline, **changes: Any) -> dict[str, Any]:
    number = os.urandom(4).hex()
    return await pipeline.order(
        order_id=f"O-{PLANTED}-{number}",
        customer_id=f"C-{PLANTED}-{number}",
        lines=[line(f"SHIRT-{PLANTED}", name=PLANTED)],
        payment_methods=[{"id": f"CARD-{PLANTED}-{number}", "source": "credit_card"}],
        **changes,
    )


async def _lose_determinism(client: Client) -> None:
    """Have a workflow task fail as it does after a change without a gate."""
    queue = f"broken-{os.urandom(4).hex()}"
    async with Worker(client, task_queue=queue, workflows=[AsItWas]):
        handle = await client.start_workflow("Broken", id=queue, task_queue=queue)
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while (await handle.describe()).history_length < 4:
                await asyncio.sleep(0.02)
    async with Worker(client, task_queue=queue, workflows=[AsItIs]):
        await handle.signal("again")
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while not (await handle.describe()).raw_description.pending_workflow_task.attempt > 1:
                await asyncio.sleep(0.05)
    await handle.terminate()


if __name__ == "__main__":
    run_process(main)
