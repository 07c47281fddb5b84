"""Carries out the disturbances of a plan: kills, stops and steps, and writes down what they touched."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from temporalio.api.enums.v1 import PendingActivityState
from temporalio.api.workflow.v1 import PendingActivityInfo
from temporalio.client import Client
from temporalio.service import RPCError

from chaos.caller import Caller
from chaos.plan import FORGOTTEN_KEYS, Disturbance, Strike
from starters.errors import ReturnsError
from starters.stack import Stack, StackError
from workflows import ids

_LOOK_SECONDS = 0.25
_DESCRIBED_AT_ONCE = 20


@dataclass
class Held:
    """An activity that a worker was at. `again` says that another one had begun it before the first went on."""

    rma_id: str
    activity_id: str
    again: bool = False


@dataclass
class Struck:
    """A disturbance that happened.

    Attributes:
        at: When, UTC.
        open: The returns that were open then.
        held: The activities that the worker was at.
        recovered_at: When what was struck answered again, UTC; None if it is not known.
    """

    strike: Strike
    at: datetime
    open: tuple[str, ...]
    held: list[Held] = field(default_factory=list)
    recovered_at: datetime | None = None


class Striker:
    """Strikes at the moments of the plan. What dies is started again, as a supervisor of processes would.

    Without a stack only the sandbox is disturbed.
    """

    def __init__(
        self, sandbox: Caller, open_returns: Callable[[], Iterable[str]], answers: Callable[[], Awaitable[bool]]
    ) -> None:
        self._sandbox = sandbox
        self._open_returns = open_returns
        self._answers = answers
        self._stack: Stack | None = None
        self._client: Client | None = None
        self._stopped: set[str] = set()
        self._holding = 0
        self.struck: list[Struck] = []
        self.crashed: list[str] = []
        self._killed: set[str] = set()
        self._dying: set[str] = set()

    async def over(self, stack: Stack) -> None:
        """Strike the processes of a stack as well."""
        self._stack = stack
        self._client = await stack.connect()

    async def forget_keys(self) -> None:
        """Have the payment provider forget idempotency keys: only a look-up tells what was sent before."""
        await self._sandbox.send("/faults", dict(FORGOTTEN_KEYS))

    async def run(self, strikes: Iterable[Strike], began: float) -> None:
        """Carry out the strikes, each at its time; ends with the last one."""
        async with asyncio.TaskGroup() as group:
            for strike in strikes:
                group.create_task(self._at_its_time(strike, began))

    async def keep_alive(self) -> None:
        """Start again what has died, until it is cancelled."""
        assert self._stack is not None
        while True:
            for part in sorted(self._stack.dead_parts(), key=lambda part: part != "temporal"):
                if part not in self._killed:
                    self.crashed.append(part)
                try:
                    await self._stack.restart(part)
                except (StackError, ReturnsError, RPCError, TimeoutError):
                    # Killed again while it started, or Temporal was, without which a worker refuses to start. It
                    # counts as killed until it is back: the next round tries again.
                    self._killed.add(part)
                    if part not in self._stack.dead_parts():
                        await self._stack.kill(part)
                else:
                    self._killed -= {part} - self._dying
            await asyncio.sleep(_LOOK_SECONDS)

    async def _at_its_time(self, strike: Strike, began: float) -> None:
        await asyncio.sleep(max(0.0, began + strike.at - asyncio.get_running_loop().time()))
        struck = Struck(strike, datetime.now(UTC), tuple(self._open_returns()))
        match strike.kind:
            case Disturbance.OUTAGE:
                await self._outage(strike)
            case Disturbance.CLOCK_STEP:
                await self._step(strike, struck)
            case Disturbance.TWO_HOLDERS:
                await self._two_holders(strike, struck)
            case Disturbance.WORKER_KILL:
                await self._kill_worker(strike, struck)
            case Disturbance.API_KILL:
                await self._kill("api", struck)
            case Disturbance.SERVER_KILL:
                await self._kill("temporal", struck)

    # At the providers

    async def _outage(self, strike: Strike) -> None:
        """Its hits are in the sandbox's list, with the returns that they touched."""
        spec = {"target": list(strike.targets), "kind": "unavailable", "times": None, "lasts": strike.seconds}
        await self._sandbox.send("/faults", spec)

    async def _step(self, strike: Strike, struck: Struck) -> None:
        await self._sandbox.send("/clock", {"ahead_seconds": strike.ahead_seconds}, "PUT")
        self.struck.append(struck)
        await asyncio.sleep(strike.seconds)
        await self._sandbox.send("/clock", {"ahead_seconds": 0}, "PUT")
        struck.recovered_at = datetime.now(UTC)

    # At the processes

    async def _kill_part(self, part: str) -> None:
        assert self._stack is not None
        self._dying.add(part)
        self._killed.add(part)
        await self._stack.kill(part)
        self._dying.discard(part)

    async def _kill(self, part: str, struck: Struck) -> None:
        """Kill the API or the server; it is back when a status is answered again."""
        assert self._stack is not None
        if part in self._stack.dead_parts():
            return
        await self._kill_part(part)
        self.struck.append(struck)
        while not await self._answers():
            await asyncio.sleep(_LOOK_SECONDS)
        struck.recovered_at = datetime.now(UTC)

    async def _kill_worker(self, strike: Strike, struck: Struck) -> None:
        """Kill a worker; it is back when its successor polls."""
        assert self._stack is not None
        alive = self._alive_workers()
        if not alive:
            return
        part = alive[strike.pick % len(alive)]
        struck.held = await self._held_by(part)
        if part in self._stack.dead_parts():
            return
        struck.at = datetime.now(UTC)
        await self._kill_part(part)
        self.struck.append(struck)
        while part in self._killed:
            await asyncio.sleep(_LOOK_SECONDS)
        struck.recovered_at = datetime.now(UTC)

    async def _two_holders(self, strike: Strike, struck: Struck) -> None:
        """Stop a worker until Temporal has given its activities to another one, and let it go on.

        Calls are slowed down before, so that it is at some. Providers know their keys meanwhile, as they do for a
        day: a call that was stopped just before it was sent goes out when another one has made it already, and
        nothing but the key tells the provider.
        """
        assert self._stack is not None
        alive = self._alive_workers()
        if not alive:
            return
        part = alive[strike.pick % len(alive)]
        self._stopped.add(part)
        self._holding += 1
        try:
            await self._sandbox.call("DELETE", "/faults", params={"kind": "forgotten_key"})
            slow = {"target": "*", "kind": "latency", "times": None, "seconds": 3.0, "lasts": 2.5}
            await self._sandbox.send("/faults", slow)
            await asyncio.sleep(2.0)
            if part in self._stack.dead_parts():
                return
            pid = self._stack.pid(part)
            os.kill(pid, signal.SIGSTOP)
            try:
                struck.at = datetime.now(UTC)
                struck.open = tuple(self._open_returns())
                struck.held = await self._held_by(part)
                self.struck.append(struck)
                await asyncio.sleep(strike.seconds)
                await self._mark_taken_over(struck.held, part)
            finally:
                os.kill(pid, signal.SIGCONT)
            struck.recovered_at = datetime.now(UTC)
            await asyncio.sleep(3.0)
        finally:
            self._stopped.discard(part)
            self._holding -= 1
            if not self._holding:
                await self.forget_keys()

    def _alive_workers(self) -> list[str]:
        assert self._stack is not None
        dead = {*self._stack.dead_parts(), *self._killed, *self._stopped}
        return [name for name in self._stack.worker_names if name not in dead]

    async def _held_by(self, part: str) -> list[Held]:
        """The activities that a worker is at now."""
        assert self._stack is not None
        identity = f"{self._stack.pid(part)}@"
        return [
            Held(rma_id, pending.activity_id)
            for rma_id, pendings in await self._pending(self._open_returns())
            for pending in pendings
            if pending.state == PendingActivityState.PENDING_ACTIVITY_STATE_STARTED
            and pending.last_worker_identity.startswith(identity)
        ]

    async def _mark_taken_over(self, held: list[Held], part: str) -> None:
        """Note which activities another worker has begun, or done, while the first one still has them."""
        assert self._stack is not None
        identity = f"{self._stack.pid(part)}@"
        now = dict(await self._pending({each.rma_id for each in held}))
        for each in held:
            pending = next((p for p in now.get(each.rma_id, ()) if p.activity_id == each.activity_id), None)
            each.again = pending is None or not pending.last_worker_identity.startswith(identity)

    async def _pending(self, rma_ids: Iterable[str]) -> list[tuple[str, list[PendingActivityInfo]]]:
        client = self._client
        assert client is not None
        at_once = asyncio.Semaphore(_DESCRIBED_AT_ONCE)

        async def of(rma_id: str) -> tuple[str, list[PendingActivityInfo]]:
            async with at_once:
                try:
                    found = await client.get_workflow_handle(ids.return_workflow_id(rma_id)).describe()
                except RPCError:
                    return rma_id, []
            return rma_id, list(found.raw_description.pending_activities)

        return await asyncio.gather(*map(of, rma_ids))
