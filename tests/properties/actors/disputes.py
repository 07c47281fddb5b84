"""The customer's bank takes payments back, and a supervisor says how that ended."""

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from domain.bookkeeping import ChargebackDecision, ChargebackReport
from domain.chargebacks import Chargeback, ChargebackState
from domain.intents import IntentState, PaymentDirection
from ledger.errors import RefundInFlight
from tests.properties.actors.stage import NOW, Stage
from tests.properties.case import Case

_MOST = 3
"""How many chargebacks an order gets: more would leave it frozen all the time."""


class Disputes(Stage):
    """Reports chargebacks, releases and accepts them."""

    @precondition(lambda self: self.cases and len(self.chargebacks) < _MOST and self.not_charged_back())
    @rule(data=st.data(), is_same=st.booleans())
    def report_chargeback(self, data: st.DataObject, is_same: bool) -> None:
        """The notice comes twice, perhaps by another return: it is one chargeback and moves no money."""
        left = self.not_charged_back()
        payment_id = data.draw(st.sampled_from(sorted(left)))
        chargeback = Chargeback(
            chargeback_id=f"CB{len(self.chargebacks) + 1}",
            payment_id=payment_id,
            amount_minor=data.draw(st.just(left[payment_id]) | st.integers(1, left[payment_id])),
        )
        before = self.balance()
        notice = self.notice(data.draw(st.sampled_from(self.cases)), chargeback)
        again = notice if is_same else self.notice(data.draw(st.sampled_from(self.cases)), chargeback)
        for each in (notice, again):
            assert self.ledger.report_chargeback(each) == chargeback
        self.chargebacks[chargeback.chargeback_id] = chargeback
        self.assert_unchanged(before)

    @precondition(lambda self: self.chargebacks)
    @rule(data=st.data(), state=st.sampled_from([ChargebackState.WON, ChargebackState.LOST]))
    def decide_chargeback(self, data: st.DataObject, state: ChargebackState) -> None:
        """Release or accept one. The first decision stands: whatever is said after it changes nothing."""
        known = list(self.chargebacks.values())
        still_open = [each for each in known if each.state is ChargebackState.OPEN]
        chargeback = data.draw(st.sampled_from(still_open or known))
        before = self.balance()
        decision = self.decision(data.draw(st.sampled_from(self.cases)), chargeback, state)
        if chargeback.state is not ChargebackState.OPEN:
            assert self.ledger.decide_chargeback(decision).chargeback == chargeback
            self.assert_unchanged(before)
            return
        if state is ChargebackState.LOST and self.is_being_refunded(chargeback.payment_id):
            with pytest.raises(RefundInFlight):
                self.ledger.decide_chargeback(decision)
            self.assert_unchanged(before)
            return
        self.decide(chargeback, decision)
        if state is ChargebackState.WON:
            self.assert_unchanged(before)

    def decide(self, chargeback: Chargeback, decision: ChargebackDecision) -> None:
        """Write a decision down: what a bank took counts as paid back, once."""
        was_open = chargeback.state is ChargebackState.OPEN
        outcome = self.ask(lambda: self.ledger.decide_chargeback(decision))
        self.chargebacks[chargeback.chargeback_id] = outcome.chargeback
        for intent in outcome.covered:
            self.set_against_minor += intent.covered_minor - self.intents[intent.key].covered_minor
        self.keep(*outcome.covered)
        if was_open and decision.state is ChargebackState.LOST:
            self.beyond_minor[chargeback.payment_id] = max(self.overpaid_minor(chargeback.payment_id), 0)

    def not_charged_back(self) -> dict[str, int]:
        """What a bank may still take back of each payment, in minor units."""
        left = {payment.payment_id: payment.captured_minor for payment in self.balance().payments}
        for chargeback in self.chargebacks.values():
            if chargeback.state is not ChargebackState.WON:
                left[chargeback.payment_id] -= chargeback.amount_minor
        return {payment_id: minor for payment_id, minor in left.items() if minor > 0}

    def is_being_refunded(self, payment_id: str) -> bool:
        """Whether a refund of a payment was sent, as far as the ledger knows, and has no end yet."""
        return any(
            intent.payment_id == payment_id
            and intent.direction is PaymentDirection.REFUND
            and intent.state in (IntentState.SUBMITTED, IntentState.UNKNOWN)
            for intent in self.intents.values()
        )

    def notice(self, case: Case, chargeback: Chargeback) -> ChargebackReport:
        """The report of a chargeback, as one of the order's returns passes it on."""
        return ChargebackReport(
            rma_id=case.rma_id,
            op=case.op("chargeback"),
            at=NOW,
            chargeback_id=chargeback.chargeback_id,
            payment_id=chargeback.payment_id,
            amount_minor=chargeback.amount_minor,
        )

    def decision(self, case: Case, chargeback: Chargeback, state: ChargebackState) -> ChargebackDecision:
        """The word of a supervisor on a chargeback."""
        return ChargebackDecision(
            rma_id=case.rma_id, op=case.op("decided"), at=NOW, chargeback_id=chargeback.chargeback_id, state=state
        )
