"""The stock: holds."""

from fastapi import APIRouter
from fastapi.routing import APIRoute

from domain.record import Record
from sandbox.faults import Target
from sandbox.stock import HoldBody, HoldOutcome, ReleaseBody, Stock


class ReleaseAnswer(Record):
    """Whether there was a hold to give back."""

    reference: str
    released: bool


def inventory_router(stock: Stock, route_class: type[APIRoute]) -> APIRouter:
    """Make the routes of the stock."""
    router = APIRouter(prefix="/inventory/holds", tags=["inventory"], route_class=route_class)

    @router.post("", name=Target.HOLD)
    async def hold(body: HoldBody) -> HoldOutcome:
        """Hold one unit of each item, all or none. 409 ``reference_conflict``."""
        return stock.hold(body)

    @router.post("/release", name=Target.RELEASE)
    async def release(body: ReleaseBody) -> ReleaseAnswer:
        """Give a hold back; one that was used or never made is left alone."""
        return ReleaseAnswer(reference=body.reference, released=stock.release(body))

    return router
