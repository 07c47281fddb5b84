"""A workflow of a given shape that does nothing: what the engine itself takes for so many steps."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from temporalio import activity, workflow
from temporalio.common import SearchAttributeKey, SearchAttributeUpdate

from bench.shape import Attribute, Shape, Step, StepKind

BARE_WORKFLOW = "BareReturn"
ONE_ACTIVITY_WORKFLOW = "OneActivity"
REACHED_QUERY = "reached"
ADVANCE_SIGNAL = "advance"
ASK_UPDATE = "ask"
_TIMEOUT = timedelta(seconds=20)

_KEYS: dict[str, Callable[[str], SearchAttributeKey[Any]]] = {
    "Keyword": SearchAttributeKey.for_keyword,
    "KeywordList": SearchAttributeKey.for_keyword_list,
    "Int": SearchAttributeKey.for_int,
    "Bool": SearchAttributeKey.for_bool,
    "Datetime": SearchAttributeKey.for_datetime,
}


@activity.defn(name="bare.call")
async def bare_call() -> None:
    """A provider call without a provider."""


@activity.defn(name="bare.note")
def bare_note() -> None:
    """A ledger call without a ledger."""


@workflow.defn(name=BARE_WORKFLOW)
class BareReturn:
    """Takes the steps of a shape.

    Attributes:
        shape: Set by the worker before it starts: a part of the code, as the steps of the real workflow are.
    """

    shape: ClassVar[Shape]

    def __init__(self) -> None:
        self._signals = 0
        self._updates = 0
        self._answers = 0
        self._reached = 0
        self._calls: list[workflow.ActivityHandle[Any]] = []
        self._timers: list[asyncio.Task[None]] = []

    @workflow.run
    async def run(self) -> None:
        """Take them in order."""
        for number, step in enumerate(self.shape.steps):
            self._reached = number
            await self._take(step)
        await workflow.wait_condition(workflow.all_handlers_finished)

    @workflow.signal(name=ADVANCE_SIGNAL)
    def advance(self) -> None:
        """Go on."""
        self._signals += 1

    @workflow.update(name=ASK_UPDATE)
    async def ask(self) -> None:
        """Wait until the shape answers."""
        number = self._updates
        self._updates += 1
        await workflow.wait_condition(lambda: self._answers > number)

    @workflow.query(name=REACHED_QUERY)
    def reached(self) -> int:
        """The number of the step that is taken now."""
        return self._reached

    async def _take(self, step: Step) -> None:
        match step.kind:
            case StepKind.ACTIVITY:
                queue = workflow.info().task_queue + step.queue_suffix
                call = workflow.start_activity(bare_call, task_queue=queue, start_to_close_timeout=_TIMEOUT)
                self._calls.append(call)
            case StepKind.AWAIT_ACTIVITY:
                await self._calls[step.number]
            case StepKind.LOCAL_ACTIVITY:
                await workflow.execute_local_activity(bare_note, start_to_close_timeout=_TIMEOUT)
            case StepKind.TIMER:
                self._timers.append(asyncio.create_task(workflow.sleep(step.seconds)))
            case StepKind.CANCEL_TIMER:
                self._timers[step.number].cancel()
            case StepKind.AWAIT_TIMER:
                await self._timers[step.number]
            case StepKind.UPSERT:
                workflow.upsert_search_attributes(updates_of(step.attributes))
            case StepKind.PATCH:
                workflow.patched(f"gate-{step.number}")
            case StepKind.ANSWER_UPDATE:
                self._answers = step.number + 1
            case StepKind.AWAIT_SIGNAL:
                await workflow.wait_condition(lambda: self._signals > step.number)
            case StepKind.AWAIT_UPDATE:
                await workflow.wait_condition(lambda: self._updates > step.number)


@workflow.defn(name=ONE_ACTIVITY_WORKFLOW)
class OneActivity:
    """The least that a workflow can do for anybody."""

    @workflow.run
    async def run(self) -> None:
        """Make one call."""
        await workflow.execute_activity(bare_call, start_to_close_timeout=_TIMEOUT)


def updates_of(attributes: Sequence[Attribute]) -> list[SearchAttributeUpdate[Any]]:
    """The attributes as an update that writes them."""
    return [_update_of(each) for each in attributes]


def _update_of(attribute: Attribute) -> SearchAttributeUpdate[Any]:
    key: SearchAttributeKey[Any] = _KEYS[attribute.kind](attribute.name)
    value: Any = attribute.value
    if value is None:
        return key.value_unset()
    if attribute.kind == "Datetime":
        value = datetime.fromisoformat(value)
    elif attribute.kind == "KeywordList":
        value = list(value)
    return key.value_set(value)
