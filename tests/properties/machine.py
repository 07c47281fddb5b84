"""Returns of one order, lived in any sequence by several actors, held against the books of the providers.

The ledger, the activities of payments, holds and coupons, and the adapters are the real ones. Played is the rest:
customers, a warehouse, couriers, supervisors, banks that fail in every way that they can, and workers that die
between a provider's answer and our own books.
"""

from temporalio.exceptions import ApplicationError

from domain.chargebacks import ChargebackState
from domain.intents import PaymentDirection, ProviderStatus
from tests.properties.actors.couriers import Dispatch
from tests.properties.actors.disputes import Disputes
from tests.properties.actors.invariants import Invariants
from tests.properties.actors.journeys import Journeys
from tests.properties.actors.money import Money
from tests.properties.bank import Weather
from tests.properties.case import Case


class ReturnsOfAnOrder(Dispatch, Disputes, Money, Journeys, Invariants):
    """Any life of any number of returns of one order."""

    def teardown(self) -> None:
        """At rest nothing is lost: every intent is brought to its end, every late inspection has its coupon."""
        if not getattr(self, "cases", None):
            return
        self.money_comes_to_rest()
        for case in self.cases:
            if case.inspected_late:
                self.late_inspection_is_made_good(case)
        self.i1_refunds_never_exceed_what_was_paid()
        self.i1_a_chargeback_stands_for_refunds_only_once()
        self.i2_one_movement_at_the_provider_per_intent()
        self.i6_final_states_stay()
        self.what_was_advanced_is_not_refunded_again()
        self.a_hold_is_captured_once_and_for_what_never_came()
        assert all(intent.state.is_final for intent in self.intents.values())
        balance = self.ledger.order_balance(self.order.order_id)
        assert balance.reserved_minor == 0
        assert balance.refunded_minor == self.bank.moved(PaymentDirection.REFUND)
        assert balance.captured_minor == self.taken_minor()

    def money_comes_to_rest(self) -> None:
        """The bank finishes what is pending and answers again, and the supervisor accepts what is disputed."""
        for entry in self.bank.pending():
            entry.status = ProviderStatus.SUCCEEDED
        self.send(self.unfinished(), Weather.FINE)
        for chargeback in list(self.chargebacks.values()):
            if chargeback.state is ChargebackState.OPEN:
                self.decide(chargeback, self.decision(self.cases[0], chargeback, ChargebackState.LOST))
        self.send(self.unfinished(), Weather.FINE)

    def late_inspection_is_made_good(self, case: Case) -> None:
        """The workflow repeats the coupon's activity until it is issued: exactly one (I10)."""
        for _ in range(10):
            try:
                self.run(self.coupons.issue(self.coupon_for(case)))
                break
            except ApplicationError:
                continue
        assert len(self.coupons_of(case)) == 1
