"""One run from its plan to its report: returns are played, everything breaks, calm returns, the oracle judges."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from temporalio.client import Client

from chaos.books import READ, BooksOfReturn, by_return
from chaos.caller import Caller
from chaos.clocks import chaos_policy, write_policy
from chaos.histories import Histories, read_histories
from chaos.oracle import Evidence, LedgersWord, judge
from chaos.people import Seen, play
from chaos.plan import Plan
from chaos.progress import Progress
from chaos.report import Report, make_report
from chaos.stories import CATALOG, Life
from chaos.strikes import Striker
from chaos.tally import tally
from domain.status import Approval
from ledger.errors import LedgerError
from ledger.ledger import Ledger
from starters.client import ReturnsClient
from starters.errors import ReturnNotFound, ReturnsError
from starters.ports import Ports
from starters.stack import Stack

_AT_ONCE = 80
"""Returns that are played at one time; more wait for their turn."""

_DRAIN_SECONDS = 20.0
_LOOKS_AT_ONCE = 20


@dataclass
class Platform:
    """Where a run happens.

    Attributes:
        api: Calls of the HTTP API.
        sandbox: Calls of the sandbox providers.
        temporal: The connection that the oracle reads statuses and histories by.
        ledger_url: The ledger; empty if it cannot be read.
        stack: The processes, where they are ours to kill.
    """

    api: Caller
    sandbox: Caller
    temporal: Client
    ledger_url: str = ""
    stack: Stack | None = None


@dataclass
class Run:
    """A run under way."""

    plan: Plan
    platform: Platform
    told: Callable[[Progress], None] = lambda _: None
    seen: dict[str, Seen] = field(default_factory=dict)
    _begun: int = 0
    _ended: int = 0

    async def go(self) -> Report:
        """Play the plan and judge it.

        Raises:
            OutOfTime: If the platform does not come back within the run's bound.
            httpx.HTTPStatusError: If the sandbox refuses what the run needs of it.
        """
        loop = asyncio.get_running_loop()
        began = loop.time()
        started_at = datetime.now(UTC)
        self.seen = {life.rma_id: Seen(life) for life in self.plan.lives}
        await self._load()
        striker = Striker(self.platform.sandbox, self._open, self._answers)
        keeper: asyncio.Task[None] | None = None
        try:
            if self.platform.stack is not None:
                await striker.over(self.platform.stack)
                keeper = asyncio.create_task(striker.keep_alive())
            await striker.forget_keys()
            for fault in self.plan.faults:
                await self.platform.sandbox.send("/faults", fault)
            await self._play(striker, began)
            if keeper and keeper.done():
                keeper.result()
            self._tell("waiting for calm", striker, began)
            await self._calm()
            undelivered = await self._drained()
            self._tell("reading the books and replaying the histories", striker, began)
            return await self._judged(striker, undelivered, started_at, began)
        finally:
            await self._calm()
            if keeper:
                keeper.cancel()
                await asyncio.wait([keeper])

    # Playing

    async def _load(self) -> None:
        sandbox = self.platform.sandbox
        await sandbox.send("/load/catalog", CATALOG)
        for kind, records in (
            ("customers", [life.customer for life in self.plan.lives]),
            ("orders", [life.order for life in self.plan.lives]),
        ):
            text = "\n".join(map(json.dumps, records))
            (await sandbox.call("POST", f"/load/{kind}", content=text.encode())).raise_for_status()

    async def _play(self, striker: Striker, began: float) -> None:
        striking = asyncio.create_task(striker.run(self.plan.strikes, began))
        at_once = asyncio.Semaphore(_AT_ONCE)
        players = [asyncio.create_task(self._live(life, began, at_once)) for life in self.plan.lives]
        left = began + self.plan.size.bound - asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(left):
                while not all(player.done() for player in players):
                    self._tell("playing", striker, began)
                    await asyncio.sleep(0.5)
                await striking
        except TimeoutError:
            pass
        finally:
            for task in (striking, *players):
                task.cancel()
            results = await asyncio.gather(striking, return_exceptions=True)
            await asyncio.gather(*players, return_exceptions=True)
        for result in results:
            if isinstance(result, Exception):
                raise result

    async def _live(self, life: Life, began: float, at_once: asyncio.Semaphore) -> None:
        await asyncio.sleep(max(0.0, began + life.starts_at - asyncio.get_running_loop().time()))
        async with at_once:
            self._begun += 1
            await play(life, self.platform.api, self.platform.sandbox, self.seen[life.rma_id])
            self._ended += 1

    def _open(self) -> list[str]:
        return [rma_id for rma_id, seen in self.seen.items() if seen.is_open]

    async def _answers(self) -> bool:
        """Whether a return answers through the API, and so API, server and a worker are there."""
        some = next((rma_id for rma_id, seen in self.seen.items() if seen.status is not None), None)
        if some is None:
            return True
        return await self.platform.api.once(f"/v1/returns/{some}")

    async def _calm(self) -> None:
        """Leave the providers as they should be, also after a run that failed.

        Raises:
            OutOfTime: If they do not answer: the faults are still set then.
        """
        await self.platform.sandbox.call("DELETE", "/faults")
        await self.platform.sandbox.send("/clock", {"ahead_seconds": 0}, "PUT")

    def _tell(self, doing: str, striker: Striker, began: float) -> None:
        self.told(
            Progress(
                doing=doing,
                returns=len(self.plan.lives),
                begun=self._begun,
                ended=self._ended,
                strikes=len(striker.struck),
                seconds=asyncio.get_running_loop().time() - began,
            )
        )

    # Judging

    async def _drained(self) -> int | None:
        """Wait until the relay has delivered what is to be told; what is left, None if nobody knows."""
        if not self.platform.ledger_url:
            await asyncio.sleep(3.0)
            return None
        ledger = Ledger.open(self.platform.ledger_url)
        deadline = asyncio.get_running_loop().time() + _DRAIN_SECONDS
        try:
            while (left := await asyncio.to_thread(ledger.pending_deliveries)) and (
                asyncio.get_running_loop().time() < deadline
            ):
                await asyncio.sleep(0.3)
        finally:
            ledger.engine.dispose()
        return left

    async def _judged(
        self, striker: Striker, undelivered: int | None, started_at: datetime, began: float
    ) -> Report:
        await self._last_look()
        word = await asyncio.to_thread(self._ledgers_word, undelivered or 0) if self.platform.ledger_url else None
        # Last: what moves after the status and the ledger were read is found as a difference.
        books = by_return(
            {book: (await self.platform.sandbox.get(f"/books/{book}"))["entries"] for book in READ}, self.seen
        )
        hits = [
            hit
            for hit in (await self.platform.sandbox.get("/faults"))["hits"]
            if datetime.fromisoformat(hit["at"]) >= started_at
        ]
        disturbed = {each.rma_id for struck in striker.struck for each in struck.held}
        histories = await self._histories(started_at, disturbed)
        judgement = judge(
            Evidence(
                seen=list(self.seen.values()),
                books=books,
                promise=chaos_policy()[0].clocks.inspection,
                now=datetime.now(UTC),
                ledger=word,
                replayed=histories.replayed,
            )
        )
        names = {rma_id: (seen.life.order_id, *_tracking(books[rma_id])) for rma_id, seen in self.seen.items()}
        helped = [rma_id for rma_id, seen in self.seen.items() if seen.helped]
        rows = tally(hits, striker.struck, names, histories.ended_at, judgement, helped)
        return make_report(
            self.plan,
            judgement,
            rows,
            seconds=asyncio.get_running_loop().time() - began,
            histories=len(histories.replayed),
            seen=list(self.seen.values()),
            ledger_was_read=word is not None,
            crashed=striker.crashed,
            struck=striker.struck,
        )

    async def _last_look(self) -> None:
        """How returns stand now that were not final, and worksheets that were not read, by the typed client."""
        client = ReturnsClient(self.platform.temporal)
        at_once = asyncio.Semaphore(_LOOKS_AT_ONCE)

        async def look(seen: Seen) -> None:
            async with at_once:
                for _ in range(5):
                    try:
                        seen.status = await client.status(seen.life.rma_id)
                        if seen.status.is_final:
                            seen.adds_up = (await client.explain(seen.life.rma_id)).adds_up
                        return
                    except ReturnNotFound:
                        return
                    except ReturnsError:
                        await asyncio.sleep(1.0)
                seen.failed = seen.failed or "its status is not answered after the run"

        left = [each for each in self.seen.values() if not (each.status and each.status.is_final and each.adds_up)]
        await asyncio.gather(*map(look, left))

    async def _histories(self, started_at: datetime, disturbed: set[str]) -> Histories:
        query = f'StartTime >= "{started_at.isoformat().replace("+00:00", "Z")}"'
        known = [rma_id for rma_id, seen in self.seen.items() if seen.status is not None]
        return await read_histories(self.platform.temporal, query, known, disturbed)

    def _ledgers_word(self, undelivered: int) -> LedgersWord:
        ledger = Ledger.open(self.platform.ledger_url)
        try:
            balances = {}
            intents = {}
            unknown = []
            for rma_id, seen in self.seen.items():
                intents[rma_id] = ledger.intents_of(rma_id)
                if seen.status is not None and seen.status.refusal is None:
                    try:
                        balances[seen.life.order_id] = ledger.order_balance(seen.life.order_id)
                    except LedgerError:
                        if seen.status.approval is Approval.APPROVED:
                            unknown.append(seen.life.order_id)
            parked = [
                f"{each.delivery.message_id}: {each.error}"
                for each in ledger.parked_deliveries()
                if each.delivery.rma_id in self.seen
            ]
        finally:
            ledger.engine.dispose()
        return LedgersWord(balances, intents, unknown, undelivered, parked)


def _tracking(books: BooksOfReturn) -> list[str]:
    """What else calls about a return are named by: its tracking numbers and the ids of its pickups and labels."""
    return [
        str(entry[name])
        for book, names in (("pickups", ("tracking_no", "pickup_id")), ("labels", ("tracking_no", "label_id")))
        for entry in books.of(book)
        for name in names
    ]


async def run_on_stack(
    plan: Plan, folder: Path, told: Callable[[Progress], None], worker_module: str = "workers.main"
) -> Report:
    """Run on a stack of its own in a folder: a server, two workers, the API and the sandbox, all ours to kill."""
    environment = {"RETURNFLOW_POLICY_FILE": str(write_policy(folder))}
    stack = Stack(folder, Ports.free(), worker_environment=environment, workers=2, worker_module=worker_module)
    told(Progress(doing="starting Temporal, the providers, two workers and the API", returns=len(plan.lives)))
    async with stack:
        deadline = asyncio.get_running_loop().time() + plan.size.bound
        api, sandbox = Caller(stack.api_url, deadline), Caller(stack.sandbox_url, deadline + 60)
        try:
            platform = Platform(api, sandbox, await stack.connect(), stack.ledger_url, stack)
            return await Run(plan, platform, told).go()
        finally:
            await api.close()
            await sandbox.close()
