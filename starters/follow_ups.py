"""Returns that have ended and are taken up again, under a number of their own."""

import asyncio
from uuid import uuid4

from temporalio.client import RPCError
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from domain.follow_up import FollowUpAnswer, FollowUpKind, FollowUpRefusalCode, FollowUpRequest
from domain.keys import follow_up_id
from starters.errors import (
    ActionNotAllowed,
    InvalidAction,
    RequestIdReused,
    ReturnNotFound,
    ReturnsError,
    RoleNotPermitted,
    ServiceUnavailable,
)
from starters.temporal_calls import TemporalCalls
from starters.translation import unavailable
from workflows import ids
from workflows.contracts import FollowUpOpened, ReopenRequest, ReturnStatus

_FOLLOW_UP_REFUSALS: dict[FollowUpRefusalCode, tuple[type[ReturnsError], str]] = {
    FollowUpRefusalCode.NOT_FOUND: (ReturnNotFound, "rma_id"),
    FollowUpRefusalCode.ROLE_NOT_PERMITTED: (RoleNotPermitted, "actor.role"),
    FollowUpRefusalCode.UNKNOWN_LINE: (InvalidAction, "lines"),
}


class FollowUpCalls(TemporalCalls):
    """Taking up a return that has ended."""

    async def reopen(self, rma_id: str, request: ReopenRequest, request_id: str | None = None) -> FollowUpOpened:
        """Take up a return that has ended: a supervisor looks at it again, as a case with a number of its own.

        Args:
            rma_id: The return that has ended.
            request: Who asks, and why.
            request_id: With the same id a repeat finds the same follow-up.

        Raises:
            ReturnNotFound: If there is no such return.
            ActionNotAllowed: If it has not ended, was reopened before, or its time has passed.
            RoleNotPermitted: If the actor may not do it.
            RequestIdReused: If the id was used for another request.
            ServiceUnavailable: If no worker answers.
        """
        return await self.follow_up(
            FollowUpRequest(
                of=rma_id,
                request_id=request_id or uuid4().hex,
                kind=FollowUpKind.REOPENED,
                actor=request.actor,
                reason=request.note,
            )
        )

    async def follow_up(self, request: FollowUpRequest) -> FollowUpOpened:
        """Take up a return that has ended, for whatever came after its end.

        Raises:
            ReturnNotFound: If there is no such return.
            ActionNotAllowed: If it has not ended, another follow-up is open, or its time has passed.
            RoleNotPermitted: If the actor may not do it.
            InvalidAction: If it names a line that the return does not have.
            RequestIdReused: If the id was used for another request.
            ServiceUnavailable: If no worker answers.
        """
        try:
            async with asyncio.timeout(30):
                answer: FollowUpAnswer = await self._client.execute_workflow(
                    ids.FOLLOW_UP_WORKFLOW,
                    request,
                    id=ids.follow_up_workflow_id(request.of, request.request_id),
                    task_queue=self._task_queue,
                    id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                    id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                    result_type=FollowUpAnswer,
                )
        except TimeoutError as error:
            raise ServiceUnavailable(
                f"No worker answered for {request.of}. Send it again with the same request id."
            ) from error
        except RPCError as error:
            raise unavailable(error) from error
        if answer.request != request:
            raise RequestIdReused(
                f"This request id was used for another request to {request.of}. Use a new id for a new request.",
                "Idempotency-Key",
            )
        if answer.refusal:
            refused, field = _FOLLOW_UP_REFUSALS.get(answer.refusal.code, (ActionNotAllowed, "rma_id"))
            raise refused(answer.refusal.detail, field)
        if answer.follows is None:
            raise ReturnsError(f"{request.of} was neither taken up nor refused.")
        return FollowUpOpened(rma_id=answer.rma_id, follows=answer.follows)

    async def _followed_by(self, status: ReturnStatus) -> str:
        """The case that took up this one; its number is the next one."""
        root, number = (status.follows.root, status.follows.number) if status.follows else (status.rma_id, 1)
        following = follow_up_id(root, number + 1)
        return following if await self._exists(following) else ""
