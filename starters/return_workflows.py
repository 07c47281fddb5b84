"""Which returns have a running workflow, for those who hold that against something else. It only reads."""

from base64 import b64decode, b64encode
from collections.abc import Sequence

from temporalio.client import Client, RPCError, RPCStatusCode, WorkflowExecutionStatus

from starters.translation import unavailable
from workflows import ids

_RUNNING = f'WorkflowType = "{ids.RETURN_WORKFLOW}" AND ExecutionStatus = "Running"'
_PAGE = 500


class RunningReturns:
    """Asks Temporal. Searches may lag behind by a moment; a workflow that is asked for by its id never does.

    Every method raises `ServiceUnavailable` if Temporal does not answer.
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    async def is_running(self, rma_id: str) -> bool:
        """Whether a return's workflow is running, exactly."""
        try:
            found = await self._client.get_workflow_handle(ids.return_workflow_id(rma_id)).describe()
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return False
            raise unavailable(error) from error
        return found.status is WorkflowExecutionStatus.RUNNING

    async def running_among(self, rma_ids: Sequence[str]) -> set[str]:
        """Which of some returns, at most a hundred, have a running workflow."""
        if not rma_ids:
            return set()
        wanted = ", ".join(f'"{ids.return_workflow_id(rma_id)}"' for rma_id in rma_ids)
        found, _ = await self._search(f"{_RUNNING} AND WorkflowId IN ({wanted})", "")
        return set(found)

    async def running(self, after: str = "") -> tuple[list[str], str]:
        """A page of the returns with a running workflow, and where the next one begins: empty at the end."""
        return await self._search(_RUNNING, after)

    async def _search(self, query: str, after: str) -> tuple[list[str], str]:
        pages = self._client.list_workflows(query, page_size=_PAGE, next_page_token=b64decode(after) or None)
        try:
            await pages.fetch_next_page()
        except RPCError as error:
            raise unavailable(error) from error
        found = [ids.rma_id_of(each.id) for each in pages.current_page or ()]
        return found, b64encode(pages.next_page_token or b"").decode()
