"""What every group of calls to the pipeline has: the client, the queue, and the returns by their ids."""

from datetime import timedelta
from typing import Any, TypeVar

from temporalio.client import Client, RPCError, WorkflowHandle, WorkflowQueryFailedError

from domain.record import Record
from starters.errors import ServiceUnavailable
from starters.translation import not_found_or_unavailable
from workflows import ids
from workflows.contracts import ASK_AGAIN

Answer = TypeVar("Answer", bound=Record)

_ASKED_AT_MOST = 3


class TemporalCalls:
    """The base of the groups of calls that `ReturnsClient` is made of."""

    def __init__(self, client: Client, task_queue: str = ids.DEFAULT_TASK_QUEUE) -> None:
        self._client = client
        self._task_queue = task_queue

    def _handle(self, rma_id: str) -> WorkflowHandle[Any, Any]:
        return self._client.get_workflow_handle(ids.return_workflow_id(rma_id))

    async def _ask(self, rma_id: str, query: str, answer_type: type[Answer]) -> Answer:
        try:
            answer = await answer_to(self._handle(rma_id), query, answer_type)
        except WorkflowQueryFailedError as error:
            raise ServiceUnavailable(f"The {query} of {rma_id} cannot be read: {error}") from error
        except RPCError as error:
            raise not_found_or_unavailable(error, rma_id) from error
        return answer

    async def _exists(self, rma_id: str) -> bool:
        try:
            await self._handle(rma_id).describe(rpc_timeout=timedelta(seconds=5))
        except RPCError:
            return False
        return True


async def answer_to(handle: WorkflowHandle[Any, Any], query: str, answer_type: type[Answer]) -> Answer:
    """Ask a workflow, and again where its worker says so.

    Raises:
        WorkflowQueryFailedError: If it cannot answer.
        RPCError: If nobody answers in time, or there is no such workflow.
    """
    for attempt in range(1, _ASKED_AT_MOST + 1):
        try:
            answer: Answer = await handle.query(query, result_type=answer_type, rpc_timeout=timedelta(seconds=10))
        except WorkflowQueryFailedError as error:
            if ASK_AGAIN not in str(error) or attempt == _ASKED_AT_MOST:
                raise
        else:
            return answer
    raise AssertionError("it was asked, and answered or failed")
