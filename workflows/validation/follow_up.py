"""What a return that was reopened refuses."""

from domain.actions import Action
from workflows.case import ReturnCase
from workflows.contracts import ReopeningOrder, ReopeningVerdict
from workflows.validation.rules import INVALID_ACTION, allowed, refuse


def reopening_verdict(case: ReturnCase, request: ReopeningVerdict) -> None:
    """Refuse amounts where nothing is paid, a payment of nothing, and another look where nothing is left."""
    allowed(case, Action.DECIDE_REOPENING, request)
    _amounts_fit_the_order(request)
    if request.order is ReopeningOrder.INSPECT_AGAIN and not any(case.line_quantities().values()):
        refuse(
            INVALID_ACTION,
            "order",
            "No unit is left to inspect: each was paid for, or is in another return.",
        )


def _amounts_fit_the_order(request: ReopeningVerdict) -> None:
    pays = request.order is ReopeningOrder.PAY
    if pays and not (request.amount_minor or request.coupon_minor):
        refuse(
            INVALID_ACTION, "amount_minor", "Name what is paid: amount_minor as money, coupon_minor as a coupon."
        )
    for field, amount in (("amount_minor", request.amount_minor), ("coupon_minor", request.coupon_minor)):
        if amount and not pays:
            refuse(INVALID_ACTION, field, f"{request.order.value} pays nothing: leave it out, or order pay.")
