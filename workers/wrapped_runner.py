"""A runner of workflow code around another one, for what wants to see what goes in and out."""

from typing import Any

from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.worker import WorkflowInstance, WorkflowRunner


class WrappingRunner(WorkflowRunner):
    """Prepares workflows as another runner does."""

    def __init__(self, inner: WorkflowRunner) -> None:
        self.inner = inner

    def prepare_workflow(self, defn: Any) -> None:
        """As the other runner does."""
        self.inner.prepare_workflow(defn)


class WrappedInstance(WorkflowInstance):
    """Runs a workflow as another runner's instance does."""

    def __init__(self, inner: WorkflowInstance) -> None:
        self._inner = inner

    def activate(self, act: WorkflowActivation) -> WorkflowActivationCompletion:
        """Tell the code of news; the answer holds what it asks for."""
        return self._inner.activate(act)

    def get_thread_id(self) -> int | None:
        """As the other instance says."""
        return self._inner.get_thread_id()

    def get_info(self) -> Any:
        """As the other instance says."""
        return self._inner.get_info()

    def get_serialization_context(self, *args: Any) -> Any:
        """As the other instance says."""
        return self._inner.get_serialization_context(*args)

    def get_external_store_context(self, *args: Any) -> Any:
        """As the other instance says."""
        return self._inner.get_external_store_context(*args)
