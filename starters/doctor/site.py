"""The installation that is examined, as the checks see it."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from temporalio.client import Client, WorkflowExecution

from ledger.ledger import Ledger
from starters.doctor.commands import Commands
from starters.doctor.findings import NotMade
from starters.doctor.limits import Limits
from workflows import ids

T = TypeVar("T")
Item = TypeVar("Item")

RETURNS = (ids.RETURN_WORKFLOW,)
OURS = (ids.RETURN_WORKFLOW, ids.RECOVERY_CLAIM_WORKFLOW, ids.FOLLOW_UP_WORKFLOW)


@dataclass
class Site:
    """Where the checks look. What is not there raises `NotMade`, so that a check says why it was not made.

    Attributes:
        task_queue: The queue of the workflows.
        deployment: The worker deployment, where the workers have versions.
        now: The moment that everything is held against, UTC.
        why_no_temporal: Why there is no connection.
        why_no_ledger: Why there is no ledger.
        progress: Told what takes long.
    """

    task_queue: str
    deployment: str
    commands: Commands
    limits: Limits
    now: datetime
    connected: Client | None = None
    opened: Ledger | None = None
    why_no_temporal: str = ""
    why_no_ledger: str = ""
    progress: Callable[[str], None] = lambda _: None

    @property
    def client(self) -> Client:
        """The connection to Temporal."""
        if self.connected is None:
            raise NotMade(self.why_no_temporal)
        return self.connected

    @property
    def ledger(self) -> Ledger:
        """The ledger."""
        if self.opened is None:
            raise NotMade(self.why_no_ledger)
        return self.opened

    def running(self, types: Iterable[str], more: str = "") -> str:
        """A visibility query for the open workflows of this installation, which may share its namespace."""
        kinds = ", ".join(f'"{each}"' for each in types)
        queue = self.task_queue.replace("\\", "\\\\").replace('"', '\\"')
        query = f'WorkflowType IN ({kinds}) AND TaskQueue = "{queue}" AND ExecutionStatus = "Running"'
        return f"{query} AND {more}" if more else query

    async def count(self, query: str) -> int:
        """How many workflows a query finds."""
        return (await self.client.count_workflows(query, rpc_timeout=self.limits.answer)).count

    async def found(self, query: str, limit: int) -> list[WorkflowExecution]:
        """The workflows that a query finds, the newest first, up to a limit."""
        found = self.client.list_workflows(
            query, limit=limit, page_size=min(limit, 1000), rpc_timeout=self.limits.answer
        )
        return [execution async for execution in found]

    async def each(self, items: Iterable[Item], ask: Callable[[Item], Awaitable[T]]) -> list[T]:
        """Ask something of each item, a few at a time; the answers in the order of the items."""
        places = asyncio.Semaphore(self.limits.at_once)

        async def asked(item: Item) -> T:
            async with places:
                return await ask(item)

        return await asyncio.gather(*(asked(item) for item in items))


async def in_thread(call: Callable[[], T]) -> T:
    """Run a call that blocks. One that never comes back holds up neither its caller nor the end of the process."""
    outcome: Future[T] = Future()
    outcome.set_running_or_notify_cancel()

    def work() -> None:
        try:
            outcome.set_result(call())
        except Exception as error:
            outcome.set_exception(error)

    threading.Thread(target=work, daemon=True, name="doctor").start()
    return await asyncio.wrap_future(outcome)
