"""Plays a return and the bare workflows: the same messages in the same order, with the same pauses."""

import asyncio
import itertools
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Protocol
from uuid import uuid4

from temporalio.client import WithStartWorkflowOperation
from temporalio.common import SearchAttributePair, TypedSearchAttributes, WorkflowIDConflictPolicy

from bench.bare import ADVANCE_SIGNAL, ASK_UPDATE, BARE_WORKFLOW, ONE_ACTIVITY_WORKFLOW, REACHED_QUERY, updates_of
from bench.bare_worker import BARE_QUEUE
from bench.rig import Rig
from bench.shape import Shape, StepKind
from domain.actions import Action, Actor, Role
from domain.application import ReturnApplication
from domain.shipping import CarrierEvent
from domain.status import Logistics
from workflows.contracts import ACTION_REQUESTS, Decision, ParcelStatus

_PAUSE_SECONDS = 0.3
"""Between two messages: as in life they come one by one, so that none shares the task of another."""

_WAREHOUSE = Actor(role=Role.WAREHOUSE, id="dock-1")
_UNIT: dict[str, Any] = {"line_id": "SHIRT-M", "quantity": 1, "verdict": "accepted", "grade": "A"}


class Player(Protocol):
    """Something that can be done again and again."""

    name: str

    async def prepare(self, count: int) -> None:
        """Get ready to play so often."""

    async def play(self) -> str:
        """Play once; the id of the workflow that has ended."""


class PlainRefund:
    """The plain return: approved at once, picked up, received, inspected, refunded."""

    name = "return"

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self._orders: asyncio.Queue[str] = asyncio.Queue()

    async def prepare(self, count: int) -> None:
        """Load an order for each return."""
        orders = [an_order(f"O-{uuid4().hex[:12]}") for _ in range(count)]
        await self._rig.load("customers", [customer for customer, _ in orders])
        await self._rig.load("orders", [order for _, order in orders])
        for _, order in orders:
            self._orders.put_nowait(order["order_id"])

    async def play(self) -> str:
        """Play a return to its end."""
        decision = await self.apply()
        await self.finish(decision.rma_id)
        return f"return/{decision.rma_id}"

    async def apply(self) -> Decision:
        """Start a return of the next order."""
        return await self._rig.returns.apply(application(self.next_order()), "R-1")

    def next_order(self) -> str:
        """An order that was loaded and has no return yet."""
        return self._orders.get_nowait()

    async def finish(self, rma_id: str) -> None:
        """Take a return that was approved to its end."""
        await self.deliver(rma_id)
        await self.inspect(rma_id)
        await self._rig.returns.result(rma_id)

    async def deliver(self, rma_id: str) -> None:
        """Pick the parcel up and bring it to the warehouse, once a pickup is booked."""
        parcel = await self.booked(rma_id)
        for number, kind in enumerate(("picked_up", "accepted", "delivered")):
            event = CarrierEvent(
                event_id=f"{rma_id}-{number}",
                carrier=parcel.carrier,
                tracking_no=parcel.tracking_no,
                kind=kind,
                occurred_at=datetime.now(UTC),
            )
            await self._rig.returns.report_carrier_event(rma_id, event)
            await asyncio.sleep(_PAUSE_SECONDS)

    async def booked(self, rma_id: str) -> ParcelStatus:
        """Wait until the pickup of a return is booked; its parcel."""
        while True:
            await asyncio.sleep(_PAUSE_SECONDS)
            status = await self._rig.returns.status(rma_id)
            if status.logistics is Logistics.PICKUP_BOOKED:
                [parcel] = status.parcels
                return parcel

    async def inspect(self, rma_id: str, line_ids: Sequence[str] = (_UNIT["line_id"],)) -> None:
        """Receive the parcel and accept the one unit of each line in it."""
        await self._act(rma_id, Action.RECEIVE, received_at=datetime.now(UTC))
        await self._act(rma_id, Action.INSPECT, units=[_UNIT | {"line_id": line_id} for line_id in line_ids])

    async def _act(self, rma_id: str, action: Action, **body: Any) -> None:
        request = ACTION_REQUESTS[action].model_validate({"actor": _WAREHOUSE, **body})
        await self._rig.returns.act(rma_id, action, request)


class BareReturn:
    """The workflow of the same shape that does nothing."""

    name = "bare"

    def __init__(self, rig: Rig, shape: Shape) -> None:
        self._client = rig.client
        self._shape = shape
        kinds = [step.kind for step in shape.steps]
        self._first_signal = kinds.index(StepKind.AWAIT_SIGNAL)
        pairs = updates_of(shape.at_start)
        self._at_start = TypedSearchAttributes([SearchAttributePair(pair.key, pair.value) for pair in pairs])
        self._messages = [kind for kind in kinds if kind in (StepKind.AWAIT_SIGNAL, StepKind.AWAIT_UPDATE)]

    async def prepare(self, count: int) -> None:
        """Nothing has to be ready."""

    async def play(self) -> str:
        """Send what the shape waits for."""
        workflow_id = f"bare/{uuid4().hex}"
        start: WithStartWorkflowOperation[Any, Any] = WithStartWorkflowOperation(
            BARE_WORKFLOW,
            id=workflow_id,
            task_queue=BARE_QUEUE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            search_attributes=self._at_start,
        )
        await self._client.execute_update_with_start_workflow(ASK_UPDATE, start_workflow_operation=start)
        handle: Any = self._client.get_workflow_handle(workflow_id)
        while True:
            await asyncio.sleep(_PAUSE_SECONDS)
            if await handle.query(REACHED_QUERY) >= self._first_signal:
                break
        for kind in self._messages[1:]:
            if kind is StepKind.AWAIT_SIGNAL:
                await handle.signal(ADVANCE_SIGNAL)
                await asyncio.sleep(_PAUSE_SECONDS)
            else:
                await handle.execute_update(ASK_UPDATE)
        await handle.result()
        return workflow_id


class OneActivity:
    """A workflow that makes one call."""

    name = "one activity"

    def __init__(self, rig: Rig) -> None:
        self._client = rig.client

    async def prepare(self, count: int) -> None:
        """Nothing has to be ready."""

    async def play(self) -> str:
        """Start it and wait for its end."""
        workflow_id = f"one/{uuid4().hex}"
        await self._client.execute_workflow(ONE_ACTIVITY_WORKFLOW, id=workflow_id, task_queue=BARE_QUEUE)
        return workflow_id


_numbers = itertools.count(1)


def an_order(order_id: str, **changes: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """A customer and an order: one delivered shirt at 100.00 yuan, paid by card, unless told otherwise."""
    customer_id, card = f"C-{order_id}", f"CARD-{next(_numbers)}"
    line = {
        "item_id": "SHIRT-M",
        "product_id": "P-SHIRT",
        "name": "Shirt",
        "options": {},
        "category": "apparel",
        "quantity": 1,
        "unit_price_minor": 10_000,
    }
    order = {
        "order_id": order_id,
        "customer_id": customer_id,
        "status": "delivered",
        "currency": "CNY",
        "lines": [line],
    } | changes
    total = sum(each["unit_price_minor"] * each["quantity"] for each in order["lines"])
    order["payments"] = [{"kind": "payment", "amount_minor": total, "payment_method_id": card}]
    customer = {"customer_id": customer_id, "payment_methods": [{"id": card, "source": "credit_card"}]}
    return customer, order


def application(order_id: str) -> ReturnApplication:
    """The application for the shirt of an order."""
    return ReturnApplication.model_validate(
        {
            "order_id": order_id,
            "customer_id": f"C-{order_id}",
            "desired_resolution": "return_and_refund",
            "lines": [{"line_id": "SHIRT-M", "quantity": 1, "condition": "unopened"}],
        }
    )
