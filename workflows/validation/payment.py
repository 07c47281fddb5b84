"""What money on its way refuses."""

from domain.actions import Action
from workflows.case import ReturnCase
from workflows.contracts import PaymentMethodChoice
from workflows.validation.rules import INVALID_ACTION, allowed, refuse


def payment_method(case: ReturnCase, request: PaymentMethodChoice) -> None:
    """Refuse a means of payment that is not the customer's."""
    allowed(case, Action.CHOOSE_PAYMENT_METHOD, request)
    if request.method_id not in case.known_payment_methods():
        refuse(INVALID_ACTION, "method_id", "It is not one of this customer's means of payment.")
