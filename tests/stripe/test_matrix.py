"""Whatever happens between us and a provider that knows no keys, a refund is paid once, and its end is known."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import event

from activities.payment import PaymentActivities
from domain.bookkeeping import IntentCall
from domain.intents import PaymentIntent, ProviderPayment
from ledger.ledger import Ledger
from tests.payments.matrix import Matrix, matrix, table
from tests.stripe.localstripe import LocalStripe
from tests.stripe.peer import StripePeer
from tests.stripe.proxy import Fault, FaultProxy, listed_refunds

pytest_plugins = ["tests.unit.ledger_fixtures"]

pytestmark = pytest.mark.parametrize("databases", ["sqlite"], indirect=True)

FEW = range(len(Fault) * 4)
MANY = range(len(Fault) * 40)


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    """A ledger that need not survive the machine."""
    opened = Ledger.open(ledger_url)
    event.listen(opened.engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous = OFF"))
    yield opened
    opened.engine.dispose()


Show = Callable[[str], None]


@pytest.fixture
def show(capsys: pytest.CaptureFixture[str]) -> Show:
    """Print what a person should see, whatever becomes of the test."""

    def shown(text: str) -> None:
        with capsys.disabled():
            print(f"\n{text}")

    return shown


class PeersBooks:
    """The books of the stand-in, which takes every payment."""

    def __init__(self, peer: StripePeer, url: str) -> None:
        self.url = url
        self._peer = peer

    async def pay(self, amount: int) -> str:
        payment_id = f"pi_{len(self._peer.payments) + 1}"
        self._peer.payments[payment_id] = (amount, "cny")
        return payment_id

    async def refunded(self, payment_id: str) -> list[int]:
        return await listed_refunds(self.url, payment_id)


@asynccontextmanager
async def before_the_stand_in(ledger: Ledger, *, honours_keys: bool) -> AsyncIterator[Matrix]:
    peer = StripePeer(honours_keys=honours_keys)
    async with peer.running() as url, matrix(ledger, FaultProxy(PeersBooks(peer, url))) as made:
        yield made


@pytest.mark.parametrize(
    ("honours_keys", "seeds"),
    [
        pytest.param(False, FEW, id="few"),
        pytest.param(False, MANY, id="many", marks=pytest.mark.peers),
        pytest.param(True, MANY, id="many-with-keys", marks=pytest.mark.peers),
    ],
)
async def test_a_refund_is_paid_once(ledger: Ledger, honours_keys: bool, seeds: range, show: Show) -> None:
    async with before_the_stand_in(ledger, honours_keys=honours_keys) as made:
        runs = await made.play(seeds)
    show(f"stand-in, {'with' if honours_keys else 'without'} keys\n{table(runs, FaultProxy.faults)}")
    assert [each for each in runs if each.is_double or each.is_lost] == []


@pytest.mark.peers
async def test_a_refund_is_paid_once_at_localstripe(ledger: Ledger, localstripe: LocalStripe, show: Show) -> None:
    async with matrix(ledger, FaultProxy(localstripe)) as made:
        runs = await made.play(MANY)
    show(f"localstripe\n{table(runs, FaultProxy.faults)}")
    assert [each for each in runs if each.is_double or each.is_lost] == []


async def test_without_the_look_up_refunds_are_paid_twice(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    async def submit_again(self: PaymentActivities, intent: PaymentIntent, call: IntentCall) -> ProviderPayment:
        return await self._payment.submit(intent, call.at)

    monkeypatch.setattr(PaymentActivities, "_find_or_submit", submit_again)
    async with before_the_stand_in(ledger, honours_keys=False) as made:
        runs = await made.play(range(len(Fault)))
    assert {each.fault for each in runs if each.is_double} >= {Fault.RESPONSE_LOST, Fault.PROCESSED_500}
