"""How long the order system waits for a decision, at a rate that does not wait for the answers (an open loop)."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence

import httpx

from bench.players import PlainRefund, application
from bench.rig import Rig
from bench.spread import Spread, spread_of
from domain.record import Record

_SECONDS = 120.0
_WARM_UP_SECONDS = 15.0
_LATE_SECONDS = 0.01
_TOLD_EACH_SECONDS = 15.0
_TIMEOUT_SECONDS = 60
_DECIDED, _PENDING = 201, 202


class Latency(Record):
    """Request to decision over HTTP. Each time counts from the instant at which the request was planned.

    Attributes:
        per_second: The rate that was planned, returns started per second.
        milliseconds: From the planned instant to the decision, of all that were asked. Who got no decision counts
            with the least that it can have been, see `waits`: the percentiles can only be worse than that.
        decided: How many were decided within their request.
        pending: How many got their number without a decision, since it took longer than the API waits.
        failed: How many got another answer, or none.
        sent_late: How many were sent more than ten milliseconds after their instant, which is the driver's fault.
        lateness_milliseconds: How long after its instant each was sent.
        not_ended: How many returns did not come to their end.
        cores: How many processors each process used meanwhile, by its name.
    """

    per_second: float
    seconds: float
    milliseconds: Spread
    decided: int
    pending: int
    failed: int
    sent_late: int
    lateness_milliseconds: Spread
    not_ended: int
    cores: dict[str, float]


class _Run:
    """What the requests came to so far."""

    def __init__(self) -> None:
        self.decided: list[float] = []
        self.pending: list[float] = []
        self.failed: list[float] = []
        self.lateness: list[float] = []
        self.not_ended = 0

    def waited(self) -> list[float]:
        """How long each waited."""
        return waits(self.decided, self.pending, self.failed)


def waits(decided: Sequence[float], pending: Sequence[float], failed: Sequence[float]) -> list[float]:
    """All waits in one series.

    Who is pending has waited at least until it was told so. A failure may come sooner than any decision and is yet
    no short wait: it counts no less than the longest of the others.
    """
    others = [*decided, *pending]
    longest = max(others, default=0.0)
    return [*others, *(max(each, longest) for each in failed)]


async def measure_latency(
    rig: Rig,
    per_second: float,
    report: Callable[[str], None],
    *,
    seconds: float = _SECONDS,
    warm_up_seconds: float = _WARM_UP_SECONDS,
) -> Latency:
    """Start plain returns at the planned instants, whatever becomes of those before, and take each to its end.

    Args:
        rig: With the API running.
        per_second: How many to start per second.
        report: Is told how far it is.
        seconds: For how long.
        warm_up_seconds: For how long before, until as many are under way as there will be.
    """
    players = PlainRefund(rig)
    warm_up, counted = round(per_second * warm_up_seconds), round(per_second * seconds)
    await players.prepare(warm_up + counted)
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=200)
    base_url = rig.stack.api_url
    async with httpx.AsyncClient(base_url=base_url, timeout=_TIMEOUT_SECONDS, limits=limits) as api:
        report(f"{per_second:.1f} returns per second, warming up for {warm_up_seconds:.0f} s")
        warm = await _start(players, api, warm_up, per_second, _Run(), report)
        run = _Run()
        used = Counter(rig.cpu_seconds())
        began = time.perf_counter()
        started = await _start(players, api, counted, per_second, run, report)
        took = time.perf_counter() - began
        cores = {name: (total - used[name]) / took for name, total in rig.cpu_seconds().items()}
        await asyncio.gather(*warm, *started)
    return Latency(
        per_second=per_second,
        seconds=round(took, 3),
        milliseconds=spread_of([each * 1000 for each in run.waited()]),
        decided=len(run.decided),
        pending=len(run.pending),
        failed=len(run.failed),
        sent_late=sum(each > _LATE_SECONDS for each in run.lateness),
        lateness_milliseconds=spread_of([each * 1000 for each in run.lateness]),
        not_ended=run.not_ended,
        cores=cores,
    )


async def _start(
    players: PlainRefund,
    api: httpx.AsyncClient,
    count: int,
    per_second: float,
    run: _Run,
    report: Callable[[str], None],
) -> list[asyncio.Task[None]]:
    """Start so many, each at its instant; the tasks that take them to their end."""
    began = told = time.perf_counter()
    tasks = []
    for number in range(count):
        planned = began + number / per_second
        await asyncio.sleep(planned - time.perf_counter())
        tasks.append(asyncio.create_task(_one(players, api, planned, run)))
        if planned - told >= _TOLD_EACH_SECONDS:
            told = planned
            report(f"{number} of {count} started, p99 {spread_of(run.waited()).p99:.2f} s so far")
    await asyncio.sleep(began + count / per_second - time.perf_counter())
    return tasks


async def _one(players: PlainRefund, api: httpx.AsyncClient, planned: float, run: _Run) -> None:
    order_id = players.next_order()
    body = application(order_id).model_dump_json(exclude_defaults=True)
    headers = {"Content-Type": "application/json", "Idempotency-Key": f"R-{order_id}"}
    run.lateness.append(time.perf_counter() - planned)
    try:
        answer = await api.post("/v1/returns", content=body, headers=headers)
    except httpx.HTTPError:
        run.failed.append(time.perf_counter() - planned)
        run.not_ended += 1
        return
    outcomes = {_DECIDED: run.decided, _PENDING: run.pending}
    outcomes.get(answer.status_code, run.failed).append(time.perf_counter() - planned)
    if answer.is_success:
        await players.finish(answer.json()["rma_id"])
    else:
        run.not_ended += 1
