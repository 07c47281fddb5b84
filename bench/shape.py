"""The shape of a workflow: what its history holds, in order, without what it is about."""

from collections import Counter
from collections.abc import Iterable, Iterator
from enum import StrEnum

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import WorkflowHistory
from temporalio.converter import DefaultPayloadConverter

from domain.record import Record

TIME_SKIPPING = ("WORKFLOW_EXECUTION_OPTIONS_UPDATED", "WORKFLOW_EXECUTIONTIME_SKIPPING_TRANSITIONED")
"""What a server writes of clocks that a story moved; production has none of it."""


class StepKind(StrEnum):
    """What a workflow does next, or waits for."""

    ACTIVITY = "activity"
    LOCAL_ACTIVITY = "local_activity"
    TIMER = "timer"
    CANCEL_TIMER = "cancel_timer"
    UPSERT = "upsert"
    ANSWER_UPDATE = "answer_update"
    AWAIT_ACTIVITY = "await_activity"
    AWAIT_TIMER = "await_timer"
    AWAIT_SIGNAL = "await_signal"
    AWAIT_UPDATE = "await_update"


class Attribute(Record):
    """A search attribute that is written, with Temporal's name of its type."""

    name: str
    kind: str
    value: str | int | float | bool | tuple[str, ...] | None


class Step(Record):
    """One thing that a workflow does or waits for.

    Attributes:
        kind: What it is.
        number: Which one of its kind, from 0: an activity is awaited, and a timer canceled, by the number it
            was started under.
        seconds: How long a timer runs.
        queue_suffix: Where an activity is scheduled: what follows the name of the workflow's own task queue.
        attributes: What an upsert writes.
    """

    kind: StepKind
    number: int = 0
    seconds: float = 0.0
    queue_suffix: str = ""
    attributes: tuple[Attribute, ...] = ()


class Shape(Record):
    """The steps of a workflow in their order, and the attributes it starts with."""

    at_start: tuple[Attribute, ...]
    steps: tuple[Step, ...]


def shape_of(history: WorkflowHistory) -> Shape:
    """Read the shape from a finished history.

    Raises:
        ValueError: If it holds an event that a shape cannot have.
    """
    started = history.events[0].workflow_execution_started_event_attributes
    return Shape(
        at_start=tuple(_attributes(started.search_attributes.indexed_fields)),
        steps=tuple(_steps(history.events, started.task_queue.name)),
    )


def event_counts(events: Iterable[HistoryEvent]) -> Counter[str]:
    """How many events of each type there are, without those of moved clocks."""
    names = (EventType.Name(event.event_type).removeprefix("EVENT_TYPE_") for event in events)
    return Counter(name for name in names if name not in TIME_SKIPPING)


def _steps(events: Iterable[HistoryEvent], own_queue: str) -> Iterator[Step]:
    activities: dict[int, int] = {}
    timers: dict[int, int] = {}
    seen: Counter[StepKind] = Counter()

    def numbered(kind: StepKind) -> Step:
        step = Step(kind=kind, number=seen[kind])
        seen[kind] += 1
        return step

    for event in events:
        match EventType.Name(event.event_type).removeprefix("EVENT_TYPE_"):
            case "ACTIVITY_TASK_SCHEDULED":
                step = numbered(StepKind.ACTIVITY)
                activities[event.event_id] = step.number
                queue = event.activity_task_scheduled_event_attributes.task_queue.name
                yield step.model_copy(update={"queue_suffix": queue.removeprefix(own_queue)})
            case "ACTIVITY_TASK_COMPLETED":
                done = event.activity_task_completed_event_attributes.scheduled_event_id
                yield Step(kind=StepKind.AWAIT_ACTIVITY, number=activities[done])
            case "TIMER_STARTED":
                step = numbered(StepKind.TIMER)
                timers[event.event_id] = step.number
                timeout = event.timer_started_event_attributes.start_to_fire_timeout
                yield step.model_copy(update={"seconds": timeout.ToTimedelta().total_seconds()})
            case "TIMER_CANCELED":
                canceled = event.timer_canceled_event_attributes.started_event_id
                yield Step(kind=StepKind.CANCEL_TIMER, number=timers[canceled])
            case "TIMER_FIRED":
                fired = event.timer_fired_event_attributes.started_event_id
                yield Step(kind=StepKind.AWAIT_TIMER, number=timers[fired])
            case "UPSERT_WORKFLOW_SEARCH_ATTRIBUTES":
                upsert = event.upsert_workflow_search_attributes_event_attributes
                attributes = tuple(_attributes(upsert.search_attributes.indexed_fields))
                yield Step(kind=StepKind.UPSERT, attributes=attributes)
            case "MARKER_RECORDED":
                name = event.marker_recorded_event_attributes.marker_name
                if name != "core_local_activity":
                    raise ValueError(f"event {event.event_id} is a marker {name}, which a shape cannot have")
                yield Step(kind=StepKind.LOCAL_ACTIVITY)
            case "WORKFLOW_EXECUTION_SIGNALED":
                yield numbered(StepKind.AWAIT_SIGNAL)
            case "WORKFLOW_EXECUTION_UPDATE_ACCEPTED":
                yield numbered(StepKind.AWAIT_UPDATE)
            case "WORKFLOW_EXECUTION_UPDATE_COMPLETED":
                yield numbered(StepKind.ANSWER_UPDATE)
            case name if name not in _OF_THE_ENGINE:
                raise ValueError(f"event {event.event_id} is {name}, which a shape cannot have")


_OF_THE_ENGINE = {
    "WORKFLOW_EXECUTION_STARTED",
    "WORKFLOW_EXECUTION_COMPLETED",
    "WORKFLOW_TASK_SCHEDULED",
    "WORKFLOW_TASK_STARTED",
    "WORKFLOW_TASK_COMPLETED",
    "ACTIVITY_TASK_STARTED",
    *TIME_SKIPPING,
}


def _attributes(fields: object) -> Iterator[Attribute]:
    converter = DefaultPayloadConverter()
    assert hasattr(fields, "items")
    for name, payload in sorted(fields.items()):
        value = converter.from_payloads([payload])[0] if payload.data != b"null" else None
        yield Attribute(
            name=name,
            kind=payload.metadata["type"].decode(),
            value=tuple(value) if isinstance(value, list) else value,
        )
