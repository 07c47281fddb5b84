"""Whatever happens between us and WeChat Pay, a refund is paid once, and its end is known."""

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import event

from ledger.ledger import Ledger
from tests.payments.matrix import matrix, table
from tests.wechat.faults import FaultyWechat
from tests.wechat.simulator import WechatSimulator

pytest_plugins = ["tests.unit.ledger_fixtures"]

pytestmark = pytest.mark.parametrize("databases", ["sqlite"], indirect=True)

FEW = range(len(FaultyWechat.faults))
MANY = range(len(FaultyWechat.faults) * 17)


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
    ("knows_repeats", "seeds"),
    [
        pytest.param(False, FEW, id="few"),
        pytest.param(False, MANY, id="many", marks=pytest.mark.peers),
        pytest.param(True, MANY, id="many-as-wechat", marks=pytest.mark.peers),
    ],
)
async def test_a_refund_is_paid_once(ledger: Ledger, knows_repeats: bool, seeds: range, show: Show) -> None:
    async with matrix(ledger, FaultyWechat(WechatSimulator(knows_repeats=knows_repeats))) as made:
        runs = await made.play(seeds)
    name = f"WeChat's simulator, which {'knows' if knows_repeats else 'pays'} repeats"
    show(f"{name}\n{table(runs, FaultyWechat.faults)}")
    assert [run for run in runs if run.is_double or run.is_lost] == []
