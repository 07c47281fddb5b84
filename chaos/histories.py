"""The histories of a run: each is replayed, and those of disturbed returns tell when their activities ended."""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from temporalio.client import Client, WorkflowHistory
from temporalio.service import RPCError, RPCStatusCode

from replay.processes import ReplayProcesses
from replay.recorded import recorded_histories
from replay.replaying import Replayed, encoded
from workflows import ids

_ENDS = tuple(f"activity_task_{end}_event_attributes" for end in ("completed", "failed", "timed_out", "canceled"))


@dataclass
class Histories:
    """What came of them.

    Attributes:
        replayed: The result of each replay.
        ended_at: When activities of the disturbed returns were over, by RMA id and activity id.
    """

    replayed: list[Replayed] = field(default_factory=list)
    ended_at: dict[tuple[str, str], datetime] = field(default_factory=dict)


async def read_histories(
    client: Client, query: str, returns: Iterable[str], disturbed: Iterable[str]
) -> Histories:
    """Fetch and replay every history that fits a visibility query, in this process, and those of all the returns.

    Args:
        client: Where they are.
        query: What the run started beside its returns is found by.
        returns: The RMA ids of the run. What the query has not found, whose index and clock may lag, is fetched by
            its id; one that Temporal does not know has no result.
        disturbed: Those of whose activities the ends are wanted.
    """
    read = Histories()
    wanted = {ids.return_workflow_id(rma_id): rma_id for rma_id in disturbed}
    left = set(map(ids.return_workflow_id, returns))

    async def all_of_them() -> AsyncIterator[WorkflowHistory]:
        async for history in recorded_histories(client, query, None):
            left.discard(history.workflow_id)
            yield history
        for workflow_id in sorted(left):
            try:
                yield await client.get_workflow_handle(workflow_id).fetch_history()
            except RPCError as error:
                if error.status is not RPCStatusCode.NOT_FOUND:
                    raise

    async def watched() -> AsyncIterator[WorkflowHistory]:
        async for history in all_of_them():
            if rma_id := wanted.get(history.workflow_id):
                read.ended_at.update(_ends(rma_id, history))
            yield history

    with ReplayProcesses(1) as processes:
        read.replayed = await processes.replay(encoded(watched()))
    return read


def _ends(rma_id: str, history: WorkflowHistory) -> dict[tuple[str, str], datetime]:
    scheduled: dict[int, str] = {}
    ends: dict[tuple[str, str], datetime] = {}
    for event in history.events:
        if event.HasField("activity_task_scheduled_event_attributes"):
            scheduled[event.event_id] = event.activity_task_scheduled_event_attributes.activity_id
        if event.WhichOneof("attributes") in _ENDS:
            begun = getattr(event, str(event.WhichOneof("attributes"))).scheduled_event_id
            ends[rma_id, scheduled.get(begun, "")] = event.event_time.ToDatetime(UTC)
    return ends
