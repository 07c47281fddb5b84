"""What a client does while the worker caches no workflow, so that tests of that mode do not stand still.

Without a cache a query that arrives during a local activity throws the workflow out in the middle of its task: the
activity is cancelled, and nothing happens until the task's time is up. A task that begins during a query can make
the SDK give up that query, so it is asked again.
"""

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Any

from temporalio.client import (
    Client,
    DescribeWorkflowInput,
    Interceptor,
    OutboundInterceptor,
    QueryWorkflowInput,
    RPCError,
    RPCStatusCode,
    StartWorkflowInput,
    StartWorkflowUpdateWithStartInput,
    WorkflowHandle,
    WorkflowUpdateHandle,
)

_TASK_TIMEOUT = timedelta(seconds=2)
_QUERY_TIMEOUT = timedelta(seconds=4)
_QUERIES = 4
_PATIENCE_SECONDS = 10.0


def asking_between_tasks(client: Client) -> Client:
    """The client, asking workflows only between their tasks, whose time is short as well."""
    config = client.config()
    config["interceptors"] = [*config["interceptors"], _BetweenTasks()]
    return Client(**config)


class _BetweenTasks(Interceptor):
    def intercept_client(self, next: OutboundInterceptor) -> OutboundInterceptor:
        return _Outbound(next)


class _Outbound(OutboundInterceptor):
    async def start_workflow(self, input: StartWorkflowInput) -> WorkflowHandle[Any, Any]:
        input.task_timeout = _TASK_TIMEOUT
        return await super().start_workflow(input)

    async def start_update_with_start_workflow(
        self, input: StartWorkflowUpdateWithStartInput
    ) -> WorkflowUpdateHandle[Any]:
        input.start_workflow_input.task_timeout = _TASK_TIMEOUT
        return await super().start_update_with_start_workflow(input)

    async def query_workflow(self, input: QueryWorkflowInput) -> Any:
        with suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE_SECONDS):
                while await self._is_at_work(input.id):
                    await asyncio.sleep(0.02)
        input.rpc_timeout = _QUERY_TIMEOUT
        for _ in range(_QUERIES - 1):
            try:
                return await super().query_workflow(input)
            except RPCError as error:
                if error.status not in (RPCStatusCode.CANCELLED, RPCStatusCode.DEADLINE_EXCEEDED):
                    raise
        return await super().query_workflow(input)

    async def _is_at_work(self, workflow_id: str) -> bool:
        asked = DescribeWorkflowInput(id=workflow_id, run_id=None, rpc_metadata={}, rpc_timeout=None)
        try:
            described = await self.describe_workflow(asked)
        except RPCError:
            # The query itself says what is wrong.
            return False
        return described.raw_description.HasField("pending_workflow_task")
