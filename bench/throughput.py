"""Returns per second, beside the bare workflow of the same shape and a workflow of one activity."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from statistics import mean

from temporalio.client import WorkflowHistory

from bench.bare_worker import BARE_QUEUE
from bench.players import BareReturn, OneActivity, PlainRefund, Player
from bench.rig import Rig
from bench.shape import event_counts, shape_of
from domain.record import Record

_ROUNDS = 3
_IN_FLIGHT = 60
_PLAYED = {"return": 150, "bare": 200, "one activity": 400}
_WARM_UP = 60
_SAMPLE = 20
_OUTSIDE = 0.1
"""The part of a round at each end in which fewer are in flight, which is not measured."""


class Round(Record):
    """One player's turn.

    Attributes:
        per_second: How many ended per second while all were in flight.
        cores: How many processors each process used meanwhile, by its name.
        events: The events of one workflow, the mean of a sample.
    """

    player: str
    per_second: float
    cores: dict[str, float]
    events: float


class Throughput(Record):
    """All rounds, in the order in which they were played, and what the shapes hold."""

    rounds: tuple[Round, ...]
    events_of_return: dict[str, int]
    events_of_bare: dict[str, int]

    def rates(self, player: str) -> list[float]:
        """A player's rates, round by round."""
        return [each.per_second for each in self.rounds if each.player == player]

    def ratios(self, player: str) -> list[float]:
        """The return's rate over that of a player, round by round."""
        return [ours / theirs for ours, theirs in zip(self.rates("return"), self.rates(player), strict=True)]


async def measure_throughput(rig: Rig, report: Callable[[str], None]) -> Throughput:
    """Play returns and bare workflows in turns, as many at once as keep the machine busy.

    Raises:
        RuntimeError: If the bare workflow does not have the events of the return.
    """
    ours = PlainRefund(rig)
    await ours.prepare(1)
    history = await _history(rig, await ours.play())
    shape = shape_of(history)
    file = rig.stack.data / "shape.json"
    file.write_text(shape.model_dump_json(), encoding="utf-8")
    await rig.add_worker("bare worker", BARE_QUEUE, "bench.bare_worker", str(file))
    bare = BareReturn(rig, shape)
    same = event_counts(history.events), event_counts((await _history(rig, await bare.play())).events)
    if same[0] != same[1]:
        raise RuntimeError(f"the bare workflow has other events: {same[0] - same[1]}, {same[1] - same[0]}")
    players: Sequence[Player] = (ours, bare, OneActivity(rig))
    for player in players:
        await play_round(rig, player, _WARM_UP)
    rounds = []
    for number in range(1, _ROUNDS + 1):
        for player in players:
            played, _ = await play_round(rig, player, _PLAYED[player.name])
            report(f"round {number}: {player.name} {played.per_second:.1f}/s")
            rounds.append(played)
    return Throughput(rounds=tuple(rounds), events_of_return=dict(same[0]), events_of_bare=dict(same[1]))


async def play_round(rig: Rig, player: Player, count: int, in_flight: int = _IN_FLIGHT) -> tuple[Round, list[str]]:
    """Play so often, so many at once; the ids of the workflows that ended."""
    await player.prepare(count)
    ended: list[float] = []
    workflow_ids: list[str] = []
    places = asyncio.Semaphore(in_flight)

    async def one() -> None:
        async with places:
            workflow_ids.append(await player.play())
            ended.append(time.perf_counter())

    used = Counter(rig.cpu_seconds())
    began = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(count)))
    seconds = time.perf_counter() - began
    cores = {name: (total - used[name]) / seconds for name, total in rig.cpu_seconds().items()}
    first, last = int(count * _OUTSIDE), int(count * (1 - _OUTSIDE)) - 1
    rate = (last - first) / (ended[last] - ended[first])
    lengths = [
        (await rig.client.get_workflow_handle(workflow_id).describe()).history_length
        for workflow_id in workflow_ids[:: max(count // _SAMPLE, 1)]
    ]
    return Round(player=player.name, per_second=rate, cores=cores, events=mean(lengths)), workflow_ids


async def _history(rig: Rig, workflow_id: str) -> WorkflowHistory:
    history: WorkflowHistory = await rig.client.get_workflow_handle(workflow_id).fetch_history()
    return history
