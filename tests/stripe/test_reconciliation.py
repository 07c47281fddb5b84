"""The nightly reconciliation over what Stripe can tell: refunds by payment, and by when they were created."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from pydantic import SecretStr
from temporalio.testing import ActivityEnvironment

from activities.payment import PaymentActivities
from activities.reconciliation import ReconciliationActivities
from adapters.http import HttpClients
from adapters.payment.port import PaymentProvider
from adapters.payment.stripe import StripeSettings
from domain.bookkeeping import IntentCall
from domain.intents import IntentState, PaymentIntent
from domain.reconciliation import ReconciliationReport, ReconciliationRequest
from ledger.ledger import Ledger
from tests.stripe.peer import KEY, StripePeer
from tests.unit.ledger_builders import NOW, an_order, open_and_authorize
from tests.unit.test_reconciliation_activity import Workflows

pytest_plugins = ["tests.unit.ledger_fixtures"]

pytestmark = pytest.mark.parametrize("databases", ["sqlite"], indirect=True)

DAY = timedelta(days=1)


class World:
    """A refund of a return that Stripe is to pay, and the reconciliation."""

    def __init__(self, ledger: Ledger, peer: StripePeer, stripe: PaymentProvider) -> None:
        self.ledger = ledger
        self.peer = peer
        self.stripe = stripe
        peer.payments["pi_1"] = (1000, "cny")
        peer.now = int(NOW.timestamp())
        (self.intent,) = open_and_authorize(ledger, "R1", an_order(payments={"pi_1": 1000}), {"L1": 1}).intents

    async def pay(self) -> PaymentIntent:
        call = IntentCall(key=self.intent.key, rma_id="R1", at=NOW)
        return await ActivityEnvironment().run(PaymentActivities(self.stripe, self.ledger).move_money, call)

    async def reconcile(self, days_later: int, look_back: timedelta = DAY) -> ReconciliationReport:
        at = NOW + days_later * DAY
        request = ReconciliationRequest(at=at, untouched_since=at - DAY, payments_since=at - look_back)
        activities = ReconciliationActivities(self.stripe, self.ledger, Workflows())
        return await ActivityEnvironment().run(activities.reconcile, request)

    def state(self) -> IntentState:
        return self.ledger.payment_intent(self.intent.key).state


@pytest.fixture
async def world(ledger: Ledger) -> AsyncIterator[World]:
    peer = StripePeer()
    async with peer.running() as url, HttpClients() as clients:
        yield World(ledger, peer, StripeSettings(stripe_api_key=SecretStr(KEY), stripe_url=url).connect(clients))


async def test_books_that_agree_open_no_task(world: World) -> None:
    assert (await world.pay()).state is IntentState.SUCCEEDED
    report = await world.reconcile(1, look_back=DAY + timedelta(hours=1))
    assert (report.payments, report.opened, report.not_answered) == (1, (), 0)


async def test_an_end_that_nobody_asked_for_is_found_by_the_payment(world: World) -> None:
    world.ledger.intent_submitted(world.intent.key, NOW)
    await world.stripe.submit(world.intent, NOW)
    report = await world.reconcile(3)
    assert report.settled == (world.intent.key,)
    assert world.state() is IntentState.SUCCEEDED


async def test_a_refund_that_the_ledger_does_not_know_is_looked_up_again_by_the_payment_in_its_task(
    world: World,
) -> None:
    await world.pay()
    stray = world.intent.model_copy(update={"key": "R7-refund-1-t0", "rma_id": "R7"})
    await world.stripe.submit(stray, NOW)
    look_back = DAY + timedelta(hours=1)
    assert (await world.reconcile(1, look_back)).opened == (f"payment_not_in_ledger/{stray.key}",)
    (task,) = world.ledger.open_tasks()
    assert task.details["payment"] == "pi_1"

    assert (await world.reconcile(2)).not_answered == 0
    assert len(world.ledger.open_tasks()) == 1
    world.peer.under(stray.key)[0]["status"] = "failed"
    assert (await world.reconcile(3)).closed == (task.key,)


async def test_a_refund_that_fails_later_is_seen_only_by_a_run_that_reaches_back(world: World) -> None:
    await world.pay()
    world.peer.refunds[0] |= {"status": "failed", "failure_reason": "lost_or_stolen_card"}

    assert (await world.reconcile(5)).opened == ()
    report = await world.reconcile(6, look_back=7 * DAY)

    assert report.opened == (f"refund_returned/{world.intent.key}",)
    assert world.state() is IntentState.DECLINED


async def test_a_second_refund_under_one_reference_is_for_a_person(world: World) -> None:
    await world.pay()
    world.peer.forget_keys()
    await world.stripe.submit(world.intent, NOW)
    report = await world.reconcile(1, look_back=DAY + timedelta(hours=1))
    assert report.opened == (f"payment_twice/{world.intent.key}",)
