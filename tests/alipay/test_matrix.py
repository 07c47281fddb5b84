"""Whatever happens between us and Alipay, a refund is paid once, and its end is known."""

from collections.abc import Callable, Iterator, Sequence

import pytest
from sqlalchemy import event

from activities.payment import PaymentActivities
from domain.bookkeeping import IntentCall
from domain.intents import PaymentIntent, ProviderPayment
from ledger.ledger import Ledger
from tests.alipay.faults import Fault, FaultyGateway
from tests.alipay.simulator import AlipaySimulator
from tests.payments.matrix import matrix, table

pytest_plugins = ["tests.unit.ledger_fixtures"]

pytestmark = pytest.mark.parametrize("databases", ["sqlite"], indirect=True)

EVERY = tuple(Fault)
WITHOUT_REPEATS = tuple(fault for fault in Fault if fault is not Fault.UNSEEN)
"""A refund that the query does not know yet is kept single by its number alone."""


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


@pytest.mark.parametrize(
    ("knows_repeats", "faults", "each"),
    [
        pytest.param(False, WITHOUT_REPEATS, 1, id="few"),
        pytest.param(True, (Fault.UNSEEN, Fault.PROCESSED_N), 3, id="few-as-alipay"),
        pytest.param(False, WITHOUT_REPEATS, 18, id="many", marks=pytest.mark.peers),
        pytest.param(True, EVERY, 17, id="many-as-alipay", marks=pytest.mark.peers),
    ],
)
async def test_a_refund_is_paid_once(
    ledger: Ledger, knows_repeats: bool, faults: Sequence[Fault], each: int, show: Show
) -> None:
    async with matrix(ledger, FaultyGateway(AlipaySimulator(knows_repeats=knows_repeats), faults)) as made:
        runs = await made.play(range(len(faults) * each))
    show(f"Alipay's simulator, which {'knows' if knows_repeats else 'pays'} repeats\n{table(runs, faults)}")
    assert [run for run in runs if run.is_double or run.is_lost] == []


async def test_without_the_look_up_refunds_are_paid_twice(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    async def submit_again(self: PaymentActivities, intent: PaymentIntent, call: IntentCall) -> ProviderPayment:
        return await self._payment.submit(intent, call.at)

    monkeypatch.setattr(PaymentActivities, "_find_or_submit", submit_again)
    faults = (Fault.RESPONSE_LOST, Fault.UNSIGNED, Fault.SYSTEM_ERROR)
    async with matrix(ledger, FaultyGateway(AlipaySimulator(knows_repeats=False), faults)) as made:
        runs = await made.play(range(len(faults)))
    assert all(run.is_double for run in runs)
