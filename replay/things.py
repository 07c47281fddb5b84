"""What a workflow asks of Temporal, in words: as an event that history holds, or as a command of the code."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from temporalio.api.common.v1 import Payload
from temporalio.api.history.v1 import HistoryEvent
from temporalio.bridge.proto.workflow_commands import WorkflowCommand

LOCAL_ACTIVITY = "core_local_activity"
PATCH = "core_patch"


@dataclass(frozen=True)
class Thing:
    """Something asked for. Two are the same if kind and name are: that is what a replay compares.

    Attributes:
        kind: Such as `activity`.
        name: The type of an activity or a child, the name of a patch; empty where nothing is compared.
        label: How to tell it from others of its kind in words; not compared.
        number: Its sequence number in the code; 0 where history does not say it.
    """

    kind: str
    name: str = ""
    label: str = field(default="", compare=False)
    number: int = field(default=0, compare=False)

    def __str__(self) -> str:
        words = _WORDS.get(self.kind, self.kind)
        shown = " ".join(part for part in (words, self.name) if part)
        return f"{shown} ({self.label})" if self.label else shown


ACTIVITY = "activity"
LOCAL = "local activity"
TIMER = "timer"
TIMER_CANCELLED = "timer cancelled"
CHILD = "child workflow"
PATCHED = "patch"
SEARCH_ATTRIBUTES = "search attributes"
MEMO = "memo"
SIGNAL = "signal"
CANCEL_OTHER = "cancel other"
COMPLETED = "completed"
FAILED = "failed"
CANCELLED = "cancelled"
CONTINUED = "continued"
UPDATE = "update"
UPDATE_ANSWER = "update answer"

_WORDS = {
    TIMER: "a timer",
    TIMER_CANCELLED: "the end of a timer",
    SEARCH_ATTRIBUTES: "an upsert of search attributes",
    MEMO: "a change of the memo",
    SIGNAL: "a signal to another workflow:",
    CANCEL_OTHER: "the cancellation of another workflow",
    COMPLETED: "the completion of the workflow",
    FAILED: "the failure of the workflow",
    CANCELLED: "the cancellation of the workflow",
    CONTINUED: "the continuation as a new run",
    UPDATE: "update",
    UPDATE_ANSWER: "the answer of an update",
}


def thing_of_event(event: HistoryEvent) -> Thing | None:
    """What the workflow had asked for when this was recorded; None for what came from outside."""
    name = event.WhichOneof("attributes")
    make = _EVENTS.get(name.removesuffix("_event_attributes")) if name else None
    return make(getattr(event, str(name)), _summary(event)) if make else None


def thing_of_command(command: WorkflowCommand) -> Thing | None:
    """What the code asks for; None for answers and for cancellations of its own calls."""
    name = command.WhichOneof("variant")
    make = _COMMANDS.get(str(name))
    return make(getattr(command, str(name)), _summary(command)) if make else None


def marker_data(marker: Any) -> dict[str, Any]:
    """What the SDK's core wrote into a marker of a local activity or a patch."""
    for name in ("data", "patch-data"):
        for payload in marker.details[name].payloads if name in marker.details else ():
            content = json.loads(payload.data)
            return content if isinstance(content, dict) else {}
    return {}


def _of_marker(marker: Any, summary: str) -> Thing:
    about = marker_data(marker)
    if marker.marker_name == LOCAL_ACTIVITY:
        return Thing(LOCAL, about.get("activity_type", ""), number=about.get("seq", 0))
    if marker.marker_name == PATCH:
        return Thing(PATCHED, about.get("id", ""))
    return Thing("marker", marker.marker_name)


_Make = Callable[[Any, str], Thing]
_EVENTS: dict[str, _Make] = {
    "activity_task_scheduled": lambda a, s: Thing(ACTIVITY, a.activity_type.name),
    "timer_started": lambda a, s: Thing(TIMER, label=s),
    "timer_canceled": lambda a, s: Thing(TIMER_CANCELLED, label=s),
    "start_child_workflow_execution_initiated": lambda a, s: Thing(CHILD, a.workflow_type.name, a.workflow_id),
    "marker_recorded": _of_marker,
    "upsert_workflow_search_attributes": lambda a, s: Thing(SEARCH_ATTRIBUTES),
    "workflow_properties_modified": lambda a, s: Thing(MEMO),
    "signal_external_workflow_execution_initiated": lambda a, s: Thing(SIGNAL, a.signal_name),
    "request_cancel_external_workflow_execution_initiated": lambda a, s: Thing(CANCEL_OTHER),
    "workflow_execution_completed": lambda a, s: Thing(COMPLETED),
    "workflow_execution_failed": lambda a, s: Thing(FAILED),
    "workflow_execution_canceled": lambda a, s: Thing(CANCELLED),
    "workflow_execution_continued_as_new": lambda a, s: Thing(CONTINUED),
    "workflow_execution_update_accepted": lambda a, s: Thing(UPDATE, a.accepted_request.input.name),
    "workflow_execution_update_completed": lambda a, s: Thing(UPDATE_ANSWER),
}
_COMMANDS: dict[str, _Make] = {
    "schedule_activity": lambda c, s: Thing(ACTIVITY, c.activity_type, number=c.seq),
    "schedule_local_activity": lambda c, s: Thing(LOCAL, c.activity_type, number=c.seq),
    "start_timer": lambda c, s: Thing(TIMER, label=s, number=c.seq),
    "cancel_timer": lambda c, s: Thing(TIMER_CANCELLED, number=c.seq),
    "start_child_workflow_execution": lambda c, s: Thing(CHILD, c.workflow_type, c.workflow_id, c.seq),
    "set_patch_marker": lambda c, s: Thing(PATCHED, c.patch_id),
    "upsert_workflow_search_attributes": lambda c, s: Thing(SEARCH_ATTRIBUTES),
    "modify_workflow_properties": lambda c, s: Thing(MEMO),
    "signal_external_workflow_execution": lambda c, s: Thing(SIGNAL, c.signal_name),
    "request_cancel_external_workflow_execution": lambda c, s: Thing(CANCEL_OTHER),
    "complete_workflow_execution": lambda c, s: Thing(COMPLETED),
    "fail_workflow_execution": lambda c, s: Thing(FAILED),
    "cancel_workflow_execution": lambda c, s: Thing(CANCELLED),
    "continue_as_new_workflow_execution": lambda c, s: Thing(CONTINUED),
}


def _summary(of: HistoryEvent | WorkflowCommand) -> str:
    payload: Payload = of.user_metadata.summary
    try:
        text = json.loads(payload.data) if payload.data else ""
    except ValueError:
        return ""
    return text if isinstance(text, str) else ""
