"""Answers the queries of a return once none of its ledger calls is under way (ADR 0034)."""

from temporalio.bridge.proto.workflow_activation import QueryWorkflow, WorkflowActivation, WorkflowActivationJob
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.worker import WorkflowInstance, WorkflowInstanceDetails

from workers.wrapped_runner import WrappedInstance, WrappingRunner

_ALONE = "legacy_query"
"""The id of a query that comes with a task of its own, which nothing but its answer may end."""


class PatientQueries(WrappingRunner):
    """Runs workflows as another runner does, but lets queries wait for the local activities of their run.

    The SDK's core ends a workflow task with the answer to a query. If a local activity ended while the query was
    answered, its result is kept with that task, but the code hears of it in the next one, and of what else came
    with that one first. A replay tells the code of the result in the task that keeps it. What both then ask for
    can differ, and the history does not replay.
    """

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        """Make an instance of the other runner's that is asked late."""
        return _Patient(self.inner.create_instance(det))


class _Patient(WrappedInstance):
    def __init__(self, inner: WorkflowInstance) -> None:
        super().__init__(inner)
        self._local_activities: set[int] = set()
        self._waiting: dict[str, QueryWorkflow] = {}

    def activate(self, act: WorkflowActivation) -> WorkflowActivationCompletion:
        for job in act.jobs:
            if job.HasField("resolve_activity") and job.resolve_activity.is_local:
                self._local_activities.discard(job.resolve_activity.seq)
        if asked := [job.query_workflow for job in act.jobs if job.HasField("query_workflow")]:
            # The core never mixes queries with other news.
            if any(query.query_id == _ALONE for query in asked):
                return super().activate(act)
            self._waiting.update((query.query_id, query) for query in asked)
            answer = WorkflowActivationCompletion()
            answer.successful.SetInParent()
        else:
            answer = super().activate(act)
            self._local_activities.update(
                command.schedule_local_activity.seq
                for command in answer.successful.commands
                if command.HasField("schedule_local_activity")
            )
        if self._waiting and not self._local_activities and not answer.HasField("failed"):
            answered = super().activate(self._questions(act))
            answer.successful.commands.extend(answered.successful.commands)
        return answer

    def _questions(self, act: WorkflowActivation) -> WorkflowActivation:
        """The queries that waited, as the core would ask them now."""
        questions = WorkflowActivation()
        questions.CopyFrom(act)
        questions.is_replaying = True
        del questions.jobs[:]
        questions.jobs.extend(WorkflowActivationJob(query_workflow=query) for query in self._waiting.values())
        self._waiting = {}
        return questions
