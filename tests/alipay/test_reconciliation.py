"""The nightly reconciliation with Alipay, which lists nothing: each refund that is paid is asked for."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from temporalio.testing import ActivityEnvironment

from activities.payment import PaymentActivities
from activities.reconciliation import ReconciliationActivities
from adapters.http import HttpClients
from adapters.payment.port import PaymentProvider
from domain.bookkeeping import IntentCall
from domain.intents import IntentState, PaymentIntent
from domain.reconciliation import ReconciliationReport, ReconciliationRequest
from ledger.ledger import Ledger
from tests.alipay.simulator import QUERY, REFUND, AlipaySimulator
from tests.alipay.test_adapter import TRADE, settings
from tests.unit.ledger_builders import NOW, an_order, open_and_authorize
from tests.unit.test_reconciliation_activity import Workflows

pytest_plugins = ["tests.unit.ledger_fixtures"]

pytestmark = pytest.mark.parametrize("databases", ["sqlite"], indirect=True)

DAY = timedelta(days=1)


class World:
    """A refund of a return that Alipay is to pay, and the reconciliation."""

    def __init__(self, ledger: Ledger, simulator: AlipaySimulator, payment: PaymentProvider) -> None:
        self.ledger = ledger
        self.simulator = simulator
        self.payment = payment
        simulator.trades[TRADE] = 1000
        (self.intent,) = open_and_authorize(ledger, "R1", an_order(payments={TRADE: 1000}), {"L1": 1}).intents

    async def pay(self) -> PaymentIntent:
        call = IntentCall(key=self.intent.key, rma_id="R1", at=NOW)
        return await ActivityEnvironment().run(PaymentActivities(self.payment, self.ledger).move_money, call)

    async def reconcile(self, days_later: int) -> ReconciliationReport:
        at = NOW + days_later * DAY
        look_back = DAY + timedelta(hours=1)
        request = ReconciliationRequest(at=at, untouched_since=at - DAY, payments_since=at - look_back)
        activities = ReconciliationActivities(self.payment, self.ledger, Workflows())
        return await ActivityEnvironment().run(activities.reconcile, request)

    def state(self) -> IntentState:
        return self.ledger.payment_intent(self.intent.key).state


@pytest.fixture
async def world(ledger: Ledger) -> AsyncIterator[World]:
    simulator = AlipaySimulator()
    async with simulator.running() as url, HttpClients() as clients:
        yield World(ledger, simulator, settings(url).connect(clients))


async def test_a_refund_that_alipay_has_paid_opens_no_task(world: World) -> None:
    assert (await world.pay()).state is IntentState.SUCCEEDED
    report = await world.reconcile(1)
    assert (report.payments, report.opened, report.not_answered) == (0, (), 0)
    assert [each["method"] for each in world.simulator.requests] == [REFUND, QUERY]


async def test_a_refund_that_alipay_does_not_know_is_for_a_person_until_it_does(world: World) -> None:
    await world.pay()
    kept = world.simulator.refunds.copy()
    world.simulator.refunds.clear()
    assert (await world.reconcile(1)).opened == (f"payment_not_at_provider/{world.intent.key}",)
    world.simulator.refunds += kept
    assert len((await world.reconcile(2)).closed) == 1


async def test_an_end_that_nobody_asked_for_is_found(world: World) -> None:
    world.ledger.intent_submitted(world.intent.key, NOW)
    await world.payment.submit(world.intent, NOW)
    report = await world.reconcile(3)
    assert report.settled == (world.intent.key,)
    assert world.state() is IntentState.SUCCEEDED
