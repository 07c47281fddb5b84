"""A workflow that does as it is told, and histories of it that are written by hand."""

import asyncio
import base64
import json
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import SearchAttributeKey
from temporalio.exceptions import ApplicationError

_SHORT = timedelta(seconds=5)
_KIND = SearchAttributeKey.for_keyword("Kind")

code: list[str] = []
"""What the workflow does, in this order."""


@workflow.defn
class Tiny:
    """Does what `code` says, and then waits."""

    @workflow.run
    async def run(self) -> None:
        for step in code:
            await _do(step)
            if step == "complete":
                return
        await workflow.wait_condition(lambda: False)

    @workflow.signal
    def poke(self) -> None:
        """Only makes a workflow task."""


async def _do(step: str) -> None:
    what, _, name = step.partition(" ")
    match what:
        case "activity":
            workflow.start_activity(name, start_to_close_timeout=_SHORT)
        case "local":
            await workflow.execute_local_activity(name, start_to_close_timeout=_SHORT)
        case "timer":
            await _in_background(workflow.sleep(5, summary=name))
        case "child":
            await _in_background(workflow.start_child_workflow(name, id=f"id of {name}"))
        case "patch":
            workflow.patched(name)
        case "search":
            workflow.upsert_search_attributes([_KIND.value_set("x")])
        case "memo":
            workflow.upsert_memo({"a": 1})
        case "signal":
            await _in_background(workflow.get_external_workflow_handle("other").signal(name))
        case "fail":
            raise ApplicationError("told to")
        case "continue":
            workflow.continue_as_new()
        case "raise":
            raise ValueError(name)
        case "block":
            time.sleep(2.3)  # noqa: ASYNC251 - what a workflow must not do


_background: set[asyncio.Future[Any]] = set()


async def _in_background(work: Any) -> None:
    """Begin it, and go on."""
    task = asyncio.ensure_future(work)
    _background.add(task)
    task.add_done_callback(_background.discard)
    await asyncio.sleep(0)


def history(held: Sequence[str]) -> str:
    """A run whose first workflow task asked for what is held; a second one follows if the run goes on.

    At "task" the workflow task ends early, as one does in which a query was answered during a local activity.
    """
    events = [
        _event(
            1,
            "WORKFLOW_EXECUTION_STARTED",
            workflowType={"name": "Tiny"},
            taskQueue={"name": "q"},
            originalExecutionRunId="run",
            workflowId="w",
            attempt=1,
        )
    ]
    _task(events)
    events[-1]["workflowTaskCompletedEventAttributes"]["sdkMetadata"] = {"coreUsedFlags": [1, 2, 3, 4]}
    for number, step in enumerate(held, start=1):
        if step == "task":
            _task(events)
            continue
        # The SDK counts activities of both kinds together.
        activities = sum(each.startswith(("activity", "local")) for each in held[:number])
        kind, attributes = _held(step, activities)
        events.append(_event(len(events) + 1, kind, **attributes, workflowTaskCompletedEventId="4"))
        if step.startswith("patch"):
            # The core of the SDK makes patches searchable by itself.
            versions: dict[str, Any] = {"searchAttributes": {"indexedFields": {"TemporalChangeVersion": {}}}}
            events.append(_event(len(events) + 1, _ENDS["search"], **versions, workflowTaskCompletedEventId="4"))
    if not held or held[-1] not in ("complete", "fail", "continue"):
        events.append(_event(len(events) + 1, "WORKFLOW_EXECUTION_SIGNALED", signalName="poke"))
        _task(events)
    return json.dumps({"events": events})


def _task(events: list[dict[str, Any]]) -> None:
    number = len(events)
    events.append(_event(number + 1, "WORKFLOW_TASK_SCHEDULED", taskQueue={"name": "q"}, attempt=1))
    events.append(_event(number + 2, "WORKFLOW_TASK_STARTED", scheduledEventId=str(number + 1)))
    events.append(
        _event(
            number + 3,
            "WORKFLOW_TASK_COMPLETED",
            scheduledEventId=str(number + 1),
            startedEventId=str(number + 2),
        )
    )


def _held(step: str, number: int) -> tuple[str, dict[str, Any]]:
    what, _, name = step.partition(" ")
    started_at = {"seconds": 1795337130, "nanos": 1}
    match what:
        case "activity":
            return "ACTIVITY_TASK_SCHEDULED", {"activityId": str(number), "activityType": {"name": name}}
        case "local":
            data = {
                "seq": number,
                "attempt": 1,
                "activity_id": str(number),
                "activity_type": name,
                "complete_time": started_at,
                "backoff": None,
                "original_schedule_time": started_at,
            }
            details = {"data": _payloads(data), "result": _payloads(None)}
            return "MARKER_RECORDED", {"markerName": "core_local_activity", "details": details}
        case "timer":
            return "TIMER_STARTED", {"timerId": str(number), "startToFireTimeout": "5s"}
        case "child":
            child = {"workflowId": f"id of {name}", "workflowType": {"name": name}}
            return "START_CHILD_WORKFLOW_EXECUTION_INITIATED", child
        case "patch":
            details = {"patch-data": _payloads({"id": name, "deprecated": False})}
            return "MARKER_RECORDED", {"markerName": "core_patch", "details": details}
        case _:
            return _ENDS[what], {}


_ENDS = {
    "search": "UPSERT_WORKFLOW_SEARCH_ATTRIBUTES",
    "memo": "WORKFLOW_PROPERTIES_MODIFIED",
    "complete": "WORKFLOW_EXECUTION_COMPLETED",
    "fail": "WORKFLOW_EXECUTION_FAILED",
    "continue": "WORKFLOW_EXECUTION_CONTINUED_AS_NEW",
}


def _event(number: int, kind: str, **attributes: Any) -> dict[str, Any]:
    first, *rest = kind.lower().split("_")
    name = first + "".join(part.title() for part in rest) + "EventAttributes"
    return {
        "eventId": str(number),
        "eventTime": "2026-11-22T08:45:28Z",
        "eventType": f"EVENT_TYPE_{kind}",
        name: attributes,
    }


def _payloads(content: Any) -> dict[str, Any]:
    encoding = base64.b64encode(b"json/plain").decode()
    data = base64.b64encode(json.dumps(content).encode()).decode()
    return {"payloads": [{"metadata": {"encoding": encoding}, "data": data}]}
