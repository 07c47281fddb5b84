"""The worker of the bare workflows, a process as the real one is: `python -m bench.bare_worker SHAPE`."""

import asyncio
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from temporalio.worker import Worker

from bench.bare import BareReturn, OneActivity, bare_call, bare_note
from bench.shape import Shape
from starters.connection import connect_temporal
from workers.hosting import running, worker_options
from workers.registry import WORKFLOW_RUNNER
from workflows.roles import activity_queues

BARE_QUEUE = "bare"
_CALLS_AT_ONCE = 100


async def _run(shape: Shape) -> None:
    BareReturn.shape = shape
    client = await connect_temporal()
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    with ThreadPoolExecutor(_CALLS_AT_ONCE) as executor:
        options = worker_options(_CALLS_AT_ONCE, executor)
        workers = [
            Worker(
                client,
                task_queue=BARE_QUEUE,
                workflows=[BareReturn, OneActivity],
                workflow_runner=WORKFLOW_RUNNER,
                activities=[bare_call, bare_note],
                **options,
            )
        ]
        others = sorted(set(activity_queues(BARE_QUEUE).values()) - {BARE_QUEUE})
        workers += [Worker(client, task_queue=queue, activities=[bare_call], **options) for queue in others]
        async with running(workers):
            await stop.wait()


if __name__ == "__main__":
    asyncio.run(_run(Shape.model_validate_json(Path(sys.argv[1]).read_text("utf-8"))))
