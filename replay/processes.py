"""Replays many histories at once, in processes that have the code loaded."""

import asyncio
import gc
import multiprocessing
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Self

from replay.replaying import Replayed, Replays, Source

_AT_ONCE = 8
"""Histories that a process is handed in one go: enough that the way there costs nothing."""

_WAITING = 4
"""Goes per process that wait for it, so that histories that are fetched do not pile up in memory."""

_of_this_process: list[Replays] = []

Sources = AsyncIterator[tuple[str, Source]]


class ReplayProcesses(AbstractContextManager["ReplayProcesses"]):
    """Processes that replay; one is this process itself.

    They have to be entered before anything connects to Temporal: a process that was forked from one in which the
    SDK's threads run would wait for them for ever.
    """

    def __init__(self, jobs: int) -> None:
        self._jobs = jobs
        self._pool: ProcessPoolExecutor | None = None
        self._own = asyncio.Lock()

    def __enter__(self) -> Self:
        if self._jobs > 1:
            # Forked, a process has the code that is loaded here; elsewhere than on Linux that is not safe.
            context = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
            gc.collect()
            gc.freeze()
            self._pool = ProcessPoolExecutor(self._jobs, context, initializer=_begin)
            for ready in [self._pool.submit(_is_ready) for _ in range(self._jobs)]:
                ready.result()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._pool:
            self._pool.shutdown(cancel_futures=True)

    async def replay(self, sources: Sources, told: Callable[[Replayed], None] = lambda _: None) -> list[Replayed]:
        """Replay histories as they come.

        Args:
            sources: The histories, each with its name.
            told: Is called with each result.

        Returns:
            The results in the order of their names.
        """
        results: list[Replayed] = []
        running: set[asyncio.Task[list[Replayed]]] = set()

        async def take(at_most: int) -> None:
            while len(running) > at_most:
                done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                running.difference_update(done)
                for each in done:
                    for result in each.result():
                        results.append(result)
                        told(result)

        async for chunk in _chunks(sources):
            running.add(asyncio.create_task(self._replayed(chunk)))
            await take(at_most=self._jobs * _WAITING)
        await take(at_most=0)
        return sorted(results, key=lambda result: result.name)

    async def _replayed(self, chunk: Sequence[tuple[str, Source]]) -> list[Replayed]:
        if self._pool is None:
            # What the code asks for is written down per process: of two chunks at once it would be mixed.
            async with self._own:
                return await _replays().of(chunk)
        return await asyncio.get_running_loop().run_in_executor(self._pool, _replay, chunk)


def _begin() -> None:
    # What a history leaves behind is freed as it goes; looking through all of the code for more only costs time.
    gc.freeze()
    _replays()


def _replays() -> Replays:
    if not _of_this_process:
        _of_this_process.append(Replays())
    return _of_this_process[0]


def _is_ready() -> bool:
    return True


def _replay(chunk: Sequence[tuple[str, Source]]) -> list[Replayed]:
    return asyncio.run(_replays().of(chunk))


async def _chunks(sources: Sources) -> AsyncIterator[list[tuple[str, Source]]]:
    chunk: list[tuple[str, Source]] = []
    async for source in sources:
        chunk.append(source)
        if len(chunk) == _AT_ONCE:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
