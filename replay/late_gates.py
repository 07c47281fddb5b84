"""Finds gates that are asked right after a ledger call, where their answer is not safe.

A ledger call is a local activity. A query that is answered meanwhile ends the workflow task early. If the call
ends at that moment, its result is kept with one task and the mark of the gate with the next; a replay runs the
code behind the call in the first of them, where nothing says yet that the gate was open.
"""

from typing import Any

from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.worker import WorkflowInstance, WorkflowInstanceDetails, WorkflowRunner

from workers.wrapped_runner import WrappedInstance, WrappingRunner


class LateGates(WrappingRunner):
    """Hands everything to another runner, and notes the gates that nothing but a ledger call's end led to.

    Attributes:
        found: The ids of those gates.
    """

    def __init__(self, inner: WorkflowRunner) -> None:
        super().__init__(inner)
        self.found: set[str] = set()

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        """Watch an instance of the other runner."""
        return _Watched(self.inner.create_instance(det), self.found)


class _Watched(WrappedInstance):
    def __init__(self, inner: WorkflowInstance, found: set[str]) -> None:
        super().__init__(inner)
        self._found = found

    def activate(self, act: WorkflowActivation) -> WorkflowActivationCompletion:
        answer = super().activate(act)
        if _only_ends_ledger_calls(act):
            self._found.update(
                command.set_patch_marker.patch_id
                for command in answer.successful.commands
                if command.HasField("set_patch_marker")
            )
        return answer


def _only_ends_ledger_calls(act: WorkflowActivation) -> bool:
    news: list[Any] = [job for job in act.jobs if not job.HasField("notify_has_patch")]
    return bool(news) and all(job.HasField("resolve_activity") and job.resolve_activity.is_local for job in news)
