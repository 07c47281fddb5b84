"""Runs workflow code as the worker's runner does, and keeps what the code asked for at each workflow task."""

from dataclasses import dataclass

from temporalio.api.failure.v1 import Failure
from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_commands import WorkflowCommand
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.worker import WorkflowInstance, WorkflowInstanceDetails, WorkflowRunner

from workers.wrapped_runner import WrappedInstance, WrappingRunner


@dataclass(frozen=True)
class Step:
    """What the code answered when it was told of new events.

    Attributes:
        task: The id of the event that started the workflow task.
        commands: What the code asked for, in its order.
        failure: What it raised; None if it did not.
    """

    task: int
    commands: tuple[WorkflowCommand, ...]
    failure: Failure | None = None


class RecordingRunner(WrappingRunner):
    """Hands everything to another runner. Histories are replayed one after the other."""

    def __init__(self, inner: WorkflowRunner) -> None:
        super().__init__(inner)
        self.steps: list[Step] = []

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        """Begin the record of a history."""
        self.steps = []
        return _RecordedInstance(self.inner.create_instance(det), self.steps)


class _RecordedInstance(WrappedInstance):
    def __init__(self, inner: WorkflowInstance, steps: list[Step]) -> None:
        super().__init__(inner)
        self._steps = steps

    def activate(self, act: WorkflowActivation) -> WorkflowActivationCompletion:
        answer = super().activate(act)
        failure = answer.failed.failure if answer.HasField("failed") else None
        if any(not job.HasField("remove_from_cache") for job in act.jobs):
            self._steps.append(Step(act.history_length, tuple(answer.successful.commands), failure))
        return answer
