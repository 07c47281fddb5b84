"""What a chargeback refuses."""

from domain.actions import Action
from domain.chargebacks import ChargebackState
from domain.intents import PaymentDirection
from workflows.case import ReturnCase
from workflows.contracts import ChargebackAcceptance, ChargebackNotice, HoldRelease
from workflows.validation.rules import ACTION_NOT_ALLOWED, INVALID_ACTION, allowed, refuse


def report(case: ReturnCase, request: ChargebackNotice) -> None:
    """Refuse a payment that the order does not have, more than it captured, and a repeat with other facts."""
    allowed(case, Action.REPORT_CHARGEBACK, request)
    known = case.chargebacks.get(request.chargeback_id)
    if known and (known.payment_id, known.amount_minor) != (request.payment_id, request.amount_minor):
        refuse(
            INVALID_ACTION,
            "chargeback_id",
            f"{known.chargeback_id} was reported with {known.amount_minor} of {known.payment_id}.",
        )
    captured = _captured(case)
    if request.payment_id not in captured:
        refuse(INVALID_ACTION, "payment_id", f"The order has no such payment. There are: {', '.join(captured)}.")
    if request.amount_minor > captured[request.payment_id]:
        refuse(
            INVALID_ACTION, "amount_minor", f"{request.payment_id} captured {captured[request.payment_id]} only."
        )


def release(case: ReturnCase, request: HoldRelease) -> None:
    """Refuse to release what no open chargeback holds."""
    allowed(case, Action.RELEASE_HOLD, request)
    _is_open(case, request.chargeback_id)


def acceptance(case: ReturnCase, request: ChargebackAcceptance) -> None:
    """Refuse to count a chargeback while it is not known whether a refund was paid beside it."""
    allowed(case, Action.ACCEPT_CHARGEBACK, request)
    _is_open(case, request.chargeback_id)
    if case.in_flight:
        refuse(
            ACTION_NOT_ALLOWED,
            "action",
            f"{case.in_flight[0]} has no outcome yet; accept the chargeback once it has.",
        )


def _is_open(case: ReturnCase, chargeback_id: str) -> None:
    chargeback = case.chargebacks.get(chargeback_id)
    if chargeback is None or chargeback.state is not ChargebackState.OPEN:
        open_ones = [entry.chargeback_id for entry in case.open_chargebacks()]
        refuse(INVALID_ACTION, "chargeback_id", f"It is not open. Open: {', '.join(open_ones) or 'none'}.")


def _captured(case: ReturnCase) -> dict[str, int]:
    paid = {payment.payment_id: payment.captured_minor for payment in case.order.payments} if case.order else {}
    charged = {
        intent.key: intent.amount_minor
        for intent in case.payments.values()
        if intent.direction in (PaymentDirection.CHARGE, PaymentDirection.CAPTURE) and intent.state.is_paid
    }
    return paid | charged
