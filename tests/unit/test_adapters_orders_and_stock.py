"""The orders and inventory ports against the sandbox."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from adapters.errors import ProviderRefused
from adapters.inventory.sandbox import SandboxInventory
from adapters.orders.sandbox import SandboxOrders
from domain.exchange import HoldRelease, ReplacementOrder, StockHold
from domain.orders import CustomerTier, OrderStatus, ProductTag, paid_by_line
from sandbox.books import Book
from sandbox.server import running_sandbox
from sandbox.settings import SandboxSettings
from tests.unit.sandbox_remote import SandboxRemote

pytest_plugins = ["tests.unit.sandbox_fixtures"]

NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)
AT = NOW + timedelta(hours=1)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with running_sandbox(SandboxSettings(now=NOW)) as url:
        yield url


@pytest.fixture
def orders(client: httpx.AsyncClient) -> SandboxOrders:
    return SandboxOrders(client)


@pytest.fixture
def stock(client: httpx.AsyncClient) -> SandboxInventory:
    return SandboxInventory(client)


async def test_an_order_comes_with_everything_a_return_is_decided_on(orders: SandboxOrders) -> None:
    order = await orders.get_order("CN-1003")
    assert order is not None
    assert (order.status, order.currency, order.customer_id) == (OrderStatus.DELIVERED, "CNY", "C-101")
    assert order.delivered_at == NOW - timedelta(days=2)
    assert [(each.payment_id, each.method_id, each.captured_minor) for each in order.payments] == [
        ("CN-1003-p1", "CARD-101", 19900),
        ("CN-1003-p2", "GIFT-101", 20000),
    ]
    assert [(each.method_id, each.balance_minor) for each in order.payment_methods] == [
        ("CARD-101", None),
        ("GIFT-101", 20000),
    ]
    line = order.lines[0]
    assert (line.line_id, line.category, line.tax[0].amount_minor) == ("EARBUDS-BLACK", "electronics", 4590)


async def test_the_parts_of_an_order_that_only_some_have(orders: SandboxOrders) -> None:
    discounted = await orders.get_order("CN-1004")
    custom_made = await orders.get_order("CN-1006")
    of_three = await orders.get_order("CN-1005")
    of_the_best = await orders.get_order("CN-1002")
    paid_back = await orders.get_order("CN-1012")
    assert discounted is not None
    assert custom_made is not None
    assert of_three is not None
    assert of_the_best is not None
    assert paid_back is not None
    assert (discounted.discounts[0].amount_minor, discounted.shipping_minor) == (2400, 1200)
    assert custom_made.lines[0].tags == (ProductTag.CUSTOM_MADE,)
    assert paid_by_line(of_three) == {"SOCKS-39-42": 10000}
    assert of_the_best.customer_tier is CustomerTier.HIGH_VALUE
    assert [each.refunded_minor for each in paid_back.payments] == [15900]


async def test_an_unknown_order_is_none(orders: SandboxOrders) -> None:
    assert await orders.get_order("CN-9999") is None
    assert await orders.get_order("CN 9999?x=1") is None


async def test_variants_are_read_at_once_and_unknown_ones_left_out(orders: SandboxOrders) -> None:
    variants = await orders.get_variants(["LAMP-BRASS", "EARBUDS-WHITE", "BACKPACK-40", "NO-SUCH", "SOCKS-39-42"])
    assert [(each.item_id, each.available) for each in variants] == [
        ("LAMP-BRASS", True),
        ("EARBUDS-WHITE", False),
        ("BACKPACK-40", False),
        ("SOCKS-39-42", True),
    ]
    assert (variants[0].product_id, variants[0].unit_price_minor) == ("P-LAMP", 11900)
    assert await orders.get_variants([]) == []


async def test_a_pending_order_is_stopped_once(orders: SandboxOrders, remote: SandboxRemote) -> None:
    assert await orders.cancel_fulfilment("CN-1009", "RMA-A", AT)
    assert await orders.cancel_fulfilment("CN-1009", "RMA-A", AT + timedelta(hours=1))
    assert not await orders.cancel_fulfilment("CN-1009", "RMA-B", AT)
    assert not await orders.cancel_fulfilment("CN-1011", "RMA-A", AT)
    order = await orders.get_order("CN-1009")
    assert order is not None
    assert order.status is OrderStatus.CANCELLED
    entries = await remote.book(Book.FULFILMENTS, order_id="CN-1009")
    assert [(each.key, each.at) for each in entries] == [("RMA-A", AT)]


async def test_stopping_an_unknown_order_is_refused(orders: SandboxOrders) -> None:
    with pytest.raises(ProviderRefused) as refused:
        await orders.cancel_fulfilment("CN-9999", "RMA-A", AT)
    assert (refused.value.code, refused.value.provider) == ("unknown_order", "orders")


async def test_a_hold_takes_all_or_nothing(
    orders: SandboxOrders, stock: SandboxInventory, remote: SandboxRemote
) -> None:
    wanted = StockHold(reference="RMA-H-1", item_ids=("BACKPACK-30", "LAMP-BRASS"), at=AT)
    assert (await stock.hold(wanted)).held
    assert (await stock.hold(wanted)).held
    other = await stock.hold(StockHold(reference="RMA-H-2", item_ids=("BACKPACK-30", "LAMP-BRASS"), at=AT))
    assert (other.held, other.missing_item_id) == (False, "LAMP-BRASS")
    assert [each.available for each in await orders.get_variants(["LAMP-BRASS"])] == [False]
    assert [each.data["status"] for each in await remote.book(Book.HOLDS, key="RMA-H-1")] == ["held"]
    assert await remote.book(Book.HOLDS, key="RMA-H-2") == []


async def test_more_units_than_there_are_cannot_be_held(stock: SandboxInventory) -> None:
    answer = await stock.hold(StockHold(reference="RMA-H-3", item_ids=("TEAPOT-09",) * 3, at=AT))
    assert (answer.held, answer.missing_item_id) == (False, "TEAPOT-09")
    unlimited = await stock.hold(StockHold(reference="RMA-H-4", item_ids=("SOCKS-39-42",) * 50, at=AT))
    assert unlimited.held


async def test_a_reference_cannot_hold_something_else(stock: SandboxInventory) -> None:
    await stock.hold(StockHold(reference="RMA-H-5", item_ids=("SHIRT-S-SAND",), at=AT))
    with pytest.raises(ProviderRefused) as refused:
        await stock.hold(StockHold(reference="RMA-H-5", item_ids=("SHIRT-M-SAND",), at=AT))
    assert refused.value.code == "reference_conflict"


async def test_a_released_hold_frees_its_units_and_can_be_taken_again(
    orders: SandboxOrders, stock: SandboxInventory, remote: SandboxRemote
) -> None:
    hold = StockHold(reference="RMA-H-6", item_ids=("JACKET-L-NAVY",) * 2, at=AT)
    await stock.hold(hold)
    for _ in range(2):
        await stock.release(HoldRelease(reference="RMA-H-6", at=AT))
    await stock.release(HoldRelease(reference="never-made", at=AT))
    assert [each.available for each in await orders.get_variants(["JACKET-L-NAVY"])] == [True]
    assert (await stock.hold(hold)).held
    statuses = [each.data["status"] for each in await remote.book(Book.HOLDS, key="RMA-H-6")]
    assert statuses == ["held", "released", "held"]


async def test_a_lease_that_ends_frees_its_units_by_itself(
    orders: SandboxOrders, stock: SandboxInventory, remote: SandboxRemote
) -> None:
    day = timedelta(days=1)
    lease = StockHold(reference="RMA-L-1", item_ids=("JACKET-L-NAVY",) * 2, at=AT, until=AT + day)
    longer = lease.model_copy(update={"at": AT + day / 2, "until": AT + 2 * day})
    other = StockHold(reference="RMA-L-2", item_ids=("JACKET-L-NAVY",) * 2, at=AT + day, until=AT + 3 * day)
    await stock.release(HoldRelease(reference="RMA-H-6", at=AT))
    assert (await stock.hold(lease)).held
    assert (await stock.hold(longer)).held
    assert (await stock.hold(longer)).held
    assert not (await stock.hold(other)).held
    assert [each.available for each in await orders.get_variants(["JACKET-L-NAVY"], AT + day)] == [False]
    assert [each.available for each in await orders.get_variants(["JACKET-L-NAVY"], AT + 2 * day)] == [True]
    after = AT + 2 * day
    sent = ReplacementOrder(reference="RMA-L-1", order_id="CN-1002", item_ids=("JACKET-L-NAVY",), at=after)
    assert (await orders.create_replacement(sent)).why == "nothing_held"
    assert (await stock.hold(other.model_copy(update={"at": after}))).held
    assert not (await stock.hold(longer.model_copy(update={"at": after, "until": AT + 9 * day}))).held
    await stock.release(HoldRelease(reference="RMA-L-2", at=after))
    assert (await stock.hold(longer.model_copy(update={"at": after, "until": AT + 9 * day}))).held
    await stock.release(HoldRelease(reference="RMA-L-1", at=after))
    ends = [str(each.data["until"]) for each in await remote.book(Book.HOLDS, key="RMA-L-1")]
    assert len(ends) == 4
    assert ends[0] < ends[1] < ends[2] == ends[3]


async def test_a_replacement_uses_its_hold_once(
    orders: SandboxOrders, stock: SandboxInventory, remote: SandboxRemote
) -> None:
    await stock.hold(StockHold(reference="RMA-X-1", item_ids=("TEAPOT-09", "TEAPOT-09"), at=AT))
    order = ReplacementOrder(reference="RMA-X-1", order_id="JP-3001", item_ids=("TEAPOT-09", "TEAPOT-09"), at=AT)
    first = await orders.create_replacement(order)
    assert (first.released, first.replacement_order_id) == (True, "JP-3001-x1")
    assert await orders.create_replacement(order) == first
    await stock.release(HoldRelease(reference="RMA-X-1", at=AT))
    assert [each.available for each in await orders.get_variants(["TEAPOT-09"])] == [False]
    assert len(await remote.book(Book.REPLACEMENTS, order_id="JP-3001")) == 1


async def test_no_replacement_without_a_hold(orders: SandboxOrders, stock: SandboxInventory) -> None:
    order = ReplacementOrder(reference="RMA-X-2", order_id="US-2001", item_ids=("BACKPACK-30",), at=AT)
    answer = await orders.create_replacement(order)
    assert (answer.released, answer.why) == (False, "nothing_held")
    await stock.hold(StockHold(reference="RMA-X-2", item_ids=("POWERBANK-10K",), at=AT))
    answer = await orders.create_replacement(order)
    assert (answer.released, answer.why) == (False, "reference_conflict")
    with pytest.raises(ProviderRefused) as refused:
        await orders.create_replacement(order.model_copy(update={"order_id": "CN-9999"}))
    assert refused.value.code == "unknown_order"
