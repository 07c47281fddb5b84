"""Chargebacks, as the payment provider reports them and a supervisor decides them."""

from temporalio import workflow

from domain.actions import Action
from workflows.contracts import ActionAnswer, ChargebackAcceptance, ChargebackNotice, HoldRelease
from workflows.handlers.base import CaseHandlers
from workflows.handlers.described import described
from workflows.stages.chargeback import ChargebackLane
from workflows.validation import chargeback as validation


class ChargebackHandlers(CaseHandlers):
    """Chargebacks, as the payment provider reports them and a supervisor decides them."""

    _chargebacks: ChargebackLane

    @workflow.update(
        name=Action.REPORT_CHARGEBACK,
        description=described(
            "The customer's bank took a payment back.", ChargebackNotice, Action.REPORT_CHARGEBACK
        ),
    )
    def report_chargeback(self, request: ChargebackNotice) -> ActionAnswer:
        """Take a chargeback."""
        self._chargebacks.on_report(request)
        return self._accepted(Action.REPORT_CHARGEBACK)

    @report_chargeback.validator
    def _validate_report_chargeback(self, request: ChargebackNotice) -> None:
        validation.report(self._case, request)

    @workflow.update(
        name=Action.RELEASE_HOLD,
        description=described("A chargeback was won or withdrawn.", HoldRelease, Action.RELEASE_HOLD),
    )
    def release_hold(self, request: HoldRelease) -> ActionAnswer:
        """Take the release."""
        self._chargebacks.on_release(request)
        return self._accepted(Action.RELEASE_HOLD)

    @release_hold.validator
    def _validate_release_hold(self, request: HoldRelease) -> None:
        validation.release(self._case, request)

    @workflow.update(
        name=Action.ACCEPT_CHARGEBACK,
        description=described(
            "A chargeback was lost: it counts as paid back.", ChargebackAcceptance, Action.ACCEPT_CHARGEBACK
        ),
    )
    def accept_chargeback(self, request: ChargebackAcceptance) -> ActionAnswer:
        """Take the acceptance."""
        self._chargebacks.on_acceptance(request)
        return self._accepted(Action.ACCEPT_CHARGEBACK)

    @accept_chargeback.validator
    def _validate_accept_chargeback(self, request: ChargebackAcceptance) -> None:
        validation.acceptance(self._case, request)
