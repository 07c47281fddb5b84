"""What the worker's processes take: to start, in memory, to replay, and what a second one brings."""

import asyncio
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import psutil

from bench.players import PlainRefund
from bench.rig import Rig
from bench.throughput import Round, play_round
from domain.record import Record

_STARTS = 3
_RETURNS = 500
_ROUNDS = 3
_HISTORIES = 20
_REPLAYS = 400
_IN_FLIGHT = 60
_WARM_UP = 3 * _IN_FLIGHT
_COMMAND_LINE = "from starters.cli.entry import main; main()"
_SECOND = "second worker"


class Replay(Record):
    """Histories of plain returns that so many processes replayed."""

    processes: int
    histories: int
    per_second: float


class Processes(Record):
    """What processes take.

    Attributes:
        start_seconds: From the start of a worker process until it polls, each time.
        idle_bytes: The resident memory of a worker that has just started.
        busy_bytes: That of the worker that played the rounds with one worker.
        replays: With one process and with two.
        one_worker: The rounds that one worker played, with the processors that each process used.
        two_workers: The rounds that two workers played.
        cores_of_machine: How many processors there are to share.
    """

    start_seconds: tuple[float, ...]
    idle_bytes: int
    busy_bytes: int
    replays: tuple[Replay, ...]
    one_worker: tuple[Round, ...]
    two_workers: tuple[Round, ...]
    cores_of_machine: int


async def measure_processes(
    rig: Rig,
    report: Callable[[str], None],
    *,
    starts: int = _STARTS,
    returns: int = _RETURNS,
    rounds: int = _ROUNDS,
    replays: int = _REPLAYS,
) -> Processes:
    """Start workers, play returns with one and with two in turns, and replay what was played.

    Args:
        rig: With its own worker only.
        report: Is told how far it is.
        starts: How often a worker is started.
        returns: How many returns are played in a round, at least three times as many as are in flight.
        rounds: How many rounds each number of workers plays.
        replays: How many histories are replayed.
    """
    start_seconds = []
    for _ in range(starts):
        start_seconds.append(await _start_second(rig))
        idle_bytes = rig.processes()[_SECOND].memory_info().rss
        await rig.remove_worker(_SECOND)
    report(f"a worker polls after {min(start_seconds):.2f} s, with {idle_bytes / 2**20:.0f} MiB")
    player = PlainRefund(rig)
    await play_round(rig, player, _WARM_UP, _IN_FLIGHT)
    with_one, with_two, workflow_ids = [], [], []
    for number in range(1, rounds + 1):
        one, played = await play_round(rig, player, returns, _IN_FLIGHT)
        workflow_ids = played[:_HISTORIES]
        busy_bytes = rig.processes()["worker"].memory_info().rss
        await _start_second(rig)
        two, _ = await play_round(rig, player, returns, _IN_FLIGHT)
        await rig.remove_worker(_SECOND)
        report(f"round {number}: {one.per_second:.1f}/s with one worker, {two.per_second:.1f}/s with two")
        with_one.append(one)
        with_two.append(two)
    folder = rig.stack.data / "histories"
    await asyncio.to_thread(_write, folder, await _histories(rig, workflow_ids), replays)
    replayed = [await _replay(folder, jobs) for jobs in (1, 2)]
    report(", ".join(f"{each.per_second:.0f} histories/s in {each.processes}" for each in replayed))
    return Processes(
        start_seconds=tuple(start_seconds),
        idle_bytes=idle_bytes,
        busy_bytes=busy_bytes,
        replays=tuple(replayed),
        one_worker=tuple(with_one),
        two_workers=tuple(with_two),
        cores_of_machine=psutil.cpu_count() or 1,
    )


async def _start_second(rig: Rig) -> float:
    began = time.perf_counter()
    await rig.add_worker(_SECOND, rig.stack.task_queue, "workers.main")
    return time.perf_counter() - began


async def _histories(rig: Rig, workflow_ids: Sequence[str]) -> list[str]:
    handles = [rig.client.get_workflow_handle(workflow_id) for workflow_id in workflow_ids]
    return [(await handle.fetch_history()).to_json() for handle in handles]


def _write(folder: Path, histories: Sequence[str], count: int) -> None:
    """Write as many files as there are to replay; each history several times."""
    folder.mkdir()
    for number in range(count):
        (folder / f"{number}.json").write_text(histories[number % len(histories)], "utf-8")


async def _replay(folder: Path, jobs: int) -> Replay:
    """Replay in a process of its own: one that is connected to Temporal must not be forked."""
    command = [sys.executable, "-c", _COMMAND_LINE, "replay", str(folder), "--jobs", str(jobs), "--json"]
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"the histories do not replay: {(out + err).decode()[-2000:]}")
    told = json.loads(out)
    return Replay(processes=jobs, histories=told["histories"], per_second=told["per_second"])
