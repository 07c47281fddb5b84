"""A history cut into workflow tasks: what it holds for each, beside what the code asked for."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.bridge.proto.workflow_commands import WorkflowCommand

from replay.recorder import Step
from replay.things import (
    ACTIVITY,
    CHILD,
    LOCAL,
    PATCHED,
    TIMER,
    TIMER_CANCELLED,
    UPDATE,
    UPDATE_ANSWER,
    Thing,
    thing_of_command,
    thing_of_event,
)

_COMPLETED = EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED
_BY_CORE = {"TemporalChangeVersion"}
_NOT_COUNTED = (LOCAL, PATCHED, UPDATE, UPDATE_ANSWER, TIMER_CANCELLED)
"""Local activities are counted by their numbers; the others come from outside, or come with something counted."""


class Tasks:
    """The workflow tasks of one history and one replay of it."""

    def __init__(self, events: Sequence[HistoryEvent], steps: Sequence[Step]) -> None:
        self._events = events
        self._steps = steps
        self._completed: dict[int, int] = {}
        """The events that completed the tasks, by those that started them."""
        self._held: dict[int, list[tuple[int, Thing]]] = {}
        self._cut()

    def _cut(self) -> None:
        held: list[tuple[int, Thing]] = []
        for event in self._events:
            if event.event_type == _COMPLETED:
                task = event.workflow_task_completed_event_attributes.started_event_id
                self._completed[task] = event.event_id
                held = self._held[task] = []
            elif (thing := thing_of_event(event)) and not _is_by_core(event):
                held.append((event.event_id, thing))

    def event(self, number: int) -> HistoryEvent | None:
        """An event by its id."""
        return next((event for event in self._events if event.event_id == number), None)

    def of_event(self, number: int) -> int:
        """The task whose commands an event is among, by the id of the event that started it."""
        started = [task for task, completed in self._completed.items() if completed < number]
        return max(started, default=0)

    def last(self) -> int:
        """The last task that the code was told of."""
        return max((step.task for step in self._steps), default=0)

    def held(self, task: int) -> list[tuple[int, Thing]]:
        """What history holds for a task, with the ids of the events."""
        return self._held.get(task, [])

    def asked(self, task: int) -> list[Thing]:
        """What the code asked for in a task, without what it took back at once."""
        commands = self._commands(task)
        later = (command for other in self._continues(task) for command in self._commands(other))
        until_told = [*commands, *later]
        taken_back = {
            *((TIMER, command.cancel_timer.seq) for command in until_told),
            *((ACTIVITY, command.request_cancel_activity.seq) for command in until_told),
            *((CHILD, command.cancel_child_workflow_execution.child_workflow_seq) for command in until_told),
        }
        things = [thing for command in commands if (thing := thing_of_command(command))]
        return [thing for thing in things if (thing.kind, thing.number) not in taken_back]

    def _commands(self, task: int) -> list[WorkflowCommand]:
        return [command for step in self._steps if step.task == task for command in step.commands]

    def _continues(self, task: int) -> Iterator[int]:
        """The tasks that go on with a task which was over before its local activity was.

        What the code asks for after the call is told to the server with the task that follows.
        """
        while self._is_cut_short(task):
            task = min((other for other in self._completed if other > task), default=0)
            if not task:
                return
            yield task

    def _is_cut_short(self, task: int) -> bool:
        held = self.held(task)
        following = self.event(self._completed[task] + len(held) + 1) if task in self._completed else None
        return (
            all(thing.kind == LOCAL for _, thing in held)
            and following is not None
            and following.HasField("workflow_task_scheduled_event_attributes")
        )

    def unmatched(self, task: int) -> Thing | None:
        """What the code asked for in a task and history does not hold there; None if there is nothing."""
        held = Counter(thing for _, thing in self.held(task))
        for thing in self.asked(task):
            held[thing] -= 1
            if held[thing] < 0 and thing.kind not in (PATCHED, TIMER_CANCELLED):
                return thing
        return None

    def asked_too_much(self) -> tuple[int, Thing] | None:
        """What the code asked for beyond a history that it follows otherwise, and the last event before that.

        A replay does not notice it where history holds nothing further that it could differ from.
        """
        asked: Counter[Thing] = Counter()
        everything = [thing for held in self._held.values() for _, thing in held]
        held = Counter(_counted(everything))
        marked = {thing.number for thing in everything if thing.kind == LOCAL}
        rests = self._rests()
        for task in sorted({step.task for step in self._steps} & self._completed.keys()):
            for thing in _counted(self.asked(task)):
                asked[thing] += 1
                if asked[thing] > held[thing]:
                    return self._completed[task], thing
            for thing in self.asked(task):
                if thing.kind == LOCAL and thing.number not in marked and rests:
                    return self._completed[task], thing
        return None

    def _rests(self) -> bool:
        """Whether history ends with a task that is over; while a local activity runs, another follows at once."""
        last = max(self._completed.values(), default=0)
        return not any(
            event.event_id > last and event.HasField("workflow_task_scheduled_event_attributes")
            for event in self._events
        )


def _counted(things: Iterable[Thing]) -> Iterator[Thing]:
    return (thing for thing in things if thing.kind not in _NOT_COUNTED)


def _is_by_core(event: HistoryEvent) -> bool:
    fields = event.upsert_workflow_search_attributes_event_attributes.search_attributes.indexed_fields
    return bool(fields) and fields.keys() <= _BY_CORE
