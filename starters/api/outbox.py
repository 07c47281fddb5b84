"""The routes of what is parked: messages and scans that were refused for good."""

import asyncio

from fastapi import APIRouter

from ledger.ledger import Ledger
from starters.api.bodies import JsonBody
from starters.api.documentation import json_body, problems
from starters.json_input import parse_json
from starters.outbox import ItemRetried, ParkedItem, RetryRequest, parked_items, retry_item

_EXAMPLE = {"id": "RMA-7Q2M4K9TZB3X5W8A/settle-1/0"}


def outbox_router(ledger: Ledger) -> APIRouter:
    """Make the routes."""
    router = APIRouter(tags=["Outbox"])

    @router.get("/v1/outbox/parked", summary="What waits for a person", responses=problems(503))
    async def parked() -> list[ParkedItem]:
        """List messages and scans that were refused for good, with the reason. They hold up nothing else."""
        return await asyncio.to_thread(parked_items, ledger)

    @router.post(
        "/v1/outbox/retry",
        summary="Deliver a parked item again",
        responses=problems(400, 404, 413, 415, 422, 503),
        openapi_extra=json_body(RetryRequest, {"A message": _EXAMPLE}),
    )
    async def retry(body: JsonBody) -> ItemRetried:
        """Deliver it again, under its old id, once what it failed at is mended."""
        return await asyncio.to_thread(retry_item, ledger, parse_json(RetryRequest, body).id)

    return router
