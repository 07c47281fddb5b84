"""Keeps queries from changing what a return does (ADR 0034)."""

from temporalio.bridge.proto.workflow_activation import QueryWorkflow, WorkflowActivation, WorkflowActivationJob
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.worker import WorkflowInstance, WorkflowInstanceDetails

from workers.wrapped_runner import WrappedInstance, WrappingRunner
from workflows.contracts import ASK_AGAIN

_ALONE = "legacy_query"
"""The id of a query that comes with a task of its own, which nothing but its answer may end."""


class QuietQueries(WrappingRunner):
    """Runs workflows as another runner does, but keeps two faults of the SDK's core with queries away from them.

    A query waits for the local activities of its run. The core ends a workflow task with the answer to a query. If
    a local activity ended while the query was answered, its result is kept with that task, but the code hears of
    it in the next one, and of what else came with that one first. A replay tells the code of the result in the
    task that keeps it.

    A query brings no news. A worker that does not have the run in memory fetches its history for the query. What
    happened since the last workflow task is in it as well, and the core tells the code of it, at the time of that
    task, which may be days ago. What the code does by the time is wrong then, and a replay does otherwise. So the
    query fails, the worker forgets the run, and who asks again gets an answer.
    """

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        """Make an instance of the other runner's that queries do not change."""
        return _Quiet(self.inner.create_instance(det))


class _Quiet(WrappedInstance):
    def __init__(self, inner: WorkflowInstance) -> None:
        super().__init__(inner)
        self._local_activities: set[int] = set()
        self._waiting: dict[str, QueryWorkflow] = {}
        self._told_at: tuple[int, int] | None = None
        self._told_up_to = 0

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
        elif self._is_news_without_a_task(act):
            answer = WorkflowActivationCompletion()
            answer.failed.failure.message = ASK_AGAIN
            answer.failed.failure.application_failure_info.SetInParent()
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

    def _is_news_without_a_task(self, act: WorkflowActivation) -> bool:
        """Whether the history has gone on since the code was told last, and no workflow task has begun since."""
        if any(job.HasField("remove_from_cache") for job in act.jobs):
            return False
        told_at = (act.timestamp.seconds, act.timestamp.nanos)
        is_news = told_at == self._told_at and act.history_length > self._told_up_to
        self._told_at, self._told_up_to = told_at, act.history_length
        return is_news

    def _questions(self, act: WorkflowActivation) -> WorkflowActivation:
        """The queries that waited, as the core would ask them now."""
        questions = WorkflowActivation()
        questions.CopyFrom(act)
        questions.is_replaying = True
        del questions.jobs[:]
        questions.jobs.extend(WorkflowActivationJob(query_workflow=query) for query in self._waiting.values())
        self._waiting = {}
        return questions
