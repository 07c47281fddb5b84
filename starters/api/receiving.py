"""The routes of the warehouse's door: parcels whose return is not known, and what is parked of them."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from domain.receiving import BlindReceipt, ParkedDisposal, ParkedMatch, ParkedParcel, ParkedState, Received
from domain.record import Identifier
from starters.api.bodies import JsonBody
from starters.api.documentation import json_body, problems
from starters.api.examples import PARKED_DISPOSAL, PARKED_MATCH, RECEIPTS
from starters.json_input import parse_json
from starters.receiving import Receiving

_PARKED = "/v1/parked-parcels"

ParkedId = Annotated[Identifier, Path(description="The id of what is parked.", examples=["DOCK-2-000871-1"])]


def receiving_router(desk: Receiving) -> APIRouter:
    """Make the routes."""
    router = APIRouter(tags=["Warehouse"])

    @router.post(
        "/v1/receipts",
        status_code=201,
        summary="Receive a parcel whose return is not known",
        responses=problems(400, 403, 413, 415, 422, 503),
        openapi_extra=json_body(BlindReceipt, RECEIPTS),
    )
    async def receive(body: JsonBody) -> Received:
        """Take a parcel by what can be seen of it: its tracking number, numbers written on it, its goods.

        It is kept before anything else is done with it. Goods go to the open returns that wait for them, divided
        where they belong to several; the rest is parked for a person. Sent again with the same `receipt_id`, it
        changes nothing.
        """
        return await desk.receive(parse_json(BlindReceipt, body))

    @router.get(_PARKED, summary="List what is parked", responses=problems(422, 503))
    async def parked(
        state: Annotated[ParkedState, Query(description="Parked, or what it came to.")] = ParkedState.PARKED,
    ) -> list[ParkedParcel]:
        """List goods that no return was found for, oldest first; at most 100."""
        return await desk.parked(state)

    @router.post(
        f"{_PARKED}/{{parked_id}}/match",
        summary="Give parked goods to a return",
        responses=problems(400, 403, 404, 409, 413, 415, 422, 503),
        openapi_extra=json_body(ParkedMatch, PARKED_MATCH),
    )
    async def match(parked_id: ParkedId, body: JsonBody) -> ParkedParcel:
        """Name the return that parked goods belong to; it receives them, with the time of their receipt.

        Goods of a return that has ended start a follow-up case.
        """
        return await desk.match(parked_id, parse_json(ParkedMatch, body))

    @router.post(
        f"{_PARKED}/{{parked_id}}/dispose",
        summary="Dispose of parked goods",
        responses=problems(400, 403, 404, 409, 413, 415, 422, 503),
        openapi_extra=json_body(ParkedDisposal, PARKED_DISPOSAL),
    )
    async def dispose(parked_id: ParkedId, body: JsonBody) -> ParkedParcel:
        """Write down where goods go that belong to no return."""
        return await desk.dispose(parked_id, parse_json(ParkedDisposal, body))

    return router
