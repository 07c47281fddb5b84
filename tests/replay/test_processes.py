"""Many histories at once, also where there is one process to replay them."""

import asyncio
from collections.abc import AsyncIterator
from itertools import islice

from replay.files import files_in
from replay.processes import ReplayProcesses
from replay.replaying import Outcome, Source
from tests.replay.record import HISTORIES


async def test_one_process_keeps_histories_apart_that_come_slowly() -> None:
    files = list(islice(files_in(HISTORIES / "ReturnWorkflow"), 20))

    async def slowly() -> AsyncIterator[tuple[str, Source]]:
        for file in files:
            await asyncio.sleep(0)
            yield file.stem, file

    with ReplayProcesses(1) as processes:
        results = await processes.replay(slowly())
    assert [(each.name, each.told) for each in results if each.outcome is not Outcome.OK] == []
    assert len(results) == len(files)
