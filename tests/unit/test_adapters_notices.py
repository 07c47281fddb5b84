"""The coupons, messaging and warehouse ports against the sandbox."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest

from adapters.coupons.sandbox import SandboxCoupons
from adapters.errors import ProviderRefused
from adapters.messaging.port import Message
from adapters.messaging.sandbox import SandboxMessaging
from adapters.warehouse.port import WarehouseNotice
from adapters.warehouse.sandbox import SandboxWarehouse
from domain.application import Locale
from domain.coupons import CouponOrder
from sandbox.books import Book
from sandbox.faults import FaultKind, FaultSpec, Target
from tests.unit.sandbox_remote import SandboxRemote

pytest_plugins = ["tests.unit.sandbox_fixtures"]

AT = datetime(2026, 11, 20, 9, tzinfo=UTC)


def coupon(number: int) -> CouponOrder:
    return CouponOrder(
        key=f"RMA-{number}-inspection",
        rma_id=f"RMA-{number}",
        customer_id="C-101",
        amount_minor=5000,
        currency="CNY",
        at=AT,
    )


@pytest.fixture
async def remote(url: str) -> AsyncIterator[SandboxRemote]:
    async with SandboxRemote(url) as remote:
        yield remote


async def test_a_coupon_is_issued_once_for_its_key(client: httpx.AsyncClient, remote: SandboxRemote) -> None:
    coupons, order = SandboxCoupons(client), coupon(1)
    assert await coupons.find(order.key) is None
    first = await coupons.issue(order)
    assert (first.key, first.amount_minor, first.currency) == (order.key, 5000, "CNY")
    assert await coupons.issue(order) == first
    assert await coupons.find(order.key) == first
    entries = await remote.book(Book.COUPONS, rma_id="RMA-1", customer_id="C-101")
    assert [(each.key, each.at) for each in entries] == [(order.key, AT)]


async def test_a_key_stands_for_one_coupon(client: httpx.AsyncClient) -> None:
    coupons, order = SandboxCoupons(client), coupon(2)
    await coupons.issue(order)
    with pytest.raises(ProviderRefused) as refused:
        await coupons.issue(order.model_copy(update={"amount_minor": 6000}))
    assert refused.value.code == "key_conflict"


async def test_the_books_show_a_coupon_that_was_issued_twice(
    client: httpx.AsyncClient, remote: SandboxRemote
) -> None:
    await remote.set_fault(FaultSpec(target=Target.COUPON, kind=FaultKind.DUPLICATE))
    await SandboxCoupons(client).issue(coupon(3))
    entries = await remote.book(Book.COUPONS, key=coupon(3).key)
    assert len({str(each.data["coupon_id"]) for each in entries}) == 2


async def test_every_message_is_recorded(client: httpx.AsyncClient, remote: SandboxRemote) -> None:
    message = Message(
        message_id="m-1",
        recipient="C-101",
        audience="customer",
        template="approved",
        locale=Locale.ZH_CN,
        subject="您的退货申请",
        body="已通过。",
        at=AT,
    )
    for _ in range(2):
        await SandboxMessaging(client).send(message)
    entries = await remote.book(Book.MESSAGES, recipient="C-101")
    assert [each.key for each in entries] == ["m-1", "m-1"]
    assert Message.model_validate(entries[0].data) == message


async def test_every_notice_is_recorded(client: httpx.AsyncClient, remote: SandboxRemote) -> None:
    notice = WarehouseNotice(
        notice_id="n-1", rma_id="RMA-1", subject="expected_parcel", details={"SHIRT-M-SAND": 2, "by": "sf"}, at=AT
    )
    for _ in range(2):
        await SandboxWarehouse(client).notify(notice)
    entries = await remote.book(Book.WAREHOUSE, rma_id="RMA-1")
    assert [each.key for each in entries] == ["n-1", "n-1"]
    assert WarehouseNotice.model_validate(entries[0].data) == notice
