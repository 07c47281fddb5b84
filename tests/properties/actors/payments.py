"""Workers send what is authorised, and die over it; banks decline, and take back what they had paid."""

from collections.abc import Iterable
from contextlib import suppress

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from temporalio.exceptions import ApplicationError

from domain.bookkeeping import IntentOutcome
from domain.chargebacks import ChargebackState
from domain.intents import IntentState, PaymentDirection, PaymentIntent, ProviderStatus
from ledger.errors import AlreadySuperseded, CeilingExceeded, IntentNotDeclined, NothingToRecover
from tests.properties.actors.stage import NOW, Stage
from tests.properties.bank import WEATHER, Weather, WorkerKilled
from tests.unit.ledger_builders import a_replacement

SOON_OR_LATER = (None, *WEATHER)
"""When an intent is sent for the first time: later, or at once in some weather."""


class Payments(Stage):
    """Brings intents to their end, by several workers."""

    @precondition(lambda self: self.intents)
    @rule(data=st.data(), weather=st.sampled_from(WEATHER), again=st.sampled_from([False, False, True]))
    def attempt(self, data: st.DataObject, weather: Weather, again: bool) -> None:
        """A worker runs the activity of an intent: the first time, again, or long after its end."""
        known = list(self.intents.values())
        intent = data.draw(st.sampled_from(known if again else self.unfinished() or known))
        self.bank.weather = weather
        self.try_once(intent)

    @precondition(lambda self: self.bank.pending())
    @rule(data=st.data(), status=st.sampled_from([ProviderStatus.SUCCEEDED, ProviderStatus.FAILED]))
    def provider_finishes(self, data: st.DataObject, status: ProviderStatus) -> None:
        data.draw(st.sampled_from(self.bank.pending())).status = status

    @precondition(lambda self: self.paid_refunds())
    @rule(data=st.data())
    def money_comes_back(self, data: st.DataObject) -> None:
        """The provider reports that a refund that it had paid has failed after all."""
        key = data.draw(st.sampled_from(self.paid_refunds()))
        for entry in self.bank.book:
            if entry.intent.key == key and entry.status is ProviderStatus.SUCCEEDED:
                entry.status = ProviderStatus.FAILED
        self.final.pop(key)
        outcome = IntentOutcome(
            rma_id=self.intents[key].rma_id,
            op=f"returned-{key}",
            at=NOW,
            key=key,
            state=IntentState.DECLINED,
            failure="returned",
        )
        self.keep(self.ledger.intent_outcome(outcome))

    @precondition(lambda self: self.replaceable(declined=True))
    @rule(data=st.data(), declined=st.sampled_from([True, True, False]))
    def another_tender(self, data: st.DataObject, declined: bool) -> None:
        """Another means of payment for what was declined; for anything else that is refused."""
        intent = data.draw(st.sampled_from(self.replaceable(declined)))
        case = self.case_of(intent.rma_id)
        replacement = a_replacement(intent, op=case.op("tender"), round=next(case.rounds))
        before = self.balance()
        try:
            replaced = self.ledger.replace_tender(replacement)
        except (IntentNotDeclined, AlreadySuperseded, CeilingExceeded, NothingToRecover):
            self.assert_unchanged(before)
            return
        if replaced.direction is PaymentDirection.REFUND:
            self.set_against_minor += replaced.covered_minor
        self.keep(replaced)

    def send(self, intents: Iterable[PaymentIntent], weather: Weather | None) -> None:
        """Run the activities of new intents at once; without a weather somebody does it later."""
        if weather:
            self.bank.weather = weather
            for intent in intents:
                self.try_once(intent)

    def try_once(self, intent: PaymentIntent) -> None:
        """Run the activity of an intent. While the order is frozen, no refund reaches the bank's book."""
        is_frozen = intent.direction is PaymentDirection.REFUND and self.is_frozen()
        before = len(self.bank.book)
        act = self.holds.place_hold if intent.direction is PaymentDirection.HOLD else self.payments.move_money
        # What a worker does not learn, the ledger still has to know.
        with suppress(ApplicationError, WorkerKilled):
            self.run(act(self.call(intent)))
        self.keep(self.ledger.payment_intent(intent.key))
        assert not is_frozen or len(self.bank.book) == before, "a refund was sent although the order is frozen"

    def unfinished(self) -> list[PaymentIntent]:
        """The intents that have no end yet."""
        return [intent for intent in self.intents.values() if not intent.state.is_final]

    def paid_refunds(self) -> list[str]:
        """The keys of the refunds that were paid."""
        return [
            key
            for key, intent in self.intents.items()
            if intent.direction is PaymentDirection.REFUND and intent.state.is_paid
        ]

    def replaceable(self, declined: bool) -> list[PaymentIntent]:
        """What was declined, or anything; what is held is never asked of another means of payment."""
        return [
            intent
            for intent in self.intents.values()
            if intent.direction in (PaymentDirection.REFUND, PaymentDirection.CHARGE)
            and (intent.state is IntentState.DECLINED or not declined)
        ]

    def is_frozen(self) -> bool:
        """Whether a chargeback of the order is open."""
        return any(each.state is ChargebackState.OPEN for each in self.chargebacks.values())
