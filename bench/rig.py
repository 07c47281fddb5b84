"""What is measured: the embedded server, the sandbox and the workers, each a process of its own."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client

from ledger.ledger import Ledger
from starters.client import ReturnsClient
from starters.ports import Ports
from starters.stack import Stack

_PATIENCE_SECONDS = 30
_SETTLE_SECONDS = 120
_REST_SECONDS = 3
_AT_ONCE = 2000


@dataclass
class Rig:
    """A running stack, and the processes that a measurement adds to it.

    Attributes:
        stack: Server, sandbox, worker and ledger.
        client: A connection to the server.
        returns: The typed client of the pipeline.
        sandbox: The providers' HTTP.
    """

    stack: Stack
    client: Client
    returns: ReturnsClient
    sandbox: httpx.AsyncClient
    _added: dict[str, asyncio.subprocess.Process] = field(default_factory=dict)

    async def load(self, kind: str, records: Iterable[Mapping[str, Any]]) -> None:
        """Load records into the sandbox."""
        lines = [json.dumps(record) for record in records]
        for first in range(0, len(lines), _AT_ONCE):
            body = "\n".join(lines[first : first + _AT_ONCE])
            (await self.sandbox.post(f"/load/{kind}", content=body)).raise_for_status()

    async def add_worker(self, name: str, task_queue: str, *arguments: str) -> None:
        """Start one more worker process; it is ready when it polls.

        Raises:
            TimeoutError: If it does not.
            RuntimeError: If it ended.
        """
        log_file = self.stack.data / "logs" / f"{name}.log"
        log = log_file.open("ab")
        environment = {**os.environ, **self.stack.environment(), **self.stack.worker_environment}
        command = [sys.executable, "-m", *arguments]
        process = await asyncio.create_subprocess_exec(*command, env=environment, stdout=log, stderr=log)
        log.close()
        self._added[name] = process
        request = DescribeTaskQueueRequest(
            namespace=self.client.namespace,
            task_queue=TaskQueue(name=task_queue),
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
        )
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while True:
                answer = await self.client.workflow_service.describe_task_queue(request)
                if any(poller.identity.startswith(f"{process.pid}@") for poller in answer.pollers):
                    return
                if process.returncode is not None:
                    raise RuntimeError(f"{name} did not start: {log_file.read_text('utf-8')[-2000:]}")
                await asyncio.sleep(0.05)

    async def remove_worker(self, name: str) -> None:
        """Stop a worker that was added."""
        process = self._added.pop(name)
        if process.returncode is None:
            process.terminate()
        await process.wait()

    def processes(self) -> dict[str, psutil.Process]:
        """Every process of the measurement by its name; `driver` is the one that measures."""
        pids = {**self.stack.pids(), **{name: process.pid for name, process in self._added.items()}}
        return {"driver": psutil.Process(), **{name: psutil.Process(pid) for name, pid in pids.items()}}

    def cpu_seconds(self) -> dict[str, float]:
        """What each process has used of the processors so far."""
        used = {}
        for name, process in self.processes().items():
            with suppress(psutil.NoSuchProcess):
                times = process.cpu_times()
                used[name] = times.user + times.system
        return used

    async def settle(self) -> None:
        """Wait until nothing is left to do of what was played.

        Raises:
            TimeoutError: If the relay does not deliver what is to be told.
        """
        ledger = Ledger.open(self.stack.ledger_url)
        try:
            async with asyncio.timeout(_SETTLE_SECONDS):
                while await asyncio.to_thread(ledger.pending_deliveries):
                    await asyncio.sleep(0.2)
        finally:
            ledger.engine.dispose()
        # The server closes workflows and writes their visibility records a little later, and does not say when.
        await asyncio.sleep(_REST_SECONDS)

    async def close(self) -> None:
        """Stop what was added."""
        for name in list(self._added):
            await self.remove_worker(name)


@asynccontextmanager
async def running_rig(folder: Path, *, with_api: bool = False, **worker: str) -> AsyncIterator[Rig]:
    """Run a stack in a folder. `worker` are settings of its worker, without their prefix, in small letters."""
    settings = {f"RETURNFLOW_{name.upper()}": value for name, value in worker.items()}
    stack = Stack(folder, Ports.free(), with_api=with_api, worker_environment=settings)
    async with stack, httpx.AsyncClient(base_url=stack.sandbox_url, timeout=60) as sandbox:
        client = await stack.connect()
        rig = Rig(stack, client, ReturnsClient(client, stack.task_queue), sandbox)
        try:
            yield rig
        finally:
            await rig.close()
