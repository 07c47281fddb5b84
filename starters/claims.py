"""Recovery claims: where one stands, and what people say to it."""

import asyncio
from typing import Any

from temporalio.client import (
    RPCError,
    WorkflowHandle,
    WorkflowQueryFailedError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)

from domain.claims import ClaimParty
from starters.errors import ActionNotAllowed, ServiceUnavailable
from starters.temporal_calls import TemporalCalls, answer_to
from starters.translation import claim_not_found_or_unavailable, ended_before_the_answer, refusal
from workflows import ids
from workflows.contracts import CLAIM_STATUS_QUERY, ActionRequest
from workflows.contracts.claims import ClaimAction, ClaimActionAnswer, ClaimStatus


class ClaimCalls(TemporalCalls):
    """Following the claims that returns gave rise to."""

    async def claim_status(self, rma_id: str, party: ClaimParty) -> ClaimStatus:
        """Read where a claim stands.

        Raises:
            ReturnNotFound: If the return gave rise to no such claim.
            ServiceUnavailable: If no worker answers.
        """
        try:
            status = await answer_to(self._claim(rma_id, party), CLAIM_STATUS_QUERY, ClaimStatus)
        except WorkflowQueryFailedError as error:
            raise ServiceUnavailable(f"The claim of {rma_id} cannot be read: {error}") from error
        except RPCError as error:
            raise claim_not_found_or_unavailable(error, rma_id, party.value) from error
        return status

    async def act_on_claim(
        self,
        rma_id: str,
        party: ClaimParty,
        action: ClaimAction,
        request: ActionRequest,
        request_id: str | None = None,
    ) -> ClaimActionAnswer:
        """Send evidence, the party's answer, or that the claim is given up.

        Raises:
            ReturnNotFound: If the return gave rise to no such claim.
            ActionNotAllowed: If the claim does not allow it now, or has ended.
            RoleNotPermitted: If the actor may not do it.
            InvalidAction: If the amount does not fit the answer.
            ServiceUnavailable: If no worker answers.
        """
        ended = ActionNotAllowed(f"{action.value} is not allowed: the claim of {rma_id} has ended.", "action")
        try:
            async with asyncio.timeout(30):
                answer: ClaimActionAnswer = await self._claim(rma_id, party).execute_update(
                    action.value, request, id=request_id, result_type=ClaimActionAnswer
                )
        except WorkflowUpdateFailedError as error:
            if ended_before_the_answer(error):
                raise ended from error
            raise refusal(error) from error
        except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError) as error:
            raise ServiceUnavailable(
                f"No worker answered for the claim of {rma_id}. Send it again with the same request id."
            ) from error
        except RPCError as error:
            if await self._is_there(rma_id, party):
                raise ended from error
            raise claim_not_found_or_unavailable(error, rma_id, party.value) from error
        return answer

    def _claim(self, rma_id: str, party: ClaimParty) -> WorkflowHandle[Any, Any]:
        return self._client.get_workflow_handle(ids.claim_workflow_id(rma_id, party.value))

    async def _is_there(self, rma_id: str, party: ClaimParty) -> bool:
        try:
            await self._claim(rma_id, party).describe()
        except RPCError:
            return False
        return True
