"""The route of the events: what changed, for those who ask instead of being told."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query

from ledger.ledger import Ledger
from starters.api.documentation import problems
from starters.events import EventPage, page_after

_MOST = 500


def events_router(ledger: Ledger) -> APIRouter:
    """Make the route."""
    router = APIRouter(tags=["Events"])

    @router.get("/v1/events", summary="What changed", responses=problems(410, 422, 503))
    async def events(
        after: Annotated[
            str,
            Query(max_length=64, description="The `next` of the page before; by default the start."),
        ] = "",
        limit: Annotated[int, Query(ge=1, le=_MOST, description="How many events at most.")] = 100,
    ) -> EventPage:
        """List every change of the status of any return after a cursor, oldest first, with the whole return.

        The events of a return are in its order. Keep `next` together with what you did with the page and ask again
        with it, at once if the page was full and else after a while: no event is ever left out. An `id` that you
        have seen is a repeat. They are kept for some weeks; a cursor behind them is answered with 410.
        """
        return await asyncio.to_thread(page_after, ledger, after, limit)

    return router
