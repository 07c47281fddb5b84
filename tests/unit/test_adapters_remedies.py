"""The store-credit and workshop ports against the sandbox, which honours no key: a client looks up first."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest

from activities.store_credit import StoreCreditActivities
from adapters.errors import OutcomeUnknown, ProviderRefused
from adapters.store_credit.sandbox import SandboxStoreCredit
from adapters.workshop.sandbox import SandboxWorkshop
from domain.repair import RepairCancellation, RepairOrder
from domain.store_credit import CreditAccountRequest, CreditGrant
from sandbox.books import Book
from sandbox.faults import FaultKind, FaultSpec, Target
from tests.unit.sandbox_remote import SandboxRemote

pytest_plugins = ["tests.unit.sandbox_fixtures"]

AT = datetime(2026, 11, 20, 9, tzinfo=UTC)


@pytest.fixture
async def remote(url: str) -> AsyncIterator[SandboxRemote]:
    async with SandboxRemote(url) as remote:
        yield remote


def grant(account_id: str, number: int, currency: str = "CNY") -> CreditGrant:
    rma_id = f"RMA-{number}"
    return CreditGrant(
        key=f"{rma_id}-bonus-1", rma_id=rma_id, account_id=account_id, amount_minor=300, currency=currency, at=AT
    )


def repair(number: int) -> RepairOrder:
    rma_id = f"RMA-{number}"
    return RepairOrder(reference=f"{rma_id}-repair-1", rma_id=rma_id, order_id="CN-1001", units={"1": 1}, at=AT)


async def test_a_customer_has_one_account_for_a_currency(client: httpx.AsyncClient) -> None:
    credit = SandboxStoreCredit(client)
    yuan = await credit.open_account(CreditAccountRequest(customer_id="C-7", currency="CNY", at=AT))
    assert await credit.open_account(CreditAccountRequest(customer_id="C-7", currency="CNY", at=AT)) == yuan
    yen = await credit.open_account(CreditAccountRequest(customer_id="C-7", currency="JPY", at=AT))
    assert yen.account_id != yuan.account_id


async def test_a_grant_is_looked_up_before_it_is_made_again(
    client: httpx.AsyncClient, remote: SandboxRemote
) -> None:
    credit = SandboxStoreCredit(client)
    account = await credit.open_account(CreditAccountRequest(customer_id="C-8", currency="CNY", at=AT))
    asked = grant(account.account_id, 1)
    await remote.set_fault(FaultSpec(target=Target.CREDIT_GRANT, kind=FaultKind.LOST_RESPONSE))
    with pytest.raises(OutcomeUnknown):
        await credit.grant(asked)
    found = await StoreCreditActivities(credit).grant(asked)
    assert found == await credit.find_grant(asked.key)
    assert len(await remote.book(Book.STORE_CREDIT, key=asked.key)) == 1
    await credit.grant(asked)
    assert len(await remote.book(Book.STORE_CREDIT, key=asked.key)) == 2, "without the look-up it is made twice"


async def test_a_grant_needs_an_account_in_its_currency(client: httpx.AsyncClient) -> None:
    credit = SandboxStoreCredit(client)
    account = await credit.open_account(CreditAccountRequest(customer_id="C-9", currency="CNY", at=AT))
    for wrong, code in (
        (grant("SC-NOBODY", 2), "unknown_account"),
        (grant(account.account_id, 2, "JPY"), "wrong_currency"),
    ):
        with pytest.raises(ProviderRefused) as refused:
            await credit.grant(wrong)
        assert refused.value.code == code


async def test_a_repair_is_looked_up_before_it_is_ordered_again(
    client: httpx.AsyncClient, remote: SandboxRemote
) -> None:
    workshop, order = SandboxWorkshop(client), repair(3)
    await remote.set_fault(FaultSpec(target=Target.REPAIR, kind=FaultKind.LOST_RESPONSE))
    with pytest.raises(OutcomeUnknown):
        await workshop.order_repair(order)
    ticket = await workshop.order_repair(order)
    assert ticket.reference == order.reference
    assert len(await remote.book(Book.REPAIRS, key=order.reference)) == 1


async def test_a_cancelled_repair_is_not_made_after_all(client: httpx.AsyncClient, remote: SandboxRemote) -> None:
    workshop, order = SandboxWorkshop(client), repair(4)
    ticket = await workshop.order_repair(order)
    for _ in range(2):
        await workshop.cancel_repair(RepairCancellation(reference=order.reference, at=AT))
    await workshop.cancel_repair(RepairCancellation(reference="RMA-NONE-repair-1", at=AT))
    assert (await workshop.order_repair(order)).ticket_id == ticket.ticket_id
    states = [entry.data["status"] for entry in await remote.book(Book.REPAIRS, key=order.reference)]
    assert states == ["ordered", "cancelled"]
