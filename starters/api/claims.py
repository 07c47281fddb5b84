"""The routes of recovery claims: what is claimed back for a loss, and what its party says."""

import asyncio
from collections.abc import Awaitable, Callable

from fastapi import APIRouter

from domain.claims import ClaimParty, RecoveryClaim
from ledger.ledger import Ledger
from starters.api.bodies import JsonBody
from starters.api.documentation import json_body, problems
from starters.api.examples import CLAIM_ACTIONS
from starters.api.idempotency import OptionalIdempotencyKey
from starters.api.paths import RmaId
from starters.client import ReturnsClient
from starters.json_input import parse_json
from workflows.contracts.claims import CLAIM_REQUESTS, ClaimAction, ClaimActionAnswer, ClaimStatus
from workflows.validation.claims import PERMITTED_ROLES

_PATH = "/v1/returns/{rma_id}/claims/{party}"


def claims_router(returns: ReturnsClient, ledger: Ledger) -> APIRouter:
    """Make the routes."""
    router = APIRouter(tags=["Claims"])

    @router.get("/v1/claims", summary="List the recovery claims", responses=problems(422, 503))
    async def claims(open_only: bool = False) -> list[RecoveryClaim]:
        """List what is claimed back, the next one that is due first; of a long history only the open ones."""
        return await asyncio.to_thread(ledger.recovery_claims, open_only)

    @router.get(_PATH, summary="Where a recovery claim stands", responses=problems(404, 422, 502, 503))
    async def status(rma_id: RmaId, party: ClaimParty) -> ClaimStatus:
        """Answer what is claimed, on which evidence, and who has to act."""
        return await returns.claim_status(rma_id, party)

    for action, model in CLAIM_REQUESTS.items():
        router.add_api_route(
            f"{_PATH}/{action.value}",
            _endpoint(returns, action),
            methods=["POST"],
            name=f"claim_{action.value}",
            summary=f"{action.value.replace('_', ' ').capitalize()} of a recovery claim",
            description=f"{model.__doc__}\n\nPermitted roles: {', '.join(PERMITTED_ROLES[action])}.",
            responses=problems(400, 403, 404, 409, 413, 415, 422, 502, 503),
            openapi_extra=json_body(model, {"Example": CLAIM_ACTIONS[action]}),
        )
    return router


def _endpoint(returns: ReturnsClient, action: ClaimAction) -> Callable[..., Awaitable[ClaimActionAnswer]]:
    async def act(
        rma_id: RmaId, party: ClaimParty, body: JsonBody, key: OptionalIdempotencyKey = None
    ) -> ClaimActionAnswer:
        request = parse_json(CLAIM_REQUESTS[action], body)
        # The action is part of the update's id: the same key on another action is another request.
        return await returns.act_on_claim(rma_id, party, action, request, f"{action.value}:{key}" if key else None)

    return act
