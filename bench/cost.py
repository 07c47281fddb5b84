"""What a return costs at Temporal: events, bytes and billable actions of its history, by kind."""

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from uuid import uuid4

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import WorkflowHistory

from bench.shape import TIME_SKIPPING, event_counts
from domain.record import Record
from testkit.pipeline import Pipeline, line, variant

_BILLED = {
    "WORKFLOW_EXECUTION_STARTED": "start",
    "WORKFLOW_EXECUTION_SIGNALED": "signal",
    "WORKFLOW_EXECUTION_UPDATE_ACCEPTED": "update",
    "UPSERT_WORKFLOW_SEARCH_ATTRIBUTES": "upsert",
    "TIMER_STARTED": "timer",
    "ACTIVITY_TASK_STARTED": "activity",
}
"""Events that Temporal Cloud bills (docs.temporal.io, "Temporal Cloud Actions"), and as what.

The local activities of one workflow task are billed as one action; queries are billed, and no history has them.
"""


class Cost(Record):
    """The cost of one return.

    Attributes:
        story: What was played.
        events: Events by type, without those of moved clocks.
        actions: Billable actions by kind.
        size: Bytes of the events.
    """

    story: str
    events: dict[str, int]
    actions: dict[str, int]
    size: int

    @property
    def event_count(self) -> int:
        """All events."""
        return sum(self.events.values())

    @property
    def action_count(self) -> int:
        """All billable actions."""
        return sum(self.actions.values())


def cost_of(story: str, history: WorkflowHistory) -> Cost:
    """Read the cost from a history."""
    own = [event for event in history.events if _name(event) not in TIME_SKIPPING]
    events = event_counts(own)
    return Cost(
        story=story,
        events=dict(sorted(events.items())),
        actions=dict(sorted(_actions(own).items())),
        size=sum(event.ByteSize() for event in own),
    )


async def play_costs(pipeline: Pipeline) -> list[Cost]:
    """Play the stories that are guarded, and read what each costs."""
    costs = []
    for story, play in (("plain refund", _plain), ("breach", _breach), ("exchange", _exchange)):
        rma_id = await play(pipeline)
        await pipeline.end(rma_id)
        costs.append(cost_of(story, await pipeline.history(rma_id)))
    return costs


async def _plain(pipeline: Pipeline) -> str:
    return await pipeline.inspected(await pipeline.order())


async def _breach(pipeline: Pipeline) -> str:
    rma_id = (await pipeline.apply(await pipeline.order())).rma_id
    await pipeline.to_the_warehouse(rma_id)
    await pipeline.receive(rma_id)
    await pipeline.lapse(rma_id, timedelta(hours=48, minutes=1))
    await pipeline.until(rma_id, lambda status: bool(status.coupons))
    await pipeline.inspect(rma_id)
    return rma_id


async def _exchange(pipeline: Pipeline) -> str:
    product_id, item_id = f"P-{uuid4().hex[:8]}", f"SHIRT-{uuid4().hex[:8]}"
    await pipeline.product(variant(item_id), product_id=product_id)
    order = await pipeline.order(lines=[line(product_id=product_id)])
    asked = {"line_id": "SHIRT-M", "quantity": 1, "condition": "unopened", "replacement_item_ids": [item_id]}
    return await pipeline.inspected(order, desired_resolution="exchange", lines=[asked])


def _actions(events: Iterable[HistoryEvent]) -> Counter[str]:
    actions: Counter[str] = Counter()
    with_local_activities = set()
    for event in events:
        name = _name(event)
        if name in _BILLED:
            actions[_BILLED[name]] += 1
        elif name == "MARKER_RECORDED":
            marker = event.marker_recorded_event_attributes
            if marker.marker_name == "core_local_activity":
                with_local_activities.add(marker.workflow_task_completed_event_id)
    actions["local activities"] = len(with_local_activities)
    return actions


def _name(event: HistoryEvent) -> str:
    return EventType.Name(event.event_type).removeprefix("EVENT_TYPE_")
