"""Histories of returns: recorded from a server, kept in files, replayed on today's code."""

from collections.abc import Iterator
from pathlib import Path

from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer

from testkit.returns import AppliedReturn
from workers.registry import WORKFLOW_RUNNER, WORKFLOWS


class RecordHistory:
    """Fetches what Temporal recorded of a return."""

    async def __call__(self, applied: AppliedReturn, file: Path | None = None) -> WorkflowHistory:
        """Fetch it, and save it to a file where one is given; the folder is made if need be.

        It holds what the return holds, customers' data included: keep only histories of made-up returns.
        """
        history = await applied.pipeline.history(applied.rma_id)
        if file is not None:
            _save(history, file)
        return history


class Replay:
    """Replays histories on the worker's own registry, with its converter and runner."""

    async def __call__(self, recorded: WorkflowHistory | Path) -> None:
        """Replay a history, a file, or every `.json` file in a folder and below it.

        Raises:
            AssertionError: If one does not replay, with what differs and what to do; or if a folder has none.
        """
        __tracebackhide__ = True
        replayer = Replayer(
            workflows=WORKFLOWS, workflow_runner=WORKFLOW_RUNNER, data_converter=pydantic_data_converter
        )
        histories = dict(_read(recorded)) if isinstance(recorded, Path) else {recorded.workflow_id: recorded}
        if not histories:
            raise AssertionError(f"{recorded} holds no history: record one with record_history.")
        failed = []
        for name, history in histories.items():
            result = await replayer.replay_workflow(history, raise_on_replay_failure=False)
            if result.replay_failure is not None:
                failed.append(f"{name}: {result.replay_failure}")
        if failed:
            raise AssertionError(
                f"{len(failed)} of {len(histories)} histories do not replay on this code:\n"
                + "\n".join(failed)
                + "\nOpen returns that began so would stand still. Put the change behind workflow.patched and "
                "keep the old branch."
            )


def _save(history: WorkflowHistory, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(history.to_json() + "\n", encoding="utf-8")


def _read(path: Path) -> Iterator[tuple[str, WorkflowHistory]]:
    for file in sorted(path.rglob("*.json")) if path.is_dir() else [path]:
        yield str(file), WorkflowHistory.from_json(file.stem, file.read_text("utf-8"))
