"""Why a history does not replay, in words: the event, what history holds there, and what the code asked for."""

import re
from collections.abc import Sequence
from pathlib import Path

from temporalio.api.failure.v1 import Failure
from temporalio.api.history.v1 import HistoryEvent

from domain.record import Record
from replay.recorder import Step
from replay.tasks import Tasks
from replay.things import (
    ACTIVITY,
    CANCELLED,
    CHILD,
    COMPLETED,
    CONTINUED,
    FAILED,
    LOCAL,
    MEMO,
    PATCHED,
    SEARCH_ATTRIBUTES,
    SIGNAL,
    TIMER,
    TIMER_CANCELLED,
    UPDATE,
    Thing,
    thing_of_event,
)

_ROOT = Path(__file__).resolve().parents[1]

_MESSAGE = re.compile(r'message: "((?:[^"\\]|\\.)*)", source:')
_EVENT = re.compile(r"HistoryEvent(?:\(id: | \{ event_id: )(\d+)")
_MACHINE = re.compile(r"error: ([\w ]+?) ?[mM]achine does not handle")
_MISMATCH = re.compile(
    r"(?P<what>[\w ]+) of (?:scheduled event|recorded marker) '(?P<held>.*?)' does not match .* of "
    r"(?P<kind>[\w ]*?) ?command '(?P<asked>.*?)'"
)
_NO_LOCAL_ACTIVITY = re.compile(r"Missing associated machine for LocalActivity\((\d+)\)")
_NO_PATCH = re.compile(r"patch marker encountered for change (.+?), but there is no corresponding")
_DEADLOCK = "[TMPRL1101]"
_NO_HANDLER = "expected but not found"
_FRAME = re.compile(r'File "([^"]+)", line (\d+), in (\w+)')
_VALUE_OF_PYDANTIC = re.compile(r" *\[type=.*?\]$", re.M)
_MANUAL_OF_PYDANTIC = re.compile(r"\n *For further information visit .*")

_OF_MACHINE = {
    "Activity": (ACTIVITY,),
    "Timer": (TIMER, TIMER_CANCELLED),
    "Child workflow": (CHILD,),
    "UpsertWorkflowSearchAttributes": (SEARCH_ATTRIBUTES,),
    "ModifyWorkflowProperties": (MEMO,),
    "Signal external WF": (SIGNAL,),
    "Complete workflow": (COMPLETED,),
    "Fail workflow": (FAILED,),
    "Cancel workflow": (CANCELLED,),
    "Continue as new workflow": (CONTINUED,),
}
"""What the parts of the SDK's core that follow a command are called in its errors."""


class Divergence(Record):
    """Where a history and the code part.

    Attributes:
        event: The id of the event in the history; None if it is about no single one.
        told: What history holds and what the code did, in words.
    """

    event: int | None = None
    told: str


def explain(error: Exception, events: Sequence[HistoryEvent], steps: Sequence[Step]) -> Divergence:
    """Say why a replay failed, by the core's error, the history and what the code asked for."""
    tasks = Tasks(events, steps)
    if failed := next((step for step in reversed(steps) if step.failure), None):
        return Divergence(event=failed.task, told=_raised(failed.failure or Failure()))
    found = _MESSAGE.search(str(error))
    message = found[1].replace('\\"', '"') if found else str(error)
    if _DEADLOCK in message:
        return Divergence(event=tasks.last() or None, told="the code did not yield within two seconds: it blocks")
    return _of_message(message, tasks, steps) or Divergence(event=tasks.last() or None, told=_plain(message))


def too_much(events: Sequence[HistoryEvent], steps: Sequence[Step]) -> Divergence | None:
    """What the code asked for beyond a history that it follows otherwise; None if it did not."""
    found = Tasks(events, steps).asked_too_much()
    if not found:
        return None
    event, thing = found
    return Divergence(event=event, told=f"history holds nothing more for this task, the code asked for {thing}")


def _of_message(message: str, tasks: Tasks, steps: Sequence[Step]) -> Divergence | None:
    if found := _MISMATCH.search(message):
        return _other_name(found, tasks)
    if found := _NO_LOCAL_ACTIVITY.search(message):
        return _not_asked(tasks, Thing(LOCAL, number=int(found[1])))
    if found := _NO_PATCH.search(message):
        return _not_asked(tasks, Thing(PATCHED, found[1]))
    if not (found := _EVENT.search(message)):
        return None
    number = int(found[1])
    event = tasks.event(number)
    held = thing_of_event(event) if event else None
    if event is None or held is None:
        return None
    if held.kind == UPDATE and (why := _refusal(event, steps)):
        if _NO_HANDLER in why:
            return Divergence(event=number, told=f"history holds {held}, the code has no handler for it")
        return Divergence(event=number, told=f"history holds {held}, accepted; the code refused it: {why}")
    machine = _MACHINE.search(message)
    asked = _beside(tasks, number, _OF_MACHINE.get(machine[1], ())) if machine else None
    return _parted(number, held, asked or tasks.unmatched(tasks.of_event(number)))


def _parted(number: int, held: Thing, asked: Thing | None) -> Divergence:
    return Divergence(event=number, told=f"history holds {held}, the code asked for {asked or 'nothing more'}")


def _beside(tasks: Tasks, number: int, kinds: Sequence[str]) -> Thing | None:
    """The command that the core held against an event: the first of its kind that no earlier event took."""
    task = tasks.of_event(number)
    for kind in kinds:
        taken = sum(thing.kind == kind for event, thing in tasks.held(task) if event < number)
        asked = [thing for thing in tasks.asked(task) if thing.kind == kind]
        if taken < len(asked):
            return asked[taken]
    return None


def _other_name(found: re.Match[str], tasks: Tasks) -> Divergence:
    """The kinds are the same, and the types or the ids are not."""
    task, names = tasks.last(), (found["held"], found["asked"])
    kind = LOCAL if "local" in found["kind"] else CHILD if "hild" in found["what"] else ACTIVITY
    alike = [(event, thing) for event, thing in tasks.held(task) if thing.kind == kind]
    if found["what"].strip().endswith("type"):
        asked = Thing(kind, names[1])
        return next(
            (_parted(event, thing, asked) for event, thing in alike if thing.name == names[0]),
            Divergence(event=task, told=f"history holds {Thing(kind, names[0])}, the code asked for {asked}"),
        )
    number, held = next(
        ((event, thing) for event, thing in alike if _has_id(tasks.event(event), names[0])), (task, Thing(kind))
    )
    told = f"history holds {held} with the id {names[0]}, the code asked for one with the id {names[1]}"
    return Divergence(event=number, told=told)


def _has_id(event: HistoryEvent | None, wanted: str) -> bool:
    return event is not None and wanted in (
        event.activity_task_scheduled_event_attributes.activity_id,
        event.start_child_workflow_execution_initiated_event_attributes.workflow_id,
    )


def _not_asked(tasks: Tasks, wanted: Thing) -> Divergence:
    """History holds a marker that the code does not ask for."""
    task = tasks.last()
    for number, thing in tasks.held(task):
        if thing.kind == wanted.kind and (thing.number or thing.name) == (wanted.number or wanted.name):
            if thing.kind == PATCHED:
                return Divergence(event=number, told=f"history holds {thing}, the code no longer asks for it")
            return _parted(number, thing, tasks.unmatched(task))
    return Divergence(event=task, told=f"history holds {wanted}, the code asked for nothing like it")


def _refusal(event: HistoryEvent, steps: Sequence[Step]) -> str:
    wanted = event.workflow_execution_update_accepted_event_attributes.protocol_instance_id
    for step in steps:
        for command in step.commands:
            answer = command.update_response
            if answer.protocol_instance_id == wanted and answer.HasField("rejected"):
                return _what_failed(answer.rejected)
    return ""


def _raised(failure: Failure) -> str:
    where = _place(failure)
    return f"the code raised {_what_failed(failure)}" + (f" ({where})" if where else "")


def _what_failed(failure: Failure) -> str:
    if failure.message == "Failed decoding arguments" and failure.HasField("cause"):
        return f"an error since it cannot read what history holds: {_plain(failure.cause.message)}"
    kind = failure.application_failure_info.type
    return _plain(f"{kind}: {failure.message}" if kind else failure.message)


def _place(failure: Failure) -> str:
    """The innermost line of our own code that the stack trace names."""
    for name, line, function in reversed(_FRAME.findall(failure.stack_trace)):
        file = Path(name)
        if file.is_relative_to(_ROOT) and "site-packages" not in file.parts:
            return f"{file.relative_to(_ROOT)}:{line} in {function}"
    return ""


def _plain(message: str) -> str:
    """One line, without the values that a validation would repeat: they may be personal."""
    short = _VALUE_OF_PYDANTIC.sub("", _MANUAL_OF_PYDANTIC.sub("", message.replace("\\n", "\n")))
    return " ".join(short.split())
