"""What is wrong at Temporal is found: the server, the namespace, the workers, the returns that stand still."""

import asyncio
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar
from uuid import uuid4

import pytest
from temporalio import workflow
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.client import ScheduleActionExecutionStartWorkflow
from temporalio.common import (
    SearchAttributePair,
    TypedSearchAttributes,
    VersioningBehavior,
    WorkerDeploymentVersion,
)
from temporalio.worker import Worker, WorkerDeploymentConfig
from typer.testing import CliRunner

from domain.clocks import Clock, ClockName, ClockState
from domain.status import Reimbursement
from starters.cli.app import app
from starters.deployment import Deployment, DeploymentRefused
from starters.doctor.codes import Code
from starters.doctor.findings import CheckState, Verdict
from starters.doctor.limits import Limits
from starters.setup import prepare_namespace, prepare_schedules
from testkit.pipeline import Pipeline, running_pipeline
from tests.doctor.conftest import Installed, codes, finding, found, installation_of
from tests.unit.test_cli_support import STATUS
from workflows import ids, search_attributes
from workflows.contracts import STATUS_QUERY, ReturnStatus

PERSONAL = "zhang@example.org"
HOUR = timedelta(hours=1)
A_SECOND = timedelta(seconds=1)
IMPATIENT = Limits(answer=A_SECOND)
ALL_NAMED = Limits(few=100)


async def test_a_healthy_installation_is_well(server: str, tmp_path: Path) -> None:
    async with running_pipeline(server, tmp_path) as shop:
        await prepare_schedules(shop.client, shop.task_queue)
        underway = (await shop.apply(await shop.order())).rma_id
        await shop.until(underway, lambda status: status.logistics == "PICKUP_BOOKED")
        await shop.told(underway)
        at_once = Limits(settled_in=timedelta(0), undelivered=timedelta(0))
        examination = await installation_of(shop, server).examined(at_once)
        assert {check.name: check.note for check in examination.checks if check.note} == {}
        assert {check.state for check in examination.checks} == {CheckState.CLEAN}
        assert (examination.findings, examination.verdict) == ((), Verdict.WELL)


def test_a_wrong_address_is_told_with_its_setting(tmp_path: Path) -> None:
    ledger = f"sqlite:///{tmp_path / 'none.db'}"
    done = CliRunner().invoke(app, ["--address", "127.0.0.1:1", "doctor", "--ledger-url", ledger])
    assert done.exit_code == 2
    assert "act now: temporal-away" in done.output
    assert "TEMPORAL_ADDRESS" in done.output
    assert "act now: ledger-schema" in done.output, "the ledger is examined all the same"
    assert "not checked, since Temporal cannot be examined: search attributes, workers" in done.output


def test_a_namespace_that_is_not_there_is_told(server: str) -> None:
    done = CliRunner().invoke(app, ["--address", server, "--namespace", "nowhere", "doctor"])
    assert done.exit_code == 2
    assert "act now: namespace-missing" in done.output
    assert f"temporal operator namespace create --retention 30d --address {server}" in done.output
    assert "not checked, since no ledger is named (RETURNFLOW_LEDGER_URL, --ledger-url): the ledger" in done.output


async def test_what_setup_left_out_is_found_and_the_commands_mend_it(new_namespace: Installed) -> None:
    client = new_namespace.client
    other = {"ReturnBreached": IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD}
    await client.operator_service.add_search_attributes(
        AddSearchAttributesRequest(namespace=client.namespace, search_attributes=other)
    )
    differs = await new_namespace.until_found(Code.SEARCH_ATTRIBUTES_DIFFER)
    examination = await new_namespace.examined()
    assert "ReturnBreached with another type" in differs.what
    assert "ReturnNextDeadline" in found(examination, Code.SEARCH_ATTRIBUTES_MISSING).what
    assert found(examination, Code.SCHEDULE_MISSING).severity == "look_today"
    assert found(examination, Code.LEDGER_SCHEMA).severity == "act_now"
    idle = found(examination, Code.QUEUE_WITHOUT_WORKERS)
    assert idle.what == "No worker asks for work on returns and its other queues."
    assert examination.verdict is Verdict.NOT_WELL

    await new_namespace.mend(differs)

    assert set(codes(await new_namespace.examined())) == {Code.QUEUE_WITHOUT_WORKERS}


async def test_a_worker_that_has_gone_is_missed_after_two_minutes(installed: Installed) -> None:
    assert finding(await installed.examined(), Code.QUEUE_WITHOUT_WORKERS) is None
    later = await installed.examined(now=datetime.now(UTC) + timedelta(minutes=3))
    assert " since 2" in found(later, Code.QUEUE_WITHOUT_WORKERS).what


async def test_a_current_version_without_workers_is_found(
    new_namespace: Installed, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, queue = new_namespace.client, new_namespace.task_queue
    config = WorkerDeploymentConfig(
        version=WorkerDeploymentVersion(ids.DEFAULT_DEPLOYMENT, "A"),
        use_worker_versioning=True,
        default_versioning_behavior=VersioningBehavior.AUTO_UPGRADE,
    )
    deployment = Deployment(client, ids.DEFAULT_DEPLOYMENT, queue)
    async with Worker(client, task_queue=queue, workflows=[Raises], deployment_config=config):
        await seen(deployment)
        monkeypatch.setattr("starters.deployment._TOLD_WITHIN_SECONDS", 0.1)
        await deployment.set_current("B", await deployment.routing(), force=True)
        examination = await new_namespace.examined()
        idle = [each for each in examination.findings if each.code is Code.QUEUE_WITHOUT_WORKERS]
        assert [each.steps[0].command for each in idle] == [
            f"RETURNFLOW_WORKER_ROLES={role} returns worker" for role in ("providers", "carrier", "payment")
        ]
        gone = found(examination, Code.VERSION_WITHOUT_WORKERS)
        assert gone.what == "Version B is current, gets 100 % of the returns, and has no worker."
        assert gone.steps[0].command == "RETURNFLOW_WORKER_VERSIONING=true RETURNFLOW_BUILD_ID=B returns worker"
        await deployment.set_current("A", await deployment.routing())
        await new_namespace.until_gone(Code.VERSION_WITHOUT_WORKERS)


async def test_a_worker_that_takes_work_and_does_nothing_is_found(installed: Installed) -> None:
    queue = f"hung-{uuid4().hex[:8]}"
    hung = Installed(installed.client, installed.address, queue, installed.ledger_url)
    async with Worker(installed.client, task_queue=queue, workflows=[Hangs]):
        await installed.client.start_workflow(ids.RETURN_WORKFLOW, id=f"return/{queue}", task_queue=queue)
        assert (await hung.until_found(Code.WORKERS_SILENT, IMPATIENT)).rma_ids == (queue,)
        Hangs.may_go_on.set()


async def seen(deployment: Deployment) -> None:
    """Wait until Temporal knows of it."""
    async with asyncio.timeout(10):
        while True:
            try:
                await deployment.routing()
            except DeploymentRefused:
                await asyncio.sleep(0.1)
            else:
                return


@workflow.defn(name=ids.RETURN_WORKFLOW, sandboxed=False)
class Hangs:
    may_go_on: ClassVar = threading.Event()

    @workflow.run
    async def run(self) -> None:
        self.may_go_on.wait(10)


@workflow.defn(name=ids.RETURN_WORKFLOW, sandboxed=False)
class Waits:
    @workflow.run
    async def run(self) -> None:
        await workflow.sleep(timedelta(hours=1))

    @workflow.signal
    def again(self) -> None:
        """Give it a task."""


@workflow.defn(name=ids.RETURN_WORKFLOW, sandboxed=False)
class Calls(Waits):
    @workflow.run
    async def run(self) -> None:
        await workflow.execute_activity("none", start_to_close_timeout=timedelta(hours=1))

    @workflow.signal
    def again(self) -> None:
        """Give it a task."""


@workflow.defn(name=ids.RECOVERY_CLAIM_WORKFLOW, sandboxed=False)
class Raises:
    @workflow.run
    async def run(self) -> None:
        raise ValueError(PERSONAL)


async def test_returns_that_stand_still_are_found_with_the_reason(installed: Installed) -> None:
    client, queue = installed.client, f"broken-{uuid4().hex[:8]}"
    broken = Installed(client, installed.address, queue, installed.ledger_url)
    async with Worker(client, task_queue=queue, workflows=[Waits]):
        diverging = await client.start_workflow(
            ids.RETURN_WORKFLOW, id=f"return/{queue}", task_queue=queue, task_timeout=A_SECOND
        )
        while (await diverging.describe()).history_length < 4:
            await asyncio.sleep(0.02)
    async with Worker(client, task_queue=queue, workflows=[Calls, Raises]):
        await diverging.signal("again")
        await client.start_workflow(
            ids.RECOVERY_CLAIM_WORKFLOW, id=f"claim/{queue}/carrier", task_queue=queue, task_timeout=A_SECOND
        )
        diverged = await broken.until_found(Code.NONDETERMINISM, IMPATIENT)
        failing = await broken.until_found(Code.WORKFLOW_TASKS_FAIL, IMPATIENT)
    assert (diverged.count, diverged.rma_ids) == (1, (queue,))
    assert (failing.count, failing.rma_ids) == (1, (queue,))
    assert diverged.steps[0].say.startswith("Start workers with the code of before")
    assert "It is no nondeterminism: the code raises ValueError." in failing.what
    assert PERSONAL not in (await broken.examined(IMPATIENT)).model_dump_json()


async def test_a_call_that_does_not_get_through_is_found_with_its_provider(
    shop: Pipeline, installed: Installed
) -> None:
    order = await shop.order()
    match = {"order_id": order["order_id"]}
    await shop.fault(target="orders.get", kind="too_busy", seconds=3600, match=match)
    rma_id, deciding = await shop.begin(order)
    retried = await installed.until_found(Code.CALLS_RETRIED)
    assert (retried.count, retried.rma_ids) == (1, (rma_id,))
    assert (
        "Calls of orders.fetch_facts that do not get through: 1, up to attempt 2; last failure: orders:"
        in retried.what
    )
    await installed.mend(retried, 1)
    await deciding


async def test_a_refund_that_the_provider_is_working_on_is_no_fault(shop: Pipeline, installed: Installed) -> None:
    order = await shop.order()
    payment = {"payment_id": f"{order['order_id']}-p1"}
    await shop.fault(target="payments.refund", kind="pending", match=payment)
    rma_id = await shop.inspected(order)
    workflow_id = ids.return_workflow_id(rma_id)
    async with asyncio.timeout(10):
        while not await shop.books("refunds", rma_id) or await calls_of(installed, workflow_id):
            await asyncio.sleep(0.05)
    assert (await shop.returns.status(rma_id)).reimbursement is Reimbursement.EXECUTING
    told = finding(await installed.examined(Limits(attempts=1, few=100)), Code.CALLS_RETRIED)
    assert rma_id not in getattr(told, "rma_ids", ())


async def calls_of(installed: Installed, workflow_id: str) -> list[tuple[str, int]]:
    """The calls of a workflow that are under way, each with its attempt."""
    description = await installed.client.get_workflow_handle(workflow_id).describe()
    return [(each.activity_type.name, each.attempt) for each in description.raw_description.pending_activities]


async def test_a_deadline_that_passed_with_nothing_done_is_found(shop: Pipeline, installed: Installed) -> None:
    rma_id = (await shop.apply(await shop.order())).rma_id
    status = await shop.until(rma_id, lambda status: status.logistics == "PICKUP_BOOKED")
    assert status.next_deadline is not None
    passed_at = status.next_deadline.due_at + timedelta(minutes=16)
    overdue = found(await installed.examined(ALL_NAMED, passed_at), Code.DEADLINE_PASSED)
    assert rma_id in overdue.rma_ids
    assert "by their own word" in overdue.what
    before = await installed.examined(ALL_NAMED, passed_at - timedelta(minutes=2))
    assert rma_id not in getattr(finding(before, Code.DEADLINE_PASSED), "rma_ids", ())


@workflow.defn(name=ids.RETURN_WORKFLOW, sandboxed=False)
class Says:
    """Answers with the status that it was given."""

    @workflow.run
    async def run(self, status: ReturnStatus) -> None:
        self._status = status
        await workflow.sleep(timedelta(hours=1))

    @workflow.query(name=STATUS_QUERY)
    def status(self) -> ReturnStatus:
        """Where it stands."""
        return self._status


async def test_the_status_counts_and_not_the_attribute_that_lags_behind(installed: Installed) -> None:
    client, queue, now = installed.client, f"late-{uuid4().hex[:8]}", datetime.now(UTC)
    late = Installed(client, installed.address, queue, installed.ledger_url)
    passed = Clock(name=ClockName.INSPECTION, started_at=now - 49 * HOUR, due_at=now - HOUR)
    clocks = {
        "passed": passed,
        "moved": passed.model_copy(update={"due_at": now + HOUR}),
        "held": passed.model_copy(update={"held": True}),
        "met": passed.model_copy(update={"state": ClockState.MET}),
        "asking": passed.model_copy(update={"name": ClockName.FIRST_RESPONSE}),
    }
    attributes = TypedSearchAttributes([SearchAttributePair(search_attributes.NEXT_DEADLINE, now - HOUR)])
    async with Worker(client, task_queue=queue, workflows=[Says]):
        for name, clock in clocks.items():
            await client.start_workflow(
                ids.RETURN_WORKFLOW,
                STATUS.model_copy(update={"clocks": (clock,)}),
                id=ids.return_workflow_id(f"{queue}-{name}"),
                task_queue=queue,
                search_attributes=attributes,
            )
        while (await client.count_workflows(f'TaskQueue = "{queue}"')).count != len(clocks):
            await asyncio.sleep(0.05)
        overdue = await late.until_found(Code.DEADLINE_PASSED)
    assert overdue.rma_ids == (f"{queue}-passed",)


async def test_a_schedule_that_is_paused_failed_or_late_is_found(new_namespace: Installed) -> None:
    client = new_namespace.client
    await prepare_namespace(client)
    await prepare_schedules(client, new_namespace.task_queue)
    assert not {Code.SCHEDULE_PAUSED, Code.RECONCILIATION_LATE} & set(codes(await new_namespace.examined()))
    tomorrow = datetime.now(UTC) + 27 * HOUR
    never = found(await new_namespace.examined(now=tomorrow), Code.RECONCILIATION_LATE)
    assert "It has never run." in never.what

    await new_namespace.mend(never)
    handle = client.get_schedule_handle(ids.RECONCILIATION_SCHEDULE)
    async with asyncio.timeout(10):
        while not (ran := (await handle.describe()).info.recent_actions):
            await asyncio.sleep(0.05)
    started = ran[-1].action
    assert isinstance(started, ScheduleActionExecutionStartWorkflow)
    await client.get_workflow_handle(started.workflow_id).terminate()
    failed = await new_namespace.until_found(Code.RECONCILIATION_FAILED)
    assert failed.what.endswith("ended as terminated.")

    await handle.pause(note="a test")
    paused = found(await new_namespace.examined(), Code.SCHEDULE_PAUSED)
    await new_namespace.mend(paused)
    assert finding(await new_namespace.examined(), Code.SCHEDULE_PAUSED) is None
