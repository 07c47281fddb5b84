"""A query that comes during a ledger call is answered after it, so that the history replays."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from temporalio import activity, workflow
from temporalio.client import WorkflowHandle
from temporalio.worker import UnsandboxedWorkflowRunner, Worker, WorkflowRunner

from domain.record import Record
from replay.replaying import Outcome, Replays
from testkit.environment import TimeSkippingEnv
from workers.quiet_queries import QuietQueries
from workflows.calls import LedgerCall

SHORT = timedelta(seconds=5)
BARE = UnsandboxedWorkflowRunner()
PATIENT = QuietQueries(BARE)


class Moments:
    """What the two sides wait for."""

    def __init__(self) -> None:
        self.first_runs = threading.Event()
        self.first_may_end = threading.Event()
        self.second_runs = threading.Event()
        self.question_is_answered = threading.Event()
        self.ledger_is_back = threading.Event()


moments = Moments()


async def happened(moment: threading.Event, within: float) -> bool:
    return await asyncio.to_thread(moment.wait, within)


@activity.defn
async def first_call() -> None:
    moments.first_runs.set()
    await happened(moments.first_may_end, 5)


@activity.defn
async def second_call() -> None:
    """Ends while the question is answered, if it is answered meanwhile."""
    moments.second_runs.set()
    await happened(moments.question_is_answered, 0.5)


@activity.defn
async def refund() -> None:
    """Told apart from the other by its name."""


@activity.defn
async def notice() -> None:
    """Told apart from the other by its name."""


@workflow.defn
class Called:
    """After each of two scans it calls the ledger, and then refunds; the third scan is told of at once."""

    def __init__(self) -> None:
        self._scans = 0

    @workflow.run
    async def run(self) -> None:
        await workflow.wait_condition(lambda: self._scans > 0)
        await workflow.execute_local_activity(first_call, start_to_close_timeout=SHORT)
        await workflow.wait_condition(lambda: self._scans > 1)
        await workflow.execute_local_activity(second_call, start_to_close_timeout=SHORT)
        await workflow.execute_activity(refund, start_to_close_timeout=SHORT)
        await workflow.wait_condition(lambda: self._scans > 2 and workflow.all_handlers_finished())

    @workflow.signal
    async def scan(self) -> None:
        self._scans += 1
        if self._scans == 3:
            await workflow.execute_activity(notice, start_to_close_timeout=SHORT)

    @workflow.query
    def status(self) -> int:
        if self._scans == 2:
            moments.second_runs.wait(1)
            moments.question_is_answered.set()
            time.sleep(0.3)  # The call ends meanwhile.
        return self._scans


@activity.defn(name="ledger.away")
async def ledger_call(_: Record) -> Record:
    if not moments.ledger_is_back.is_set():
        raise ConnectionError("the ledger is away")
    return Record()


@workflow.defn
class Standing:
    """Does nothing but call the ledger."""

    @workflow.run
    async def run(self) -> None:
        await LedgerCall("ledger.away", Record, Record)(Record())

    @workflow.query
    def status(self) -> str:
        return "it stands at the ledger"


@asynccontextmanager
async def called(
    env: TimeSkippingEnv, runner: WorkflowRunner, name: str
) -> AsyncIterator[WorkflowHandle[Called, None]]:
    global moments
    moments = Moments()
    queue = f"questions-{name}"
    activities = [first_call, second_call, refund, notice]
    async with Worker(
        env.client, task_queue=queue, workflows=[Called], activities=activities, workflow_runner=runner
    ):
        yield await env.client.start_workflow(Called.run, id=queue, task_queue=queue)


async def ask_during_the_second_call(run: WorkflowHandle[Called, None]) -> int:
    """Send the second scan and a question while the first call runs, so that they come together after it."""
    await run.signal(Called.scan)
    assert await happened(moments.first_runs, 5)
    await run.signal(Called.scan)
    question = asyncio.create_task(run.query(Called.status))
    await asyncio.sleep(0.2)  # Until the server has the question, which nothing tells.
    moments.first_may_end.set()
    assert await happened(moments.second_runs, 5)
    await run.signal(Called.scan)
    return await question


async def replayed(run: WorkflowHandle[Any, None], runner: WorkflowRunner) -> Outcome:
    history = await run.fetch_history()
    (result,) = await Replays([Called, Standing], runner).of([(run.id, history.to_json())])
    return result.outcome


async def test_answered_at_once_the_history_may_not_replay(time_skipping_env: TimeSkippingEnv) -> None:
    """The reason for the runner: when this fails, the SDK has mended it, and the runner can go."""
    async with called(time_skipping_env, BARE, "bare") as run:
        assert await ask_during_the_second_call(run) == 2
        await run.result()
        assert await replayed(run, BARE) is Outcome.DIVERGED


async def test_answered_after_the_call_it_replays(time_skipping_env: TimeSkippingEnv) -> None:
    async with called(time_skipping_env, PATIENT, "patient") as run:
        assert await ask_during_the_second_call(run) == 2
        await run.result()
        assert await replayed(run, PATIENT) is Outcome.OK


@pytest.mark.parametrize("runner", [BARE, PATIENT], ids=["bare", "patient"])
async def test_without_a_call_an_answer_comes_at_once(
    time_skipping_env: TimeSkippingEnv, runner: WorkflowRunner
) -> None:
    async with called(time_skipping_env, runner, f"idle-{type(runner).__name__}") as run:
        assert await asyncio.gather(*(run.query(Called.status) for _ in range(5))) == [0] * 5
        await run.terminate()


async def test_while_the_ledger_is_away_it_is_answered(time_skipping_env: TimeSkippingEnv) -> None:
    global moments
    moments = Moments()
    client, queue = time_skipping_env.client, "questions-away"
    async with Worker(
        client, task_queue=queue, workflows=[Standing], activities=[ledger_call], workflow_runner=PATIENT
    ):
        run = await client.start_workflow(Standing.run, id=queue, task_queue=queue)
        await asyncio.sleep(0.2)  # Into its attempts.
        try:
            for _ in range(2):
                assert await run.query(Standing.status, rpc_timeout=SHORT) == "it stands at the ledger"
        finally:
            moments.ledger_is_back.set()
        await run.result()
        assert await replayed(run, PATIENT) is Outcome.OK
