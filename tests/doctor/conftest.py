"""A Temporal server of our own, which marks a failing workflow at once, and installations on it to be examined."""

import asyncio
import os
import shlex
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio
from google.protobuf.duration_pb2 import Duration
from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError

from starters.connection import connect_temporal
from starters.doctor.codes import Code
from starters.doctor.commands import Commands
from starters.doctor.examination import Installation, examine
from starters.doctor.findings import Examination, Finding
from starters.doctor.limits import Limits
from starters.namespace import attributes_of
from starters.setup import prepare_schedules
from starters.stack import temporal_binary
from testkit.pipeline import Pipeline, running_pipeline
from testkit.server import TemporalServer

_PATIENCE_SECONDS = 20.0


class Installed:
    """An installation as the doctor sees it, and a person who types what the doctor says."""

    def __init__(self, client: Client, address: str, task_queue: str, ledger_url: str) -> None:
        self.client = client
        self.address = address
        self.task_queue = task_queue
        self.ledger_url = ledger_url
        server = ("--address", address, "--namespace", client.namespace)
        self.commands = Commands(
            for_returns=(*server, "--task-queue", task_queue),
            for_setup=(*server, "--task-queue", task_queue, "--ledger-url", ledger_url),
            for_temporal=server,
        )

    async def examined(self, limits: Limits | None = None, now: datetime | None = None) -> Examination:
        """Have the doctor look, now or as if it were another time."""
        installation = Installation(
            address=self.address,
            namespace=self.client.namespace,
            task_queue=self.task_queue,
            ledger_url=self.ledger_url,
            commands=self.commands,
        )
        return await examine(installation, limits or Limits(), now=now)

    async def until_found(self, code: Code, limits: Limits | None = None) -> Finding:
        """Look again until it is found: searches lag behind."""
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while True:
                found = finding(await self.examined(limits), code)
                if found:
                    return found
                await asyncio.sleep(0.1)

    async def until_gone(self, code: Code, limits: Limits | None = None) -> None:
        """Look again until it is mended."""
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while finding(await self.examined(limits), code):
                await asyncio.sleep(0.1)

    async def mend(self, found: Finding, *numbers: int) -> None:
        """Type the commands of a finding, as they stand: all, or those of some steps."""
        for number in numbers or range(len(found.steps)):
            await typed(found.steps[number].command)


async def typed(command: str) -> None:
    """Run a command as a person would; it has to succeed."""
    name, *words = shlex.split(command)
    programs = {"temporal": [temporal_binary()], "returns": [sys.executable, "-m", "starters.cli.main"]}
    done = await asyncio.to_thread(
        subprocess.run, [*programs[name], *words], capture_output=True, text=True, timeout=30, env=os.environ
    )
    assert done.returncode == 0, f"{command}: {done.stderr}{done.stdout}"


def finding(examination: Examination, code: Code) -> Finding | None:
    """The finding of a code, if it is there."""
    return next((each for each in examination.findings if each.code is code), None)


def found(examination: Examination, code: Code) -> Finding:
    """The finding of a code, which has to be there."""
    it = finding(examination, code)
    assert it is not None, [(check.name, check.state, check.note) for check in examination.checks]
    return it


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """The address of a server that says of a workflow that it fails after its first failure."""
    running = TemporalServer(
        tmp_path_factory.mktemp("server"), "system.numConsecutiveWorkflowTaskProblemsToTriggerSearchAttribute=1"
    )
    running.start()
    try:
        await _until_known(await connect_temporal(running.address))
        yield running.address
    finally:
        running.stop()


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def shop(server: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Pipeline]:
    """A whole pipeline, in which tests plant faults: each looks for its own."""
    async with running_pipeline(server, tmp_path_factory.mktemp("shop")) as pipeline:
        await prepare_schedules(pipeline.client, pipeline.task_queue)
        yield pipeline


@pytest.fixture
def installed(shop: Pipeline, server: str) -> Installed:
    """The shop as an installation."""
    return installation_of(shop, server)


def installation_of(shop: Pipeline, server: str) -> Installed:
    """A pipeline as an installation."""
    return Installed(shop.client, server, shop.task_queue, str(shop.ledger.engine.url))


@pytest.fixture
async def new_namespace(server: str, tmp_path: Path) -> Installed:
    """A namespace in which nothing was prepared, where nobody works, with a ledger that was never made."""
    name = f"new-{uuid4().hex[:8]}"
    client = await connect_temporal(server, name)
    request = RegisterNamespaceRequest(
        namespace=name,
        workflow_execution_retention_period=Duration(seconds=int(timedelta(days=1).total_seconds())),
    )
    await client.workflow_service.register_namespace(request)
    await _until_known(client)
    return Installed(client, server, "returns", f"sqlite:///{tmp_path / 'ledger.db'}")


async def _until_known(client: Client) -> None:
    """Wait until every part of the server knows the namespace."""
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while True:
            try:
                await client.count_workflows('ExecutionStatus = "Running"')
                await attributes_of(client)
            except RPCError:
                await asyncio.sleep(0.05)
            else:
                return


def codes(examination: Examination) -> Sequence[Code]:
    """What was found."""
    return [each.code for each in examination.findings]
