"""Histories of returns: recorded from a server, kept in files, replayed on today's code."""

import json
from pathlib import Path

from temporalio.api.history.v1 import History
from temporalio.client import WorkflowHistory

from replay.files import files_in, text_of, write
from replay.redaction import redacted
from replay.replaying import Outcome, Replays, Source
from testkit.returns import AppliedReturn


class RecordHistory:
    """Fetches what Temporal recorded of a return."""

    async def __call__(self, applied: AppliedReturn, file: Path | None = None) -> WorkflowHistory:
        """Fetch it, and keep it in a file where one is given; the folder is made if need be.

        What is kept has pseudonyms in the place of personal data, and replays all the same.
        """
        history = await applied.pipeline.history(applied.rma_id)
        if file is not None:
            write(file, text_of(redacted(json.loads(history.to_json()))))
        return history


class Replay:
    """Replays histories on the worker's own registry, with its converter and runner."""

    def __init__(self) -> None:
        self._replays: Replays | None = None

    async def __call__(self, recorded: WorkflowHistory | Path) -> None:
        """Replay a history, a file, or every `.json` file in a folder and below it.

        Raises:
            AssertionError: If one does not replay, with what differs and what to do; or if a folder has none.
        """
        __tracebackhide__ = True
        sources = _sources(recorded)
        if not sources:
            raise AssertionError(f"{recorded} holds no history: record one with record_history.")
        # The threads of the SDK's core are started for the first replay only.
        self._replays = self._replays or Replays()
        results = await self._replays.of(sources)
        failed = [result for result in results if result.outcome is not Outcome.OK]
        if failed:
            told = "\n".join(
                f"{result.name}: {f'event {result.event}: ' if result.event else ''}{result.told}"
                for result in failed
            )
            raise AssertionError(
                f"{len(failed)} of {len(sources)} histories do not replay on this code:\n{told}\n"
                "Open returns that began so would stand still. Put the change behind workflow.patched and keep "
                "the old branch."
            )


def _sources(recorded: WorkflowHistory | Path) -> list[tuple[str, Source]]:
    if isinstance(recorded, WorkflowHistory):
        return [(recorded.workflow_id, History(events=recorded.events).SerializeToString())]
    files = files_in(recorded) if recorded.is_dir() else [recorded]
    return [(str(file), file) for file in files]
