"""Two versions of the code share the returns: traffic goes over, back and over again, and no return notices."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHistory
from typer.testing import CliRunner

from ledger.ledger import Ledger
from starters.cli.app import app
from starters.ports import Ports
from starters.stack import Stack
from testkit.pipeline import Pipeline
from tests.e2e.builds import Build
from tests.e2e.processes import Marked

pytestmark = pytest.mark.deep

STEP = """\
        await case.record("arrived", case.notices.customer(Template.PARCEL_RECEIVED))
"""
GATED = f"""\
        shelving = workflow.patched("shelf")
{STEP}\
        if shelving:
            case.note("shelved")
            await case.record("shelved")
"""
UNGATED = """\
        case.note("shelved")
        await case.record("shelved")
"""
FILE = "workflows/stages/inspection.py"


class Versions:
    """The stack with the worker A of this tree, and what a test does with it."""

    def __init__(self, stack: Stack, pipeline: Pipeline) -> None:
        self.stack = stack
        self.pipeline = pipeline

    async def deploy(self, *arguments: str) -> str:
        """Run `returns deploy ...` as a person would."""
        command = ["--address", self.stack.address, "deploy", *arguments]
        done = await asyncio.to_thread(CliRunner().invoke, app, command)
        assert done.exit_code == 0, done.output
        return done.output

    async def opened(self) -> str:
        """A return that waits for its courier."""
        order = await self.pipeline.order()
        rma_id = (await self.pipeline.apply(order)).rma_id
        await self.pipeline.until(rma_id, lambda status: status.logistics == "PICKUP_BOOKED")
        return rma_id

    async def arrived(self, rma_id: str) -> None:
        """Have the parcel reach the warehouse, where version B does one more step."""
        await self.pipeline.to_the_warehouse(rma_id)

    async def ended(self, rma_id: str) -> None:
        """Receive the goods, inspect them and have the money back."""
        await self.pipeline.receive(rma_id)
        await self.pipeline.inspect(rma_id)
        # Not explained here: while another version is current, it may be the one that answers a query.
        result = await asyncio.wait_for(self.pipeline.returns.result(rma_id), 30)
        assert result.refunded_minor == 10_000

    async def is_shelved(self, rma_id: str) -> bool:
        status = await self.pipeline.returns.status(rma_id)
        return any(entry.what == "shelved" for entry in status.timeline)

    async def history(self, rma_id: str) -> WorkflowHistory:
        return await self.pipeline.history(rma_id)


def failures(history: WorkflowHistory) -> list[str]:
    """Why workflow tasks failed."""
    return [
        event.workflow_task_failed_event_attributes.failure.message
        for event in history.events
        if event.event_type is EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED
    ]


def builds_of(history: WorkflowHistory) -> set[str]:
    """Which builds completed a workflow task."""
    return {
        event.workflow_task_completed_event_attributes.deployment_version.build_id
        for event in history.events
        if event.HasField("workflow_task_completed_event_attributes")
    }


@pytest.fixture(scope="module")
async def versions(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Versions, Build, Build]]:
    folder = tmp_path_factory.mktemp("versions")
    marked = Marked()
    gated = Build(folder, "B", FILE, STEP, GATED)
    ungated = Build(folder, "C", FILE, STEP, STEP + UNGATED)
    worker_a = marked.environment | {"RETURNFLOW_WORKER_VERSIONING": "true", "RETURNFLOW_BUILD_ID": "A"}
    stack = Stack(folder / "stack", Ports.free(), time_skipping=True, worker_environment=worker_a, with_api=False)
    try:
        async with stack, httpx.AsyncClient(base_url=stack.sandbox_url) as http:
            for build in (gated, ungated):
                build.start(stack, marked.environment)
            ledger = Ledger.open(stack.ledger_url)
            pipeline = Pipeline(await stack.connect(), stack.task_queue, http, ledger)
            for build in (gated, ungated):
                assert await asyncio.to_thread(build.has_logged, f"returns deploy current {build.build_id}"), (
                    build.log()
                )
            yield Versions(stack, pipeline), gated, ungated
    finally:
        for build in (gated, ungated):
            build.stop()
    assert marked.gone_within(10), marked.alive()


async def test_returns_go_over_and_back_and_over_again(
    versions: tuple[Versions, Build, Build], tmp_path: Path
) -> None:
    shop, gated, _ = versions
    await shop.deploy("current", "A", "--yes")
    past_the_place, kept, released = await asyncio.gather(*(shop.opened() for _ in range(3)))
    await shop.arrived(past_the_place)

    await shop.deploy("ramp", "B", "50", "--yes")
    ramped = await asyncio.gather(*(shop.opened() for _ in range(2)))
    await shop.deploy("current", "B", "--yes")
    await asyncio.gather(shop.arrived(kept), shop.arrived(released))
    untouched = await shop.opened()

    await shop.deploy("current", "A", "--keep", "B", "--gate", "shelf", "--yes")
    status = json.loads(await shop.deploy("status", "--json"))
    by_build = {each["build_id"]: (each["percent"], each["workers"], each["kept"]) for each in status["versions"]}
    assert by_build == {"A": (100, 1, 0), "B": (0, 1, 2), "C": (0, 1, 0)}
    assert status["patches"] == {"shelf": 2}
    assert status["failing"] == 0
    await asyncio.gather(shop.arrived(untouched), shop.ended(kept))

    assert "1 open returns were kept with B" in await shop.deploy("current", "B", "--yes")
    assert "1 returns go on" in await shop.deploy("release", "B")
    await asyncio.gather(*(shop.arrived(each) for each in ramped))
    rest = (past_the_place, released, untouched, *ramped)
    await asyncio.gather(*(shop.ended(each) for each in rest))

    for rma_id in (kept, *rest):
        history = await shop.history(rma_id)
        assert failures(history) == []
        (tmp_path / f"{rma_id}.json").write_text(history.to_json(), encoding="utf-8")
    assert builds_of(await shop.history(untouched)) == {"A", "B"}
    assert await asyncio.to_thread(gated.replay, tmp_path) == ""
    shelved = {rma_id for rma_id in (kept, *rest) if await shop.is_shelved(rma_id)}
    assert shelved == {kept, released, *ramped}


async def test_the_same_change_without_its_gate_stops_returns(versions: tuple[Versions, Build, Build]) -> None:
    shop, _, ungated = versions
    await shop.deploy("current", "A", "--yes")
    rma_id = await shop.opened()
    await shop.arrived(rma_id)
    await shop.deploy("current", ungated.build_id, "--yes")
    receipt = asyncio.create_task(shop.pipeline.receive(rma_id))
    async with asyncio.timeout(20):
        while not (why := failures(await shop.history(rma_id))):
            await asyncio.sleep(0.1)
    receipt.cancel()
    assert "Nondeterminism" in why[0]
