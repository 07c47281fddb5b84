"""The histories that a server holds, found by a visibility query."""

from collections.abc import AsyncIterator

from temporalio.client import Client, RPCError, RPCStatusCode, WorkflowHistory

from starters.errors import ReturnsError
from starters.translation import unavailable


async def recorded_histories(client: Client, query: str, limit: int | None) -> AsyncIterator[WorkflowHistory]:
    """Fetch the history of every run that fits the query, of any workflow type, the newest first.

    Raises:
        ReturnsError: If the query is not one that Temporal understands, or Temporal does not answer.
    """
    try:
        async for execution in client.list_workflows(query or None, limit=limit):
            handle = client.get_workflow_handle(execution.id, run_id=execution.run_id)
            try:
                yield await handle.fetch_history()
            except RPCError as error:
                # Its time of retention may be over since it was listed.
                if error.status is not RPCStatusCode.NOT_FOUND:
                    raise
    except RPCError as error:
        if error.status is RPCStatusCode.INVALID_ARGUMENT:
            raise ReturnsError(f"The query is not understood: {error.message}", "query") from error
        raise unavailable(error) from error
