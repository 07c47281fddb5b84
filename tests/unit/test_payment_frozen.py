"""A refund that was sent without an answer, and whose order a chargeback freezes before anyone asks for it."""

import pytest
from temporalio.exceptions import ApplicationError

from activities.errors import PAYMENT_FROZEN
from activities.payment import PaymentActivities
from domain.bookkeeping import ChargebackDecision, ChargebackReport, IntentCall
from domain.chargebacks import ChargebackState
from domain.intents import IntentState, PaymentIntent
from ledger.ledger import Ledger
from tests.properties.bank import Bank, Weather, WorkerKilled
from tests.unit.ledger_builders import NOW, an_order, open_and_authorize

pytest_plugins = ["tests.unit.ledger_fixtures"]

CHARGEBACK = {"rma_id": "R1", "at": NOW, "chargeback_id": "CB1"}


class World:
    """A refund of 333 that was sent in some weather, and the chargeback of 100 that was reported since."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.bank = Bank()
        self.payments = PaymentActivities(self.bank, ledger)
        (self.intent,) = open_and_authorize(ledger, "R1", an_order(), {"L1": 1}).intents

    async def attempt(self, weather: Weather = Weather.FINE) -> PaymentIntent:
        self.bank.weather = weather
        return await self.payments.move_money(IntentCall(key=self.intent.key, rma_id="R1", at=NOW))

    async def send_and_freeze(self, weather: Weather) -> None:
        with pytest.raises((ApplicationError, WorkerKilled)):
            await self.attempt(weather)
        report = {**CHARGEBACK, "op": "cb", "payment_id": "P1", "amount_minor": 100}
        self.ledger.report_chargeback(ChargebackReport.model_validate(report))

    def decide(self, state: ChargebackState) -> None:
        self.ledger.decide_chargeback(ChargebackDecision.model_validate({**CHARGEBACK, "op": "x", "state": state}))

    def paid_minor(self) -> int:
        return sum(entry.intent.amount_minor for entry in self.bank.book)

    def state(self) -> IntentState:
        return self.ledger.payment_intent(self.intent.key).state


@pytest.fixture
def world(ledger: Ledger) -> World:
    return World(ledger)


async def test_what_the_provider_never_saw_waits_for_the_chargeback(world: World) -> None:
    await world.send_and_freeze(Weather.LOST_ON_THE_WAY)

    with pytest.raises(ApplicationError) as frozen:
        await world.attempt()

    assert (frozen.value.type, frozen.value.non_retryable) == (PAYMENT_FROZEN, True)
    assert world.bank.book == []
    assert world.state() is IntentState.INTENT
    world.decide(ChargebackState.WON)
    assert (await world.attempt()).state is IntentState.RECONCILED
    assert world.paid_minor() == 333


async def test_a_lost_chargeback_pays_its_part_of_what_the_provider_never_saw(world: World) -> None:
    await world.send_and_freeze(Weather.LOST_ON_THE_WAY)
    with pytest.raises(ApplicationError):
        await world.attempt()

    world.decide(ChargebackState.LOST)

    assert (await world.attempt()).amount_minor == 233
    assert world.paid_minor() == 233


async def test_what_was_sent_once_is_looked_up_before_it_is_sent_after_the_freeze(world: World) -> None:
    await world.send_and_freeze(Weather.LOST_ON_THE_WAY)
    with pytest.raises(ApplicationError):
        await world.attempt()
    world.decide(ChargebackState.WON)
    await world.bank.submit(world.intent, NOW)

    assert (await world.attempt()).state is IntentState.RECONCILED
    assert world.paid_minor() == 333


@pytest.mark.parametrize("weather", [Weather.ANSWER_LOST, Weather.WORKER_KILLED])
async def test_what_the_provider_has_is_written_down_although_the_order_is_frozen(
    world: World, weather: Weather
) -> None:
    await world.send_and_freeze(weather)

    assert (await world.attempt()).state.is_paid
    assert world.paid_minor() == 333
