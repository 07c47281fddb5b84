"""The routes of actions: what people decide and report, one route for each so that its body is documented."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import NoReturn

from fastapi import APIRouter

from domain.actions import PERMITTED_ROLES, Action
from ledger.ledger import Ledger
from starters.api.bodies import JsonBody
from starters.api.documentation import json_body, problems
from starters.api.examples import ACTIONS
from starters.api.idempotency import OptionalIdempotencyKey
from starters.api.paths import RmaId
from starters.api.problems import ProblemError
from starters.audit import act_audited
from starters.client import ReturnsClient
from starters.closed_chargebacks import CHARGEBACK_ACTIONS, act_on_closed
from starters.errors import ActionNotAllowed, ReturnNotFound
from starters.json_input import parse_json
from starters.kept_refusals import keep
from workflows.contracts import ACTION_REQUESTS, ActionAnswer

_PATH = "/v1/returns/{rma_id}/actions"


def actions_router(returns: ReturnsClient, ledger: Ledger) -> APIRouter:
    """Make the routes, and one for actions that there are not."""
    router = APIRouter(tags=["Actions"])
    for action, model in ACTION_REQUESTS.items():
        router.add_api_route(
            f"{_PATH}/{action.value}",
            _endpoint(returns, ledger, action),
            methods=["POST"],
            name=action.value,
            summary=action.value.replace("_", " ").capitalize(),
            description=f"{model.__doc__}\n\nPermitted roles: {', '.join(PERMITTED_ROLES[action])}.",
            responses=problems(400, 403, 404, 409, 413, 415, 422, 502, 503),
            openapi_extra=json_body(model, {"Example": ACTIONS[action]}),
        )

    @router.post(f"{_PATH}/{{action}}", include_in_schema=False, response_model=None)
    async def unknown(rma_id: str, action: str) -> NoReturn:
        raise ProblemError(
            404, "unknown_action", f"There is no such action. There are: {', '.join(Action)}.", field="action"
        )

    return router


def _endpoint(returns: ReturnsClient, ledger: Ledger, action: Action) -> Callable[..., Awaitable[ActionAnswer]]:
    async def act(rma_id: RmaId, body: JsonBody, key: OptionalIdempotencyKey = None) -> ActionAnswer:
        request = parse_json(ACTION_REQUESTS[action], body)
        # The action is part of the update's id: the same key on another action is another request.
        request_id = f"{action.value}:{key}" if key else None
        try:
            return await act_audited(returns, partial(keep, ledger), rma_id, action, request, request_id)
        except (ActionNotAllowed, ReturnNotFound):
            # A bank takes months: its chargeback finds a return that has ended, or that Temporal has forgotten.
            if action not in CHARGEBACK_ACTIONS:
                raise
            answer = await asyncio.to_thread(act_on_closed, ledger, rma_id, action, request)
            if answer is None:
                raise
            return answer

    return act
