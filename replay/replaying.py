"""Replays histories on today's code, with the worker's own registry, converter and runner."""

import json
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from google.protobuf.json_format import ParseError
from google.protobuf.message import DecodeError
from temporalio.api.history.v1 import History, HistoryEvent
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import PydanticPayloadConverter, pydantic_data_converter
from temporalio.converter import SerializationContext
from temporalio.runtime import Runtime, TelemetryConfig
from temporalio.worker import Replayer, WorkflowRunner

from domain.record import Record
from replay.contracts import contract_of
from replay.divergence import Divergence, explain, too_much
from replay.protojson import OtherForm, history_from
from replay.recorder import RecordingRunner
from workers.registry import REPLAY_RUNNER, WORKFLOWS


class Outcome(StrEnum):
    """What came of a replay."""

    OK = "ok"
    DIVERGED = "diverged"
    UNREADABLE = "unreadable"


class Replayed(Record):
    """One history, replayed.

    Attributes:
        name: The file below its folder, or the id of the workflow.
        outcome: Whether the code does today what history holds.
        event: Where they part: the id of the event; None if there is no such one.
        told: How they part, in words; empty if they do not.
        history_events: How long the history is.
    """

    name: str
    outcome: Outcome
    event: int | None = None
    told: str = ""
    history_events: int = 0


class Unreadable(Exception):
    """Something that is no history; the text says why."""


class _OneConverter(PydanticPayloadConverter):
    """The worker's converter, made once: the SDK asks for a new one twice with every workflow task."""

    _one: Self | None = None

    def __new__(cls) -> Self:
        """The one there is."""
        if cls._one is None:
            cls._one = super().__new__(cls)
            super().__init__(cls._one)
        return cls._one

    def __init__(self) -> None:
        """It is made already."""

    def with_context(self, context: SerializationContext) -> Self:
        """It converts alike whatever the context."""
        return self


_DATA_CONVERTER = replace(pydantic_data_converter, payload_converter_class=_OneConverter)

Source = Path | str | bytes
"""A file with the JSON of a history, the JSON itself, or a history as Temporal's API encodes it."""


class Replays:
    """Replays histories one after the other. One per process: it starts the threads of the SDK's core."""

    def __init__(self, workflows: Sequence[type] = WORKFLOWS, runner: WorkflowRunner = REPLAY_RUNNER) -> None:
        self._contracts = dict(map(contract_of, workflows))
        self._runner = RecordingRunner(runner)
        # The core would write a warning with the whole failure for each history that diverges.
        self._replayer = Replayer(
            workflows=workflows,
            workflow_runner=self._runner,
            data_converter=_DATA_CONVERTER,
            # Without a name the SDK makes one from the bytecode of every module, anew for each batch.
            build_id="replay",
            runtime=Runtime(telemetry=TelemetryConfig(logging=None), worker_heartbeat_interval=None),
        )

    async def of(self, sources: Iterable[tuple[str, Source]]) -> list[Replayed]:
        """Replay each of the histories."""
        results: list[Replayed] = []

        async def readable() -> AsyncIterator[WorkflowHistory]:
            for name, source in sources:
                try:
                    history = read(name, source)
                except Unreadable as error:
                    results.append(Replayed(name=name, outcome=Outcome.UNREADABLE, told=str(error)))
                    continue
                if unknown := self._unknown_type(history.events):
                    results.append(_diverged(history, unknown))
                    continue
                self._runner.steps = []
                yield history

        async with self._replayer.workflow_replay_iterator(readable()) as replays:
            async for result in replays:
                found = self._judged(result.history.events, result.replay_failure)
                results.append(
                    _diverged(result.history, found)
                    if found
                    else Replayed(
                        name=result.history.workflow_id,
                        outcome=Outcome.OK,
                        history_events=len(result.history.events),
                    )
                )
        return results

    def _judged(self, events: Sequence[HistoryEvent], failure: Exception | None) -> Divergence | None:
        parted = explain(failure, events, self._runner.steps) if failure else too_much(events, self._runner.steps)
        unheard = self._unheard_signal(events)
        if unheard and (not parted or not parted.event or (unheard.event or 0) < parted.event):
            return unheard
        return parted

    def _unknown_type(self, events: Sequence[HistoryEvent]) -> Divergence | None:
        name = events[0].workflow_execution_started_event_attributes.workflow_type.name
        if name in self._contracts:
            return None
        known = ", ".join(sorted(self._contracts))
        return Divergence(
            event=1, told=f"history is of workflow type {name or '(none)'}, the registry has {known}"
        )

    def _unheard_signal(self, events: Sequence[HistoryEvent]) -> Divergence | None:
        """A signal that no handler takes: the SDK keeps it, and says nothing."""
        contract = self._contracts[events[0].workflow_execution_started_event_attributes.workflow_type.name]
        for event in events:
            name = event.workflow_execution_signaled_event_attributes.signal_name
            if name and not {name, None} & contract.signals.keys():
                return Divergence(
                    event=event.event_id, told=f"history holds signal {name}, the code has no handler for it"
                )
        return None


async def encoded(histories: AsyncIterator[WorkflowHistory]) -> AsyncIterator[tuple[str, bytes]]:
    """Histories with the ids of their workflows, as they travel to another process."""
    async for history in histories:
        yield history.workflow_id, History(events=history.events).SerializeToString()


def read(name: str, source: Source) -> WorkflowHistory:
    """Read a history.

    Raises:
        Unreadable: If it is none.
    """
    try:
        if isinstance(source, bytes):
            history = WorkflowHistory(name, History.FromString(source).events)
        else:
            text = source.read_text("utf-8") if isinstance(source, Path) else source
            history = _from_json(name, json.loads(text))
    except OSError as error:
        raise Unreadable(f"it cannot be read: {error.strerror}") from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise Unreadable("it is no JSON") from error
    except (DecodeError, ParseError, ValueError, AttributeError, TypeError) as error:
        raise Unreadable("it is no history of a workflow") from error
    # The SDK's core would wait for ever for what does not begin with the start of a run.
    started = history.events[0].workflow_execution_started_event_attributes if history.events else None
    if started is None or not started.original_execution_run_id:
        raise Unreadable("it does not begin with the start of a workflow")
    return history


def _from_json(name: str, content: Any) -> WorkflowHistory:
    try:
        return WorkflowHistory(name, history_from(content).events)
    except OtherForm:
        return WorkflowHistory.from_json(name, content)


def _diverged(history: WorkflowHistory, found: Divergence) -> Replayed:
    return Replayed(
        name=history.workflow_id,
        outcome=Outcome.DIVERGED,
        event=found.event,
        told=found.told,
        history_events=len(history.events),
    )
