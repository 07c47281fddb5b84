"""Many returns that wait for their inspection, and what happens when the promise of all of them breaks at once."""

import asyncio
import random
import re
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

import httpx
import psutil
from temporalio.client import Client

import policy
from bench.players import an_order, application
from bench.rig import Rig, running_rig
from bench.spread import Spread, spread_of
from domain.record import Record
from domain.shipping import CarrierEvent, CarrierEventKind
from starters.errors import DecisionPending, ReturnsError
from workflows import ids, search_attributes

_COUNT = 10_000
_AT_ONCE = 60
_READINGS = 10
_DELIVERIES_PER_SECOND = 8
"""So slow that all are delivered before the first promise breaks: a return that its worker does not
keep in memory any more is replayed for it."""

_MARGIN_SECONDS = 30
_PROBE_EACH_SECONDS = 0.2
_PROBE_TIMEOUT_SECONDS = 10.0
_QUIET_PROBE_SECONDS = 10.0
_LISTED = 20
_PATIENCE_SECONDS = 120.0
_LEAST_PER_SECOND = 1
"""Slower than this, the pipeline is given up on."""

_Thing = TypeVar("_Thing")

_AFTERMATH_SECONDS = 5.0
"""After the last coupon: would a second one come, it came by then."""


class Reading(Record):
    """The memory of the processes at a moment, resident, in bytes by the name of the process.

    Attributes:
        open: Returns that were open.
        delivered: Of those, the ones whose parcel was reported as delivered.
    """

    open: int
    delivered: int
    resident: dict[str, int]


class Probe(Record):
    """What somebody who looks on gets: milliseconds from the planned instant, and how many got no answer in time.

    Those count with the time after which they gave up.
    """

    status_milliseconds: Spread
    list_milliseconds: Spread
    failures: int


class OpenReturns(Record):
    """Returns that were opened, delivered and left alone.

    Attributes:
        opened_per_second: How fast they were opened and approved, with a pickup for each.
        delivered_per_second: How fast carriers could report that they had come, until each knew it.
        in_hand_seconds: How long before their promise broke the last of them knew that it was delivered.
        readings: The memory while they were opened, then while they were delivered, at the end after the coupons.
        coupons: How many were issued, by the coupon service's book.
        without_coupon: Returns that got none.
        with_several: Returns that got more than one.
        drained_seconds: From the moment at which every promise broke to the last coupon.
        coupons_per_second: All of them over that time.
        of_floor: That rate over the floor's; None where none was given.
        quiet: Before the promises broke.
        busy: From then to the last coupon.
        cores: How many processors each process used from then to the last coupon.
    """

    count: int
    opened_per_second: float
    delivered_per_second: float
    in_hand_seconds: float
    readings: tuple[Reading, ...]
    coupons: int
    without_coupon: int
    with_several: int
    drained_seconds: float
    coupons_per_second: float
    of_floor: float | None
    quiet: Probe
    busy: Probe
    cores: dict[str, float]


async def measure_open_returns(
    folder: Path,
    report: Callable[[str], None],
    *,
    count: int = _COUNT,
    promise_seconds: float | None = None,
    floor_per_second: float | None = None,
) -> OpenReturns:
    """Open the returns, have all their parcels delivered in one lorry, and wait for the coupons.

    The parcels come at one time, as the carrier's scan says: so all promises break in the same instant.

    Args:
        folder: Where the data of the stack goes.
        report: Is told how far it is.
        count: How many returns.
        promise_seconds: How long the inspection may take, by policy; by default what delivering them needs.
        floor_per_second: The rate of a workflow of one activity, to compare with.

    Raises:
        RuntimeError: If the promise is too short to deliver all returns first.
        TimeoutError: If a step makes no headway.
    """
    promise = promise_seconds or count / _DELIVERIES_PER_SECOND + _MARGIN_SECONDS
    file = policy_with_promise(folder / "promise.toml", promise)
    async with running_rig(folder, with_api=True, policy_file=str(file)) as rig:
        return await _Returns(rig, count, promise, report).measure(floor_per_second)


def policy_with_promise(file: Path, seconds: float) -> Path:
    """Write the packaged policy with another promise of the inspection."""
    file.parent.mkdir(parents=True, exist_ok=True)
    text = (Path(policy.__file__).parent / "standard.toml").read_text("utf-8")
    for name, value in (("version", "bench-1"), ("inspection", f"PT{seconds:.0f}S")):
        text, found = re.subn(rf'^{name} = ".*"$', f'{name} = "{value}"', text, flags=re.MULTILINE)
        if found != 1:
            raise RuntimeError(f"policy/standard.toml: {name} stands there {found} times")
    file.write_text(text, encoding="utf-8")
    return file


class _Returns:
    """The returns of one measurement."""

    def __init__(self, rig: Rig, count: int, promise: float, report: Callable[[str], None]) -> None:
        self._rig = rig
        self._count = count
        self._promise = promise
        self._report = report
        self._rma_ids: list[str] = []
        self._delivered = 0
        self._readings: list[Reading] = []

    async def measure(self, floor_per_second: float | None) -> OpenReturns:
        """Open, deliver, wait."""
        opened_per_second = await self._open()
        came_at = datetime.now(UTC)
        due_at = came_at + timedelta(seconds=self._promise)
        delivered_per_second = await self._deliver(came_at)
        in_hand = (due_at - datetime.now(UTC)).total_seconds()
        if in_hand <= 0:
            raise RuntimeError(
                f"the promise of {self._promise:.0f} s broke {-in_hand:.0f} s before all were delivered: "
                "give promise_seconds more"
            )
        self._report(f"all delivered, {in_hand:.0f} s before the promises break")
        quiet = await self._probe(asyncio.sleep(min(in_hand - 1, _QUIET_PROBE_SECONDS)))
        await asyncio.sleep((due_at - datetime.now(UTC)).total_seconds())
        used, began = Counter(self._rig.cpu_seconds()), time.perf_counter()
        busy = await self._probe(self._until_coupons())
        seconds = time.perf_counter() - began
        cores = {name: (total - used[name]) / seconds for name, total in self._rig.cpu_seconds().items()}
        self._read_memory()
        await asyncio.sleep(_AFTERMATH_SECONDS)
        coupons = await self._coupons()
        rate = self._count / seconds
        self._report(f"{coupons.total()} coupons in {seconds:.1f} s")
        return OpenReturns(
            count=self._count,
            opened_per_second=opened_per_second,
            delivered_per_second=delivered_per_second,
            in_hand_seconds=in_hand,
            readings=tuple(self._readings),
            coupons=coupons.total(),
            without_coupon=sum(not coupons[rma_id] for rma_id in self._rma_ids),
            with_several=sum(number > 1 for number in coupons.values()),
            drained_seconds=seconds,
            coupons_per_second=rate,
            of_floor=rate / floor_per_second if floor_per_second else None,
            quiet=quiet,
            busy=busy,
            cores=cores,
        )

    async def _open(self) -> float:
        """Start every return, and wait until each has its pickup; how many per second."""
        began = time.perf_counter()
        for first in range(0, self._count, self._step):
            orders = [an_order(f"O-{uuid4().hex[:12]}") for _ in range(min(self._step, self._count - first))]
            await self._rig.load("customers", [customer for customer, _ in orders])
            await self._rig.load("orders", [order for _, order in orders])
            await _each((order["order_id"] for _, order in orders), self._apply)
            await self._until(self._booked, len(self._rma_ids))
            self._read_memory()
            self._tell("opened", len(self._rma_ids), began)
        return self._count / (time.perf_counter() - began)

    async def _apply(self, order_id: str) -> None:
        try:
            rma_id = (await self._rig.returns.apply(application(order_id), "R-1")).rma_id
        except DecisionPending as late:
            # It was accepted, and its pickup is waited for like every other's.
            rma_id = late.rma_id
        self._rma_ids.append(rma_id)

    async def _deliver(self, came_at: datetime) -> float:
        """Report every parcel as delivered at a moment, and wait until each return knows; how many per second."""
        answer = (await self._rig.sandbox.get("/books/pickups")).raise_for_status().json()
        parcels = [(entry["data"]["carrier"], entry["data"]["tracking_no"]) for entry in answer["entries"]]
        owners = [entry["data"]["rma_id"] for entry in answer["entries"]]
        del answer
        began = time.perf_counter()

        async def deliver(parcel: tuple[str, tuple[str, str]]) -> None:
            rma_id, (carrier, tracking_no) = parcel
            event = CarrierEvent(
                event_id=f"{rma_id}-delivered",
                carrier=carrier,
                tracking_no=tracking_no,
                kind=CarrierEventKind.DELIVERED,
                occurred_at=came_at,
            )
            await self._rig.returns.report_carrier_event(rma_id, event)
            self._delivered += 1

        waiting = list(zip(owners, parcels, strict=True))
        for first in range(0, self._count, self._step):
            await _each(waiting[first : first + self._step], deliver)
            await self._until(lambda: _waiting_for_inspection(self._rig.client), self._delivered)
            self._read_memory()
            self._tell("delivered", self._delivered, began)
        return self._count / (time.perf_counter() - began)

    @property
    def _step(self) -> int:
        return -(-self._count // _READINGS)

    async def _booked(self) -> int:
        return await self._entries("pickups")

    async def _entries(self, book: str) -> int:
        counts = (await self._rig.sandbox.get("/books")).raise_for_status().json()["books"]
        return int(counts[book])

    async def _coupons(self) -> Counter[str]:
        """How many coupons each return got."""
        answer = (await self._rig.sandbox.get("/books/coupons")).raise_for_status().json()
        return Counter(entry["data"]["rma_id"] for entry in answer["entries"])

    async def _until_coupons(self) -> None:
        patience = self._count / _LEAST_PER_SECOND + _PATIENCE_SECONDS
        await self._until(lambda: self._entries("coupons"), self._count, patience)

    async def _until(
        self, count: Callable[[], Awaitable[int]], wanted: int, patience: float = _PATIENCE_SECONDS
    ) -> None:
        async with asyncio.timeout(patience):
            while await count() < wanted:
                await asyncio.sleep(0.1)

    async def _probe(self, meanwhile: Awaitable[None]) -> Probe:
        """Look at a return and at the list, again and again, until something has ended."""
        status: list[float] = []
        listed: list[float] = []
        failures = 0

        async def timed(planned: float, times: list[float], look: Callable[[], Awaitable[None]]) -> None:
            nonlocal failures
            try:
                async with asyncio.timeout(_PROBE_TIMEOUT_SECONDS):
                    await look()
            except (TimeoutError, httpx.HTTPError, ReturnsError):
                failures += 1
            # Without an answer it took at least so long.
            times.append((time.perf_counter() - planned) * 1000)

        async with httpx.AsyncClient(base_url=self._rig.stack.api_url, timeout=_PROBE_TIMEOUT_SECONDS) as api:

            async def look_at_one() -> None:
                (await api.get(f"/v1/returns/{random.choice(self._rma_ids)}")).raise_for_status()

            async def look_at_list() -> None:
                query = f'{search_attributes.STAGE.name} = "inspection"'
                assert [each async for each in self._rig.returns.search(query, limit=_LISTED)]

            async def keep_looking() -> None:
                planned = time.perf_counter()
                async with asyncio.TaskGroup() as looks:
                    while not ended.done():
                        looks.create_task(timed(planned, status, look_at_one))
                        looks.create_task(timed(planned, listed, look_at_list))
                        planned += _PROBE_EACH_SECONDS
                        await asyncio.sleep(max(planned - time.perf_counter(), 0))

            ended = asyncio.ensure_future(meanwhile)
            looking = asyncio.create_task(keep_looking())
            try:
                await ended
            finally:
                await looking
        return Probe(status_milliseconds=spread_of(status), list_milliseconds=spread_of(listed), failures=failures)

    def _read_memory(self) -> None:
        resident = {}
        for name, process in self._rig.processes().items():
            with suppress(psutil.NoSuchProcess):
                resident[name] = process.memory_info().rss
        self._readings.append(Reading(open=len(self._rma_ids), delivered=self._delivered, resident=resident))

    def _tell(self, done: str, number: int, began: float) -> None:
        rate = number / (time.perf_counter() - began)
        worker = self._readings[-1].resident["worker"] / 2**20
        self._report(f"{number} of {self._count} {done}, {rate:.1f}/s, worker {worker:.0f} MiB")


async def _waiting_for_inspection(client: Client) -> int:
    query = f'WorkflowType = "{ids.RETURN_WORKFLOW}" AND {search_attributes.STAGE.name} = "inspection"'
    return (await client.count_workflows(query)).count


async def _each(things: Iterable[_Thing], do: Callable[[_Thing], Awaitable[None]]) -> None:
    """Do it for each of them, as many at once as keep the machine busy."""
    rest = iter(things)

    async def take() -> None:
        for thing in rest:
            await do(thing)

    await asyncio.gather(*(take() for _ in range(_AT_ONCE)))
