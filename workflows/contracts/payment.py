"""What people send while money moves."""

from domain.record import Identifier
from workflows.contracts.base import ActionRequest


class PaymentMethodChoice(ActionRequest):
    """Another means of payment in the place of one that was declined."""

    method_id: Identifier
