"""The payment provider: refunds, charges and holds."""

from typing import Annotated

from fastapi import APIRouter, Header, Query, Response
from fastapi.routing import APIRoute

from domain.record import Record, UtcDatetime
from sandbox.faults import Target
from sandbox.movements import Charge, Refund
from sandbox.payment_changes import ChangesPage, PaymentChanges
from sandbox.payment_desk import ChargeBody, PaymentDesk, RefundBody
from sandbox.payment_holds import CaptureBody, HoldReferenceBody, PaymentHold, PaymentHoldBody, PaymentHolds

IdempotencyKey = Annotated[str, Header(alias="Idempotency-Key", max_length=255)]
Reference = Annotated[str, Query(min_length=1)]


class RefundsAnswer(Record):
    """The refunds of a reference, oldest first; empty if there are none."""

    refunds: tuple[Refund, ...]


class ChargesAnswer(Record):
    """The charges of a reference, oldest first; empty if there are none."""

    charges: tuple[Charge, ...]


class HoldsAnswer(Record):
    """The hold of a reference; empty if there is none."""

    holds: tuple[PaymentHold, ...]


class HoldReleaseAnswer(Record):
    """Whether there was an open hold to give back."""

    reference: str
    released: bool


def payment_holds_router(holds: PaymentHolds, route_class: type[APIRoute]) -> APIRouter:
    """Make the routes of holds. The caller's reference makes each request repeatable."""
    router = APIRouter(prefix="/payments/holds", tags=["payments"], route_class=route_class)

    @router.post("", name=Target.PAYMENT_HOLD)
    async def hold(body: PaymentHoldBody) -> PaymentHold:
        """Set money aside. 404 ``unknown_order``, ``unknown_method``; 409 ``wrong_currency``,
        ``reference_conflict``."""
        return holds.hold(body)

    @router.get("", name=Target.FIND_PAYMENT_HOLD)
    async def find_hold(reference: Reference) -> HoldsAnswer:
        """Look up a hold by the caller's reference."""
        return HoldsAnswer(holds=tuple(holds.find(reference)))

    @router.post("/renew", name=Target.RENEW_PAYMENT_HOLD)
    async def renew(body: HoldReferenceBody) -> PaymentHold:
        """Let a hold live on. 404 ``unknown_hold``; 409 ``hold_not_open``, ``renewal_declined``."""
        return holds.renew(body)

    @router.post("/release", name=Target.RELEASE_PAYMENT_HOLD)
    async def release(body: HoldReferenceBody) -> HoldReleaseAnswer:
        """Give a hold back; one that is not open or was never made is left alone."""
        return HoldReleaseAnswer(reference=body.reference, released=holds.release(body))

    @router.post("/capture", name=Target.CAPTURE_PAYMENT_HOLD)
    async def capture(body: CaptureBody) -> Charge:
        """Take money out of a hold, once. 404 ``unknown_hold``; 409 ``hold_not_open``, ``over_capture``,
        ``wrong_currency``, ``reference_conflict``."""
        return holds.capture(body)

    return router


def payments_router(desk: PaymentDesk, changes: PaymentChanges, route_class: type[APIRoute]) -> APIRouter:
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

    @router.get("/changes", name=Target.LIST_PAYMENTS)
    async def list_changes(
        since: UtcDatetime,
        until: UtcDatetime,
        after: Annotated[str, Query(pattern=r"^\d{0,18}$")] = "",
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
    ) -> ChangesPage:
        """List refunds, charges and holds that were made, or came to another end, from `since` to before `until`.

        Sent again with the `next` of a page as `after`, it answers the next page.
        """
        return changes.page(since, until, int(after or 0), limit)

    return router
