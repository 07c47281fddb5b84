"""The whole pipeline in a test process, and what a test does with it: orders, returns, time, scans, books."""

import asyncio
import itertools
import json
import os
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from temporalio.client import Client, WorkflowHistory
from temporalio.worker import WorkflowRunner

from adapters.http import make_http_client
from adapters.payment.port import PaymentProvider
from demo.judge import read_ending
from demo.story import Ending
from domain.actions import Action, Actor, Role
from domain.application import ReturnApplication
from domain.intents import ProviderStatus
from domain.keys import rma_id_for
from domain.shipping import CarrierEvent
from domain.status import Logistics, Reimbursement
from ledger.answers import OrderBalance
from ledger.ledger import Ledger
from ledger.schema import migrate
from policy.files import Policies, load_policies
from sandbox.server import running_sandbox
from starters.client import ReturnsClient
from starters.connection import connect_temporal
from starters.errors import ReturnNotFound
from starters.setup import prepare_namespace
from testkit.environment import time_skipper
from testkit.uncached import asking_between_tasks
from workers.hosting import make_workers, running
from workers.registry import WORKFLOW_RUNNER, WORKFLOWS, Providers
from workers.relay import Relay
from workers.texts import load_message_texts
from workflows import ids
from workflows.contracts import (
    ACTION_REQUESTS,
    ActionAnswer,
    Decision,
    FollowUpOpened,
    ReopenRequest,
    ReturnResult,
    ReturnStatus,
)

_PATIENCE_SECONDS = 30.0
_CACHED_WORKFLOWS = int(os.environ.get("RETURNFLOW_TEST_CACHED_WORKFLOWS", "1000"))
"""A worker that caches none replays the history of each with every task: what is not deterministic fails there."""

_numbers = itertools.count(1)


class Pipeline:
    """A running pipeline. Tests share it and keep apart by using orders of their own."""

    def __init__(self, client: Client, task_queue: str, sandbox: httpx.AsyncClient, ledger: Ledger) -> None:
        self.client = client
        self.task_queue = task_queue
        self.sandbox = sandbox
        self.ledger = ledger
        self.skipper = time_skipper(client)
        self.returns = ReturnsClient(self.skipper.client, task_queue)

    # What the shop has

    async def order(self, **changes: Any) -> dict[str, Any]:
        """Load an order of its own for a test: one delivered shirt at 100.00 yuan, unless told otherwise."""
        number = f"{uuid4().hex[:8]}-{next(_numbers)}"
        order: dict[str, Any] = {
            "order_id": f"O-{number}",
            "customer_id": f"C-{number}",
            "status": "delivered",
            "currency": "CNY",
            "lines": [line()],
        } | changes
        total = sum(
            entry["unit_price_minor"] * entry["quantity"] - entry.get("discount_minor", 0)
            for entry in order["lines"]
        )
        total += order.get("shipping_minor", 0) - sum(d["amount_minor"] for d in order.get("discounts", ()))
        methods = order.pop("payment_methods", [{"id": f"CARD-{number}", "source": "credit_card"}])
        if "payments" not in order:
            order["payments"] = [{"kind": "payment", "amount_minor": total, "payment_method_id": methods[0]["id"]}]
        customer = {"customer_id": order["customer_id"], "payment_methods": methods}
        customer |= {name: order.pop(name) for name in ("tier", "agent") if name in order}
        await self._load("customers", customer)
        await self._load("orders", order)
        return order

    async def product(self, *variants: dict[str, Any], product_id: str = "P-SHIRT") -> None:
        """Load a product with its variants."""
        await self._load("catalog", {"product_id": product_id, "name": product_id, "variants": list(variants)})

    async def fault(self, **spec: Any) -> None:
        """Set a fault at the sandbox."""
        answer = await self.sandbox.post("/faults", json=spec)
        assert answer.is_success, answer.text

    async def books(self, book: str, rma_id: str) -> list[dict[str, Any]]:
        """The entries of a book that concern a return."""
        answer = (await self.sandbox.get(f"/books/{book}", params={"key_prefix": rma_id})).raise_for_status()
        return [entry["data"] for entry in answer.json()["entries"]]

    async def ending(self, rma_id: str, order_id: str) -> Ending:
        """What the books say of a return."""
        return await read_ending(self.sandbox, rma_id, order_id)

    async def balance(self, order_id: str) -> OrderBalance:
        """The ledger's books of an order at rest, once they are held against the provider's (I1, I4)."""
        balance = self.ledger.order_balance(order_id)
        answer = (await self.sandbox.get("/books/refunds", params={"order_id": order_id})).raise_for_status()
        last = {entry["data"]["provider_reference"]: entry["data"] for entry in answer.json()["entries"]}
        paid = [refund for refund in last.values() if refund["status"] == ProviderStatus.SUCCEEDED]
        for payment in balance.payments:
            at_the_provider = sum(r["amount_minor"] for r in paid if r["payment_id"] == payment.payment_id)
            assert payment.refunded_minor == at_the_provider
            assert payment.refunded_minor <= payment.captured_minor
            assert payment.reserved_minor == 0
        return balance

    async def live_pickups(self, rma_id: str) -> list[str]:
        """The references of the pickups that the carriers still mean to make for a return."""
        last = {pickup["pickup_id"]: pickup for pickup in await self.books("pickups", rma_id)}
        return [pickup["reference"] for pickup in last.values() if pickup["status"] == "booked"]

    async def live_labels(self, rma_id: str) -> list[tuple[str, str]]:
        """The labels of a return that a parcel could still be sent with: carrier and reference."""
        last = {label["label_id"]: label for label in await self.books("labels", rma_id)}
        return [(each["carrier"], each["reference"]) for each in last.values() if each["status"] == "live"]

    # What the order system and people do

    async def apply(self, order: dict[str, Any], request_id: str | None = None, **changes: Any) -> Decision:
        """Apply for a return of the first line of an order, unopened, unless told otherwise."""
        asked = {
            "order_id": order["order_id"],
            "customer_id": order["customer_id"],
            "desired_resolution": "return_and_refund",
            "lines": [{"line_id": order["lines"][0]["item_id"], "quantity": 1, "condition": "unopened"}],
        } | changes
        with self.skipper.with_time_skipping_disabled():
            return await self.returns.apply(
                ReturnApplication.model_validate(asked), request_id or f"T-{uuid4().hex}"
            )

    async def begin(self, order: dict[str, Any], **changes: Any) -> tuple[str, "asyncio.Task[Decision]"]:
        """Apply without waiting for the decision; the return exists when this comes back."""
        request_id = f"T-{uuid4().hex}"
        rma_id = rma_id_for(order["order_id"], request_id)
        deciding = asyncio.create_task(self.apply(order, request_id, **changes))
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while True:
                try:
                    await self.returns.status(rma_id)
                except ReturnNotFound:
                    await asyncio.sleep(0.03)
                else:
                    return rma_id, deciding

    async def act(
        self, rma_id: str, action: Action, role: Role, request_id: str | None = None, **fields: Any
    ) -> ActionAnswer:
        """Send an action as a role."""
        body = {"actor": Actor(role=role, id=f"{role.value}-{rma_id}"), **fields}
        request = ACTION_REQUESTS[action].model_validate(body)
        return await self.returns.act(rma_id, action, request, request_id)

    async def reopen(
        self, rma_id: str, request_id: str | None = None, note: str = "Two were in order."
    ) -> FollowUpOpened:
        """Take up a return that has ended, as its customer."""
        request = ReopenRequest(actor=Actor(role=Role.CUSTOMER, id="customer-1"), note=note)
        with self.skipper.with_time_skipping_disabled():
            return await self.returns.reopen(rma_id, request, request_id)

    async def receive(self, rma_id: str, **fields: Any) -> ActionAnswer:
        """The warehouse's receipt, now unless told otherwise."""
        at = {"received_at": await self.now(rma_id)}
        return await self.act(rma_id, Action.RECEIVE, Role.WAREHOUSE, **(at | fields))

    async def inspect(self, rma_id: str, *units: dict[str, Any]) -> ActionAnswer:
        """The warehouse's inspection; without units everything is accepted as good as new."""
        if not units:
            status = await self.returns.status(rma_id)
            units = tuple(
                {"line_id": line.line_id, "quantity": line.authorized, "verdict": "accepted", "grade": "A"}
                for line in status.lines
            )
        return await self.act(rma_id, Action.INSPECT, Role.WAREHOUSE, units=list(units))

    async def scan(
        self,
        rma_id: str,
        kind: str,
        at: datetime | None = None,
        event_id: str | None = None,
        parcel: int = 1,
    ) -> None:
        """A courier's scan of a parcel of the return, recorded by the carrier and reported by its webhook."""
        status = (await self.returns.status(rma_id)).parcels[parcel - 1]
        event = CarrierEvent(
            event_id=event_id or uuid4().hex,
            carrier=status.carrier,
            tracking_no=status.tracking_no,
            kind=kind,
            occurred_at=at or await self.now(rma_id),
        )
        await self.scan_unreported(event)
        await self.returns.report_carrier_event(rma_id, event)

    async def scan_unreported(self, event: CarrierEvent) -> None:
        """A scan that the carrier records and whose webhook is lost."""
        body = {"event_id": event.event_id, "kind": event.kind, "occurred_at": event.occurred_at.isoformat()}
        path = f"/carriers/{event.carrier}/tracking/{event.tracking_no}/scans"
        (await self.sandbox.post(path, json=body)).raise_for_status()

    async def to_the_warehouse(self, rma_id: str) -> None:
        """The plain way of a parcel, up to the carrier's delivery scan."""
        await self.until(rma_id, lambda status: status.logistics is Logistics.PICKUP_BOOKED)
        for kind in ("picked_up", "accepted", "delivered"):
            await self.scan(rma_id, kind)
        await self.until(rma_id, lambda status: status.logistics is Logistics.DELIVERED)

    async def inspected(self, order: dict[str, Any], *units: dict[str, Any], **changes: Any) -> str:
        """A return that comes back and is inspected; without units everything is accepted as good as new."""
        decision = await self.apply(order, **changes)
        await self.to_the_warehouse(decision.rma_id)
        await self.receive(decision.rma_id)
        await self.inspect(decision.rma_id, *units)
        return decision.rma_id

    # Time and state

    async def now(self, rma_id: str) -> datetime:
        """The return's own clock."""
        return await self.skipper.get_current_time(self._handle(rma_id))

    async def lapse(self, rma_id: str, time: timedelta) -> None:
        """Let virtual time pass for a return."""
        await self.skipper.fast_forward(self._handle(rma_id), time)

    async def until(self, rma_id: str, holds: Callable[[ReturnStatus], bool]) -> ReturnStatus:
        """Wait until the status says so, and until what went with it has happened as well."""
        status = await self.returns.status(rma_id)
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                while not holds(status):
                    await asyncio.sleep(0.05)
                    status = await self.returns.status(rma_id)
                was_busy = await self.rest(rma_id)
        except TimeoutError:
            raise AssertionError(f"did not come to pass; the return is {status.model_dump_json()}") from None
        later = await self.returns.status(rma_id) if was_busy else status
        return later if holds(later) else status

    async def rest(self, rma_id: str) -> bool:
        """Wait until the return does nothing but wait: for somebody, a clock, or a provider that failed.

        Returns:
            Whether it did anything else until now.
        """
        was_busy = False
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while await self._is_busy(rma_id):
                was_busy = True
                await asyncio.sleep(0.03)
        return was_busy

    async def _is_busy(self, rma_id: str) -> bool:
        now = (await self._handle(rma_id).describe()).raw_description
        return now.HasField("pending_workflow_task") or any(call.attempt <= 1 for call in now.pending_activities)

    async def end(self, rma_id: str) -> ReturnResult:
        """Wait for the end of a return."""
        result = await asyncio.wait_for(self.returns.result(rma_id), _PATIENCE_SECONDS)
        # Whatever became of it, every amount can be explained.
        assert (await self.returns.explain(rma_id)).adds_up
        return result

    async def settled(self, rma_id: str) -> ReturnStatus:
        """Wait until the money of a return has moved."""
        return await self.until(rma_id, lambda status: status.reimbursement is Reimbursement.SETTLED)

    async def messages(self, rma_id: str, count: int, audience: str = "customer_message") -> list[str]:
        """The templates that were sent, once there are so many."""
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while True:
                sent = await self.books("messages", rma_id)
                templates = [
                    message["template"]
                    for message in sent
                    if message["audience"] == audience and message["channel"] == "in_app"
                ]
                if len(templates) >= count:
                    return templates
                await asyncio.sleep(0.03)

    async def told(self, rma_id: str, audience: str = "customer_message") -> list[str]:
        """The templates of everything that was to be sent so far."""
        await self.rest(rma_id)
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while self.ledger.pending_deliveries():
                await asyncio.sleep(0.03)
        return await self.messages(rma_id, 0, audience)

    async def history(self, rma_id: str) -> WorkflowHistory:
        """What Temporal recorded of a return."""
        history: WorkflowHistory = await self._handle(rma_id).fetch_history()
        return history

    def _handle(self, rma_id: str) -> Any:
        return self.skipper.client.get_workflow_handle(ids.return_workflow_id(rma_id))

    async def _load(self, kind: str, record: dict[str, Any]) -> None:
        answer = await self.sandbox.post(f"/load/{kind}", content=json.dumps(record))
        assert answer.is_success, answer.text


def line(
    item_id: str = "SHIRT-M", quantity: int = 1, unit_price_minor: int = 10_000, **more: Any
) -> dict[str, Any]:
    """A line of an order."""
    fixed = {"product_id": "P-SHIRT", "name": "Shirt", "options": {}, "category": "apparel"}
    return fixed | {"item_id": item_id, "quantity": quantity, "unit_price_minor": unit_price_minor} | more


def variant(item_id: str, unit_price_minor: int = 10_000, stock: int = 100) -> dict[str, Any]:
    """A variant in the catalogue."""
    return {
        "item_id": item_id,
        "options": {},
        "available": stock > 0,
        "unit_price_minor": unit_price_minor,
        "stock": stock,
    }


def outage(attempts: int = 6) -> dict[str, Any]:
    """A fault that keeps a provider away for ten minutes with each attempt, six of them for about an hour.

    An attempt costs a test real time, so it asks for few of them.
    """
    return {"kind": "too_busy", "seconds": 600, "times": attempts}


@asynccontextmanager
async def running_pipeline(
    address: str,
    folder: Path,
    workflows: Sequence[type] = WORKFLOWS,
    max_cached_workflows: int = _CACHED_WORKFLOWS,
    policies: Policies | None = None,
    runner: WorkflowRunner = WORKFLOW_RUNNER,
    payment: PaymentProvider | None = None,
) -> AsyncIterator[Pipeline]:
    """Run the pipeline: a sandbox on a port of its own, a ledger, the registry's worker and the relay.

    A worker that caches no workflow replays the history of each with every task. Payments go to the sandbox if no
    other provider is given.
    """
    client = await connect_temporal(address)
    if not max_cached_workflows:
        client = asking_between_tasks(client)
    await prepare_namespace(client)
    ledger_url = f"sqlite:///{folder / 'ledger.db'}"
    migrate(ledger_url)
    ledger = Ledger.open(ledger_url)
    policies = policies or load_policies(None)
    task_queue = f"test-{uuid4().hex[:12]}"
    with running_sandbox() as url, ThreadPoolExecutor(16) as executor:
        async with make_http_client(url) as http:
            providers = Providers.over(http, payment)
            relay = Relay(
                ledger,
                providers.messaging,
                providers.warehouse,
                load_message_texts(),
                policies.current.zone,
                ReturnsClient(client, task_queue),
                retry=timedelta(seconds=0.1),
            )
            workers = make_workers(
                client,
                task_queue,
                providers,
                ledger,
                policies,
                workflows=workflows,
                runner=runner,
                activity_executor=executor,
                max_concurrent_activities=16,
                max_cached_workflows=max_cached_workflows,
                workflow_failure_exception_types=[Exception],
            )
            async with running(workers):
                relaying = asyncio.create_task(relay.run(timedelta(seconds=0.2)))
                try:
                    yield Pipeline(client, task_queue, http, ledger)
                finally:
                    relaying.cancel()
                    await asyncio.gather(relaying, return_exceptions=True)
    # A text that needs what its step does not give, or a message that nobody takes.
    assert [parked.error for parked in ledger.parked_deliveries()] == []
