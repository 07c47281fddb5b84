"""What people decide while money is on its way."""

from temporalio import workflow

from domain.actions import Action
from workflows.contracts import ActionAnswer, PaymentMethodChoice
from workflows.handlers.base import CaseHandlers
from workflows.stages.payment import Payments
from workflows.validation import payment as validation


class PaymentHandlers(CaseHandlers):
    """What people decide while money is on its way."""

    _payments: Payments

    @workflow.update(
        name=Action.CHOOSE_PAYMENT_METHOD, description="Another means of payment for one that was declined."
    )
    def choose_payment_method(self, request: PaymentMethodChoice) -> ActionAnswer:
        """Take another means of payment."""
        self._payments.on_choice(request)
        return self._accepted(Action.CHOOSE_PAYMENT_METHOD)

    @choose_payment_method.validator
    def _validate_choose_payment_method(self, request: PaymentMethodChoice) -> None:
        validation.payment_method(self._case, request)
