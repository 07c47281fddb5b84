"""The routes of returns: apply, follow, list."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from domain.application import ReturnApplication
from domain.explanation import Explanation
from domain.record import Identifier, Record
from domain.worksheet_words import in_words
from starters.api.bodies import JsonBody
from starters.api.documentation import json_body, problems
from starters.api.examples import APPLICATIONS, REOPENING
from starters.api.idempotency import IdempotencyKey, OptionalIdempotencyKey
from starters.api.paths import RmaId
from starters.api.refusals import refusal_problem
from starters.client import ReturnsClient, ReturnSummary
from starters.errors import DecisionPending
from starters.json_input import parse_json
from workflows.contracts import Decision, FollowUpOpened, ReopenRequest, ReturnStatus

_POLL_AFTER_SECONDS = "2"


class AcceptedReturn(Record):
    """A return that goes on by itself from here.

    Attributes:
        status_url: Where to follow it.
        decision: The first decision; null while it is not there yet.
    """

    rma_id: str
    status_url: str
    decision: Decision | None = None


def returns_router(returns: ReturnsClient) -> APIRouter:
    """Make the routes."""
    router = APIRouter(tags=["Returns"])

    @router.post(
        "/v1/returns",
        status_code=201,
        summary="Apply for a return",
        responses={
            202: {"model": AcceptedReturn, "description": "Accepted; the decision comes later: poll `Location`."},
            **problems(400, 404, 409, 413, 415, 422, 502, 503),
        },
        openapi_extra=json_body(ReturnApplication, APPLICATIONS),
    )
    async def apply(body: JsonBody, key: IdempotencyKey, response: Response) -> AcceptedReturn:
        """Start a return and get its first decision in the same call.

        The order and the `Idempotency-Key` are the identity of the request: sent again with the same body, it
        answers 201 with the same return and its decision, and starts nothing. With another body it is refused
        with 422 `idempotency_key_reused`.

        A request that is wrong in fact is a problem whose `code` says why and whose `rma_id` it is kept under:
        404 `order_not_found`, 409 what the state of the order or the stock forbids, 422 everything else. It
        holds nothing and may be sent again, corrected, with a new key.
        """
        application = parse_json(ReturnApplication, body)
        try:
            decision = await returns.apply(application, key)
        except DecisionPending as pending:
            response.status_code = 202
            response.headers["Retry-After"] = _POLL_AFTER_SECONDS
            accepted = AcceptedReturn(rma_id=pending.rma_id, status_url=_status_url(pending.rma_id))
        else:
            if decision.refusal:
                raise refusal_problem(decision.refusal, decision.rma_id)
            accepted = AcceptedReturn(
                rma_id=decision.rma_id, status_url=_status_url(decision.rma_id), decision=decision
            )
        response.headers["Location"] = accepted.status_url
        return accepted

    @router.get("/v1/returns", summary="List the returns of an order", responses=problems(422, 502, 503))
    async def of_order(
        order_id: Annotated[Identifier, Query(description="The order.", examples=["CN-1001"])],
    ) -> list[ReturnSummary]:
        """List an order's returns, the newest first. A return that was just started may lack for a second."""
        return await returns.of_order(order_id)

    @router.get("/v1/returns/{rma_id}", summary="Where a return stands", responses=problems(404, 422, 502, 503))
    async def status(rma_id: RmaId) -> ReturnStatus:
        """Answer everything there is to know: `is_final`, `money_settled`, what may be done, what is due."""
        return await returns.status(rma_id)

    @router.get(
        "/v1/returns/{rma_id}/worksheet",
        summary="Every amount of a return, and the rule behind it",
        responses=problems(404, 422, 502, 503),
    )
    async def worksheet(rma_id: RmaId) -> Explanation:
        """Answer the quote of the review and each authorised refund, row by row in words.

        The rows with `counts` come to `total_minor`, which is what the intents draw; `adds_up` says so.
        """
        return in_words(await returns.explain(rma_id))

    @router.post(
        "/v1/returns/{rma_id}/reopen",
        status_code=201,
        summary="Take up a return that has ended",
        responses=problems(400, 403, 404, 409, 413, 415, 422, 502, 503),
        openapi_extra=json_body(ReopenRequest, {"The customer is not content": REOPENING}),
    )
    async def reopen(
        rma_id: RmaId, body: JsonBody, response: Response, key: OptionalIdempotencyKey = None
    ) -> FollowUpOpened:
        """Open a follow-up case with a number of its own, which a supervisor looks at within 24 hours.

        A settled return is reopened once, within the days that the policy allows; what was paid for stays paid.
        """
        opened = await returns.reopen(rma_id, parse_json(ReopenRequest, body), key)
        response.headers["Location"] = _status_url(opened.rma_id)
        return opened

    return router


def _status_url(rma_id: str) -> str:
    return f"/v1/returns/{rma_id}"
