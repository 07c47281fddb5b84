"""What people decide while money is on its way."""

from temporalio import workflow

from domain.actions import Action
from workflows.contracts import (
    PAYMENT_NEWS_SIGNAL,
    ActionAnswer,
    PaymentMethodChoice,
    RecoveryAppeal,
    RecoveryVerdict,
)
from workflows.handlers.base import CaseHandlers
from workflows.handlers.described import described
from workflows.stages.advance_refund import AdvanceRefund
from workflows.stages.payment import Payments
from workflows.validation import payment as validation
from workflows.validation.rules import allowed


class PaymentHandlers(CaseHandlers):
    """What people decide while money is on its way."""

    _payments: Payments
    _advance_refund: AdvanceRefund

    @workflow.signal(
        name=PAYMENT_NEWS_SIGNAL,
        description="The payment provider reported something of the intent under a key: it is asked what.",
    )
    def payment_news(self, key: str) -> None:
        """Take the hint; for what is not under way it does no harm."""
        self._payments.on_news(key)

    @workflow.update(
        name=Action.CHOOSE_PAYMENT_METHOD,
        description=described(
            "Another means of payment for one that was declined.",
            PaymentMethodChoice,
            Action.CHOOSE_PAYMENT_METHOD,
        ),
    )
    def choose_payment_method(self, request: PaymentMethodChoice) -> ActionAnswer:
        """Take another means of payment."""
        self._payments.on_choice(request)
        return self._accepted(Action.CHOOSE_PAYMENT_METHOD)

    @choose_payment_method.validator
    def _validate_choose_payment_method(self, request: PaymentMethodChoice) -> None:
        validation.payment_method(self._case, request)

    @workflow.update(
        name=Action.APPEAL_RECOVERY,
        description=described("Appeal against paying back an advance.", RecoveryAppeal, Action.APPEAL_RECOVERY),
    )
    def appeal_recovery(self, request: RecoveryAppeal) -> ActionAnswer:
        """Take an appeal."""
        self._advance_refund.on_appeal(request)
        return self._accepted(Action.APPEAL_RECOVERY)

    @appeal_recovery.validator
    def _validate_appeal_recovery(self, request: RecoveryAppeal) -> None:
        allowed(self._case, Action.APPEAL_RECOVERY, request)

    @workflow.update(
        name=Action.DECIDE_RECOVERY,
        description=described(
            "Waive the recovery of an advance, or uphold it.", RecoveryVerdict, Action.DECIDE_RECOVERY
        ),
    )
    def decide_recovery(self, request: RecoveryVerdict) -> ActionAnswer:
        """Take the supervisor's decision."""
        self._advance_refund.on_verdict(request)
        return self._accepted(Action.DECIDE_RECOVERY)

    @decide_recovery.validator
    def _validate_decide_recovery(self, request: RecoveryVerdict) -> None:
        allowed(self._case, Action.DECIDE_RECOVERY, request)
