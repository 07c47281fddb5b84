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
_IN_FLIGHT = 80
_PLAYED = {"return": 400, "bare": 400, "one activity": 600}
_WARM_UP = 3 * _IN_FLIGHT
_SAME_EVENTS = 1.5
"""How far the mean events may lie apart: half a workflow task, of which a busy machine adds some."""


class Round(Record):
    """One player's turn.

    Attributes:
        per_second: How many ended per second in the steady state: all places taken, the first wave over.
        cores: How many processors each process used meanwhile, by its name.
        events: The events of one workflow, the mean of all.
    """

    player: str
    per_second: float
    cores: dict[str, float]
    events: float


class Throughput(Record):
    """All rounds, in the order in which they were played, and what the shapes hold.

    Attributes:
        in_flight: How many were in flight in the steady state; None in a result that counted the middle 80 % of
            the ends instead, part of the first wave and of the emptying places among them.
    """

    rounds: tuple[Round, ...]
    events_of_return: dict[str, int]
    events_of_bare: dict[str, int]
    in_flight: int | None = None

    def rates(self, player: str) -> list[float]:
        """A player's rates, round by round."""
        return [each.per_second for each in self.rounds if each.player == player]

    def ratios(self, player: str) -> list[float]:
        """The return's rate over that of a player, round by round."""
        return [ours / theirs for ours, theirs in zip(self.rates("return"), self.rates(player), strict=True)]

    def more_events(self) -> float:
        """How many more events the return had than the bare workflow, the mean of the rounds."""
        ours, theirs = (
            mean(each.events for each in self.rounds if each.player == player) for player in ("return", "bare")
        )
        return ours - theirs

    def same_work(self) -> bool:
        """Whether the return and the bare workflow had so nearly the same events that their rates compare."""
        return abs(self.more_events()) <= _SAME_EVENTS


async def measure_throughput(rig: Rig, report: Callable[[str], None]) -> Throughput:
    """Play returns and bare workflows in turns, as many at once as keep the machine busy.

    Every other round goes the other way round, so that what grows meanwhile is nobody's fault more than another's.

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
        for player in players if number % 2 else reversed(players):
            played, _ = await play_round(rig, player, _PLAYED[player.name])
            report(f"round {number}: {player.name} {played.per_second:.1f}/s")
            rounds.append(played)
    seen = Throughput(
        rounds=tuple(rounds),
        events_of_return=dict(same[0]),
        events_of_bare=dict(same[1]),
        in_flight=_IN_FLIGHT,
    )
    if not seen.same_work():
        report(f"return and bare do not compare: {seen.more_events():+.1f} events")
    return seen


async def play_round(rig: Rig, player: Player, count: int, in_flight: int = _IN_FLIGHT) -> tuple[Round, list[str]]:
    """Play so often, so many at once, and wait until the stack is at rest; the ids of the workflows that ended.

    Raises:
        ValueError: If so few are played that the steady state is shorter than a wave.
    """
    first, last = steady(count, in_flight)
    await player.prepare(count)
    ended: list[float] = []
    used: list[dict[str, float]] = []
    workflow_ids: list[str] = []
    places = asyncio.Semaphore(in_flight)

    async def one() -> None:
        async with places:
            workflow_ids.append(await player.play())
            ended.append(time.perf_counter())
            if len(ended) in (first, last):
                used.append(rig.cpu_seconds())

    await asyncio.gather(*(one() for _ in range(count)))
    seconds = ended[last - 1] - ended[first - 1]
    before = Counter(used[0])
    cores = {name: (total - before[name]) / seconds for name, total in used[1].items()}
    lengths = [
        (await rig.client.get_workflow_handle(workflow_id).describe()).history_length
        for workflow_id in workflow_ids
    ]
    await rig.settle()
    rate = (last - first) / seconds
    return Round(player=player.name, per_second=rate, cores=cores, events=mean(lengths)), workflow_ids


def steady(count: int, in_flight: int) -> tuple[int, int]:
    """Between which ends, counted from 1, the round is measured.

    The first wave began all at once; after the last of these ends nobody takes the place that gets free.

    Raises:
        ValueError: If there are fewer ends between them than are in flight.
    """
    first, last = in_flight, count - in_flight
    if last - first < in_flight:
        raise ValueError(f"count: {count} are too few with {in_flight} in flight, play {3 * in_flight} at least")
    return first, last


async def _history(rig: Rig, workflow_id: str) -> WorkflowHistory:
    history: WorkflowHistory = await rig.client.get_workflow_handle(workflow_id).fetch_history()
    return history
