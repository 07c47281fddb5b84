"""What the runner hands to a workflow, and when. Why: `tests/workflow/test_quiet_queries.py`, on a real server."""

from typing import Any

import pytest
from temporalio.bridge.proto.workflow_activation import WorkflowActivation, WorkflowActivationJob
from temporalio.bridge.proto.workflow_commands import WorkflowCommand
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.worker import WorkflowInstance, WorkflowRunner

from workers.quiet_queries import QuietQueries
from workflows.contracts import ASK_AGAIN


class Code(WorkflowInstance):
    """A workflow that answers each query, and begins a local activity for each signal of that name."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def activate(self, act: WorkflowActivation) -> WorkflowActivationCompletion:
        answer = WorkflowActivationCompletion()
        answer.successful.SetInParent()
        for job in act.jobs:
            self.told.append(str(job.WhichOneof("variant")))
            if job.HasField("query_workflow"):
                command = WorkflowCommand()
                command.respond_to_query.query_id = job.query_workflow.query_id
                answer.successful.commands.append(command)
            if job.HasField("signal_workflow"):
                command = WorkflowCommand()
                command.schedule_local_activity.seq = int(job.signal_workflow.signal_name)
                answer.successful.commands.append(command)
        return answer

    def get_info(self) -> Any:
        return None

    def get_serialization_context(self, *args: Any) -> Any:
        return None

    def get_external_store_context(self, *args: Any) -> Any:
        return None


class Runner(WorkflowRunner):
    def __init__(self) -> None:
        self.code = Code()

    def prepare_workflow(self, defn: Any) -> None:
        pass

    def create_instance(self, det: Any) -> WorkflowInstance:
        return self.code


class Told:
    """Tells the workflow of things as the core does: up to an event of the history, at the time of a task."""

    def __init__(self) -> None:
        inner = Runner()
        self.code = inner.code
        self._instance = QuietQueries(inner).create_instance(None)  # type: ignore[arg-type]

    def __call__(self, *jobs: WorkflowActivationJob, up_to: int = 3, at: int = 100) -> list[str]:
        act = WorkflowActivation(history_length=up_to, jobs=jobs)
        act.timestamp.FromSeconds(at)
        answer = self._instance.activate(act)
        if answer.HasField("failed"):
            return [answer.failed.failure.message]
        return [str(command.WhichOneof("variant")) for command in answer.successful.commands]


def job(kind: str, **fields: Any) -> WorkflowActivationJob:
    made = WorkflowActivationJob()
    getattr(made, kind).SetInParent()
    for name, value in fields.items():
        setattr(getattr(made, kind), name, value)
    return made


START = job("initialize_workflow")
EVICTION = job("remove_from_cache")
ACTIVITY = job("resolve_activity", seq=9)


def call(number: int) -> WorkflowActivationJob:
    return job("signal_workflow", signal_name=str(number))


def called(number: int) -> WorkflowActivationJob:
    return job("resolve_activity", seq=number, is_local=True)


def query(query_id: str = "a") -> WorkflowActivationJob:
    return job("query_workflow", query_id=query_id)


@pytest.fixture
def tell() -> Told:
    return Told()


def test_a_query_is_answered_at_once_where_nothing_runs(tell: Told) -> None:
    tell(START)
    assert tell(query()) == ["respond_to_query"]


def test_it_waits_for_every_local_activity_and_is_asked_once(tell: Told) -> None:
    tell(START, call(1), call(2))
    assert tell(query("a")) == []
    assert tell(query("a"), query("b")) == []
    assert tell(called(2)) == []
    assert tell(called(1)) == ["respond_to_query"] * 2
    assert tell(query()) == ["respond_to_query"]


def test_it_waits_for_the_call_that_follows_the_one_it_waited_for(tell: Told) -> None:
    tell(START, call(1))
    tell(query())
    assert tell(called(1), call(2)) == ["schedule_local_activity"]
    assert tell(called(2)) == ["respond_to_query"]


def test_one_with_a_task_of_its_own_does_not_wait(tell: Told) -> None:
    tell(START, call(1))
    assert tell(query("legacy_query")) == ["respond_to_query"]


def test_news_without_a_task_is_not_told(tell: Told) -> None:
    tell(START, up_to=3, at=100)
    assert tell(ACTIVITY, up_to=10, at=100) == [ASK_AGAIN]
    assert tell.code.told == ["initialize_workflow"]


def test_news_with_a_task_is(tell: Told) -> None:
    tell(START, up_to=3, at=100)
    assert tell(ACTIVITY, up_to=12, at=101) == []
    assert tell(called(1), up_to=12, at=101) == []
    assert tell(ACTIVITY, up_to=12, at=101) == []
    assert tell.code.told == ["initialize_workflow", *["resolve_activity"] * 3]


def test_a_run_is_forgotten_whatever_its_history_says(tell: Told) -> None:
    tell(START, up_to=3, at=100)
    tell(EVICTION, up_to=10, at=100)
    assert tell.code.told[-1] == "remove_from_cache"
