"""Writes recorded histories as fixtures: without personal data, and only if they still replay as before."""

import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from temporalio.api.history.v1 import History
from temporalio.client import WorkflowHistory

from domain.record import Record
from replay.contracts import workflow_contracts
from replay.files import file_of, text_of, write
from replay.redaction import History as Json
from replay.redaction import Unredactable, redacted
from replay.replaying import Outcome, Replays
from replay.scenario import scenario_of, type_of, version_of


class Exported(Record):
    """One history that was written.

    Attributes:
        workflow_id: The id of the workflow at the server.
        run_id: Its run.
        file: Where the history is now.
        replays: Whether it replays on the code that exported it; another version may have written it.
    """

    workflow_id: str
    run_id: str
    file: str
    replays: bool


class NotExported(Record):
    """One history that was not written, and why."""

    workflow_id: str
    run_id: str
    why: str


class Export(Record):
    """What an export came to."""

    exported: tuple[Exported, ...] = ()
    not_exported: tuple[NotExported, ...] = ()


class Exporter:
    """Writes histories below a folder. Within one export no history takes the place of another one."""

    def __init__(self, folder: Path, overwrite: bool = False) -> None:
        self._folder = folder
        self._overwrite = overwrite
        self._written: set[Path] = set()
        self._replays = Replays()

    async def export(
        self, histories: AsyncIterator[WorkflowHistory], told: Callable[[int], None] = lambda _: None
    ) -> Export:
        """Export each of the histories.

        Args:
            histories: As they come from the server.
            told: Is called after each, with how many are done.
        """
        exported: list[Exported] = []
        not_exported: list[NotExported] = []
        async for history in histories:
            try:
                file, replays = await self._one(history)
            except (Unredactable, FileExistsError) as error:
                not_exported.append(
                    NotExported(workflow_id=history.workflow_id, run_id=history.run_id, why=str(error))
                )
            else:
                exported.append(
                    Exported(
                        workflow_id=history.workflow_id, run_id=history.run_id, file=str(file), replays=replays
                    )
                )
            told(len(exported) + len(not_exported))
        return Export(exported=tuple(exported), not_exported=tuple(not_exported))

    async def _one(self, history: WorkflowHistory) -> tuple[Path, bool]:
        original = json.loads(history.to_json())
        if type_of(original) not in workflow_contracts():
            raise Unredactable(f"its type {type_of(original)} is none of this pipeline")
        copy = redacted(original)
        text = text_of(copy)
        before, after = await self._replays.of(
            [
                (history.workflow_id, History(events=history.events).SerializeToString()),
                (history.workflow_id, text),
            ]
        )
        if (before.outcome, before.event) != (after.outcome, after.event):
            raise Unredactable(
                f"without personal data it does not replay as before: event {after.event}: {after.told}"
            )
        file = self._free_file(copy)
        write(file, text)
        self._written.add(file)
        return file, after.outcome is Outcome.OK

    def _free_file(self, history: Json) -> Path:
        scenario, version = scenario_of(history), version_of(history)
        file = file_of(self._folder, type_of(history), scenario, version)
        number = 1
        while file in self._written:
            number += 1
            file = file_of(self._folder, type_of(history), f"{scenario}-{number}", version)
        if file.exists() and not self._overwrite:
            raise FileExistsError(f"{file} exists; remove it, or export with --overwrite")
        return file
