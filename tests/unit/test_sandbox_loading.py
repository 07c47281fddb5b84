"""Loading the sandbox: what is refused, what a repeat does, the data of our own."""

import json
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from adapters.http import make_http_client
from adapters.orders.sandbox import SandboxOrders
from domain.orders import CustomerTier, OrderStatus, paid_by_line
from sandbox.books import Book
from sandbox.jsonlines import LoadError, parse_lines
from sandbox.retail import RetailOrder
from sandbox.server import running_sandbox
from sandbox.settings import DATA, SandboxSettings
from sandbox.shop import LoadKind
from tests.unit.sandbox_remote import SandboxRemote

NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with running_sandbox(SandboxSettings(now=NOW)) as url:
        yield url


@pytest.fixture
async def remote(url: str) -> AsyncIterator[SandboxRemote]:
    async with SandboxRemote(url) as remote:
        yield remote


@pytest.fixture
async def orders(url: str) -> AsyncIterator[SandboxOrders]:
    async with make_http_client(url) as client:
        yield SandboxOrders(client)


PAID = {"kind": "payment", "amount_minor": 1000, "payment_method_id": "CARD-1"}


def order(**changes: object) -> dict[str, object]:
    line = {"item_id": "I-1", "product_id": "P-1", "name": "Thing", "unit_price_minor": 500, "quantity": 2}
    return {
        "order_id": "O-1",
        "customer_id": "C-1",
        "status": "delivered",
        "currency": "CNY",
        "lines": [line],
        "payments": [PAID],
        "parcels": [],
        **changes,
    }


def line(**changes: object) -> dict[str, object]:
    return {
        "item_id": "I-1",
        "product_id": "P-1",
        "name": "Thing",
        "unit_price_minor": 500,
        "quantity": 2,
        **changes,
    }


def test_a_line_needs_no_more_than_the_retail_format_has() -> None:
    (parsed,) = parse_lines(json.dumps(order()) + "\n\n", "f", RetailOrder, lambda each: each.order_id)
    assert (parsed.lines[0].line_id, parsed.lines[0].category, parsed.shipping_minor) == ("I-1", "general", 0)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (order(status="lost"), "status: "),
        (order(order_id=7), "order_id: "),
        (order(currency="yuan"), "currency: "),
        (order(lines=[]), "lines: an order has at least one"),
        (order(lines=[line(quantity="2")]), "lines[0].quantity: "),
        (order(lines=[line(unit_price_minor=5.5)]), "lines[0].unit_price_minor: "),
        (order(lines=[line(unit_price_minor=-1)]), "lines[0].unit_price_minor: "),
        (order(lines=[line(tags=["heavy"])]), "lines[0].tags[0]: "),
        (order(lines=[line(discount_minor=1001)]), "discount_minor is more than the line costs"),
        (order(lines=[line(), line()]), "line_id I-1 is used twice"),
        (order(payments=[{"kind": "gift", "amount_minor": 1, "payment_method_id": "C"}]), "payments[0].kind: "),
        (order(payments=[PAID | {"payment_id": "O-1-p2"}, PAID]), "payments: a payment_id is used twice"),
        (order(delivered_at="2026-11-18T08:00:00"), "delivered_at: "),
    ],
)
def test_a_bad_line_is_named_with_its_field(bad: dict[str, object], message: str) -> None:
    text = "\n".join([json.dumps(order(order_id="O-0")), json.dumps(bad)])
    with pytest.raises(LoadError) as error:
        parse_lines(text, "orders.jsonl", RetailOrder, lambda each: each.order_id)
    assert str(error.value).startswith("orders.jsonl:2: ")
    assert message in str(error.value)


def test_lines_that_are_no_records_are_named() -> None:
    text = "\n".join([json.dumps(order()), "{", "[]", json.dumps(order())])
    with pytest.raises(LoadError) as error:
        parse_lines(text, "f", RetailOrder, lambda each: each.order_id)
    assert [each.line for each in error.value.lines] == [2, 3, 4]
    assert "O-1 was given on line 1 already" in str(error.value)


async def test_a_load_with_a_bad_line_loads_nothing(url: str, remote: SandboxRemote) -> None:
    before = await remote.counts()
    async with httpx.AsyncClient(base_url=url) as http:
        bad = await http.post("/load/orders", content=f"{json.dumps(order())}\n{{}}\n")
        binary = await http.post("/load/orders", content=b"{}\n\xff\n")
        unknown = await http.post("/load/returns", content="")
    assert (bad.status_code, bad.json()["code"]) == (422, "bad_lines")
    assert bad.json()["errors"][0]["line"] == 2
    assert bad.json()["errors"][0]["field"] == "order_id"
    assert binary.json()["detail"] == "body:2: not UTF-8"
    assert unknown.status_code == 422
    assert await remote.counts() == before


async def test_what_is_loaded_again_replaces_and_is_not_counted_twice(
    remote: SandboxRemote, orders: SandboxOrders
) -> None:
    gift_card = {"id": "G-1", "source": "gift_card", "balance_minor": 70}
    customer = {"customer_id": "C-1", "payment_methods": [gift_card]}
    both = [json.dumps(order()), json.dumps(order(order_id="O-2"))]
    for _ in range(2):
        assert await remote.load(LoadKind.CUSTOMERS, json.dumps(customer)) == 1
        assert await remote.load(LoadKind.ORDERS, "\n".join(both)) == 2
    assert await remote.load(LoadKind.ORDERS, json.dumps(order(order_id="O-2", status="pending"))) == 1
    assert len(await remote.book(Book.CHARGES, customer_id="C-1")) == 2
    assert len(await remote.book(Book.GIFT_CARDS, customer_id="C-1")) == 1
    snapshots = [await orders.get_order(each) for each in ("O-1", "O-2")]
    assert [each.status for each in snapshots if each] == [OrderStatus.DELIVERED, OrderStatus.PENDING]
    changed = {**customer, "tier": "high_value", "payment_methods": [{**gift_card, "balance_minor": 90}]}
    await remote.load(LoadKind.CUSTOMERS, json.dumps(changed))
    snapshot = await orders.get_order("O-1")
    assert snapshot is not None
    assert (snapshot.customer_tier, snapshot.payment_methods[0].balance_minor) == (CustomerTier.HIGH_VALUE, 90)


async def test_a_delivery_without_a_date_is_dated(url: str, remote: SandboxRemote, orders: SandboxOrders) -> None:
    late = NOW + timedelta(days=30)
    told = NOW - timedelta(days=9)
    lines = [
        json.dumps(order(order_id="D-1")),
        json.dumps(order(order_id="D-2", delivered_at=told.isoformat())),
        json.dumps(order(order_id="D-3", status="pending")),
    ]
    await remote.load(LoadKind.ORDERS, "\n".join(lines), now=late)
    dated = [await orders.get_order(each) for each in ("D-1", "D-2", "D-3")]
    assert [each.delivered_at for each in dated if each] == [late - timedelta(days=2), told, None]
    assert [each.at for each in await remote.book(Book.CHARGES, order_id="D-1")] == [late]
    async with httpx.AsyncClient(base_url=url) as http:
        params = {"now": late.isoformat(), "delivered_ago": "P10D"}
        await http.post("/load/orders", content=lines[0], params=params)
    again = await orders.get_order("D-1")
    assert again is not None
    assert again.delivered_at == late - timedelta(days=10)


async def test_stock_of_a_variant(remote: SandboxRemote, orders: SandboxOrders) -> None:
    variants = [
        {"item_id": "S-1", "options": {}, "available": True, "unit_price_minor": 1},
        {"item_id": "S-2", "options": {}, "available": False, "unit_price_minor": 1, "stock": 5},
        {"item_id": "S-3", "options": {}, "available": True, "unit_price_minor": 1, "stock": 0},
    ]
    product = {"product_id": "P-S", "name": "Stocked", "variants": variants}
    await remote.load(LoadKind.CATALOG, json.dumps(product))
    found = await orders.get_variants(["S-1", "S-2", "S-3"])
    assert [each.available for each in found] == [True, False, False]


async def test_our_own_data_adds_up(orders: SandboxOrders) -> None:
    ids = [json.loads(each)["order_id"] for each in (DATA / "orders.jsonl").read_text().splitlines()]
    found = [await orders.get_order(each) for each in ids]
    snapshots = [each for each in found if each]
    assert len(snapshots) == 20
    for snapshot in snapshots:
        paid = sum(paid_by_line(snapshot).values()) + snapshot.shipping_minor
        assert sum(each.captured_minor for each in snapshot.payments) == paid, snapshot.order_id
        assert {each.method_id for each in snapshot.payments} <= {
            each.method_id for each in snapshot.payment_methods
        }
        variants = await orders.get_variants([each.item_id for each in snapshot.lines])
        assert [each.product_id for each in variants] == [each.product_id for each in snapshot.lines]
    assert {each.currency for each in snapshots} == {"CNY", "USD", "JPY"}
    assert {line.category for each in snapshots for line in each.lines} == {
        "apparel",
        "electronics",
        "beauty",
        "general",
    }


def test_files_can_be_named(tmp_path: Path) -> None:
    path = tmp_path / "orders.jsonl"
    path.write_text(json.dumps(order()))
    with running_sandbox(SandboxSettings(files={LoadKind.ORDERS: path})) as url:
        found = httpx.get(f"{url}/orders/O-1").json()
        missing = httpx.get(f"{url}/orders/CN-1001")
    assert found["payment_methods"] == []
    assert missing.status_code == 404
