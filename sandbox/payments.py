"""The payment provider: refunds and charges."""

from typing import Annotated

from fastapi import APIRouter, Header, Query, Response
from fastapi.routing import APIRoute

from domain.record import Record
from sandbox.faults import Target
from sandbox.movements import Charge, Refund
from sandbox.payment_desk import ChargeBody, PaymentDesk, RefundBody

IdempotencyKey = Annotated[str, Header(alias="Idempotency-Key", max_length=255)]
Reference = Annotated[str, Query(min_length=1)]


class RefundsAnswer(Record):
    """The refunds of a reference, oldest first; empty if there are none."""

    refunds: tuple[Refund, ...]


class ChargesAnswer(Record):
    """The charges of a reference, oldest first; empty if there are none."""

    charges: tuple[Charge, ...]


def payments_router(desk: PaymentDesk, route_class: type[APIRoute]) -> APIRouter:
    """Make the routes of the payment provider.

    A request with an ``Idempotency-Key`` that was used before gets the first answer, marked by the header
    ``Idempotent-Replayed: true``. Without a key each request moves money.
    """
    router = APIRouter(prefix="/payments", tags=["payments"], route_class=route_class)

    @router.post("/refunds", name=Target.REFUND)
    async def refund(body: RefundBody, response: Response, idempotency_key: IdempotencyKey = "") -> Refund:
        """Refund a payment.

        404 ``unknown_payment``, ``unknown_method``; 409 ``over_refund``, ``wrong_currency``,
        ``idempotency_key_reused``.
        """
        made, is_replay = desk.refund(body, idempotency_key)
        if is_replay:
            response.headers["Idempotent-Replayed"] = "true"
        return made

    @router.get("/refunds", name=Target.FIND_REFUND)
    async def find_refunds(reference: Reference) -> RefundsAnswer:
        """Look up refunds by the caller's reference."""
        return RefundsAnswer(refunds=tuple(desk.look_up_refunds(reference)))

    @router.post("/charges", name=Target.CHARGE)
    async def charge(body: ChargeBody, response: Response, idempotency_key: IdempotencyKey = "") -> Charge:
        """Charge a means of payment.

        404 ``unknown_method``, ``unknown_order``; 409 ``wrong_currency``, ``idempotency_key_reused``.
        """
        made, is_replay = desk.charge(body, idempotency_key)
        if is_replay:
            response.headers["Idempotent-Replayed"] = "true"
        return made

    @router.get("/charges", name=Target.FIND_CHARGE)
    async def find_charges(reference: Reference) -> ChargesAnswer:
        """Look up charges by the caller's reference."""
        return ChargesAnswer(charges=tuple(desk.look_up_charges(reference)))

    return router
