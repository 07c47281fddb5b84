"""Production without containers: PostgreSQL, workers of different roles, the API; a worker and the API are killed.

What docker-compose.yml describes runs here as processes. Judged by the books of the providers and of the ledger.
"""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from ledger.ledger import Ledger
from starters.connection import connect_temporal
from testkit.pipeline import Pipeline
from tests.e2e.parts import Parts
from tests.e2e.processes import Marked, free_port
from tests.postgres import PostgresDatabases

pytestmark = pytest.mark.deep

WAREHOUSE = {"role": "warehouse", "id": "dock-2"}
QUEUE = "topology"
_PATIENCE_SECONDS = 30.0


class Shop:
    """The set-up, and a shop that talks to its API."""

    def __init__(self, parts: Parts, pipeline: Pipeline, api_url: str) -> None:
        self.parts = parts
        self.pipeline = pipeline
        self._api = httpx.AsyncClient(base_url=api_url, timeout=30)

    async def apply(self, order: dict[str, Any], key: str) -> httpx.Response:
        body = {
            "order_id": order["order_id"],
            "customer_id": order["customer_id"],
            "desired_resolution": "return_and_refund",
            "lines": [{"line_id": "SHIRT-M", "quantity": 1, "condition": "unopened"}],
        }
        return await self._api.post("/v1/returns", json=body, headers={"Idempotency-Key": key})

    async def opened(self) -> tuple[str, dict[str, Any]]:
        order = await self.pipeline.order()
        answer = await self.apply(order, f"K-{order['order_id']}")
        assert answer.status_code == 201, answer.text
        return answer.json()["rma_id"], order

    async def delivered(self, rma_id: str) -> None:
        """The carrier brings the parcel; its scans come in by the signed webhook."""
        status = await self.until(rma_id, logistics="PICKUP_BOOKED")
        parcel = status["parcels"][0]
        path = f"/carriers/{parcel['carrier']}/tracking/{parcel['tracking_no']}/scans"
        for kind in ("picked_up", "delivered"):
            scan = {"kind": kind, "occurred_at": datetime.now(UTC).isoformat()}
            (await self.pipeline.sandbox.post(path, json=scan)).raise_for_status()
        await self.until(rma_id, logistics="DELIVERED")

    async def inspected(self, rma_id: str) -> None:
        await self._act(rma_id, "receive", received_at=datetime.now(UTC).isoformat())
        unit = {"line_id": "SHIRT-M", "quantity": 1, "verdict": "accepted", "grade": "A"}
        await self._act(rma_id, "inspect", units=[unit])

    async def until(self, rma_id: str, **wanted: str) -> dict[str, Any]:
        """Wait until the API says so."""
        status: dict[str, Any] = {}
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                while not status or any(status[name] != value for name, value in wanted.items()):
                    status = (await self._api.get(f"/v1/returns/{rma_id}")).raise_for_status().json()
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise AssertionError(f"{wanted} did not come to pass: {status}") from None
        return status

    async def close(self) -> None:
        await self._api.aclose()

    async def _act(self, rma_id: str, action: str, **body: Any) -> None:
        answer = await self._api.post(f"/v1/returns/{rma_id}/actions/{action}", json={"actor": WAREHOUSE, **body})
        assert answer.status_code == 200, answer.text


@pytest.fixture
async def shop(tmp_path: Path, postgres: PostgresDatabases) -> AsyncIterator[Shop]:
    temporal, sandbox, api = free_port(), free_port(), free_port()
    sandbox_url, api_url = f"http://127.0.0.1:{sandbox}", f"http://127.0.0.1:{api}"
    marked = Marked()
    with postgres.empty() as ledger_url:
        settings = {
            "TEMPORAL_ADDRESS": f"127.0.0.1:{temporal}",
            "RETURNFLOW_LEDGER_URL": ledger_url,
            "RETURNFLOW_PROVIDERS_URL": sandbox_url,
            "RETURNFLOW_TASK_QUEUE": QUEUE,
            "RETURNFLOW_CARRIER_WEBHOOK_SECRET": "0123456789abcdef0123",
            "RETURNFLOW_API_PORT": str(api),
        }
        parts = Parts(tmp_path, marked.environment | settings)
        try:
            parts.start_temporal(temporal)
            webhook = f"{api_url}/v1/carrier-events/{{carrier}}"
            arguments = ("--port", str(sandbox), "--data", "books", "--webhook-url", webhook)
            parts.start_server("sandbox", "sandbox", *arguments, probe=f"{sandbox_url}/healthz")
            await asyncio.to_thread(parts.await_all)
            await asyncio.to_thread(parts.run, "setup")
            parts.start_worker("worker", "workflows,messaging")
            parts.start_worker("callers", "providers,carrier,payment")
            parts.start_server("api", "api", probe=f"{api_url}/readyz")
            await asyncio.to_thread(parts.await_all)
            client = await connect_temporal(f"127.0.0.1:{temporal}")
            ledger = Ledger.open(ledger_url)
            async with httpx.AsyncClient(base_url=sandbox_url) as http:
                running = Shop(parts, Pipeline(client, QUEUE, http, ledger), api_url)
                yield running
                await running.close()
            ledger.engine.dispose()
        finally:
            await asyncio.to_thread(parts.stop)
    assert marked.gone_within(10), marked.alive()


async def test_nothing_is_lost_when_a_worker_and_the_api_are_killed(shop: Shop) -> None:
    returns = dict(await asyncio.gather(*(shop.opened() for _ in range(3))))
    await asyncio.gather(*(shop.delivered(rma_id) for rma_id in returns))
    before, *meanwhile = returns
    await shop.inspected(before)
    await shop.until(before, header="COMPLETED")

    shop.parts.kill("callers")
    await asyncio.gather(*(shop.inspected(rma_id) for rma_id in meanwhile))
    applying = await shop.pipeline.order()
    asked = asyncio.create_task(shop.apply(applying, "K-killed"))
    await asyncio.sleep(0.3)
    shop.parts.kill("api")
    with pytest.raises(httpx.HTTPError):
        await asked
    await asyncio.to_thread(shop.parts.start_again, "callers", "api")

    answer = await shop.apply(applying, "K-killed")
    assert answer.status_code == 201, answer.text
    last = answer.json()["rma_id"]
    assert shop.pipeline.ledger.open_returns(applying["order_id"]) == [last]
    await shop.delivered(last)
    await shop.inspected(last)

    for rma_id, order in {**returns, last: applying}.items():
        await shop.until(rma_id, header="COMPLETED")
        refunds = await shop.pipeline.books("refunds", rma_id)
        assert [refund["amount_minor"] for refund in refunds] == [10_000]
        assert (await shop.pipeline.balance(order["order_id"])).refunded_minor == 10_000
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while shop.pipeline.ledger.pending_deliveries():
            await asyncio.sleep(0.1)
    assert shop.pipeline.ledger.parked_deliveries() == []
