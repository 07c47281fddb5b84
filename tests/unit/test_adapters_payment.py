"""The payment port against the sandbox."""

import itertools
import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from adapters.errors import ProviderRefused
from adapters.orders.sandbox import SandboxOrders
from adapters.payment.sandbox import SandboxPayment
from domain.intents import PaymentDirection, PaymentIntent, ProviderStatus
from sandbox.books import Book
from sandbox.faults import FaultKind, FaultSpec, Target
from sandbox.shop import LoadKind
from tests.unit.sandbox_remote import SandboxRemote

pytest_plugins = ["tests.unit.sandbox_fixtures"]

_NUMBERS = itertools.count(1)

AT = datetime(2026, 11, 20, 9, tzinfo=UTC)


@pytest.fixture
def payment(client: httpx.AsyncClient) -> SandboxPayment:
    return SandboxPayment(client)


class Case:
    """An order of its own, paid 19900 by card, of a customer whose gift card holds 20000."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.rma_id = f"RMA-{number}"
        self.order_id = f"ORDER-{number}"
        self.payment_id = f"ORDER-{number}-p1"
        self.customer_id = f"CUSTOMER-{number}"
        self.card = f"CARD-{number}"
        self.gift_card = f"GIFT-{number}"

    def order(self) -> str:
        line = {
            "item_id": "LAMP-WHITE",
            "product_id": "P-LAMP",
            "name": "Reading lamp",
            "quantity": 1,
            "unit_price_minor": 19900,
        }
        payment = {"kind": "payment", "amount_minor": 19900, "payment_method_id": self.card}
        return json.dumps(
            {
                "order_id": self.order_id,
                "customer_id": self.customer_id,
                "status": "delivered",
                "currency": "CNY",
                "lines": [line],
                "payments": [payment],
            }
        )

    def customer(self) -> str:
        methods = [
            {"id": self.card, "source": "credit_card"},
            {"id": self.gift_card, "source": "gift_card", "balance_minor": 20000},
        ]
        return json.dumps({"customer_id": self.customer_id, "payment_methods": methods})

    def key(self, name: str) -> str:
        return f"{self.rma_id}-{name}"

    def refund(self, name: str, amount: int, *, to: str = "", payment_id: str = "") -> PaymentIntent:
        return PaymentIntent(
            key=self.key(name),
            rma_id=self.rma_id,
            order_id=self.order_id,
            direction=PaymentDirection.REFUND,
            payment_id=payment_id or self.payment_id,
            method_id=to or self.card,
            amount_minor=amount,
            currency="CNY",
        )

    def charge(self, name: str, amount: int, *, by: str = "") -> PaymentIntent:
        return PaymentIntent(
            key=self.key(name),
            rma_id=self.rma_id,
            order_id=self.order_id,
            direction=PaymentDirection.CHARGE,
            payment_id="",
            method_id=by or self.gift_card,
            amount_minor=amount,
            currency="CNY",
        )

    async def gift_balance(self, client: httpx.AsyncClient) -> int | None:
        order = await SandboxOrders(client).get_order(self.order_id)
        method = order.method(self.gift_card) if order else None
        return method.balance_minor if method else None


@pytest.fixture
async def case(remote: SandboxRemote) -> Case:
    case = Case(next(_NUMBERS))
    await remote.load(LoadKind.CUSTOMERS, case.customer())
    await remote.load(LoadKind.ORDERS, case.order())
    return case


async def test_a_refund_is_made_once_and_found_by_its_key(
    payment: SandboxPayment, remote: SandboxRemote, case: Case
) -> None:
    key = case.key("r")
    assert await payment.find(case.refund("r", 5000)) is None
    first = await payment.submit(case.refund("r", 5000), AT)
    assert (first.status, first.reference, first.amount_minor) == (ProviderStatus.SUCCEEDED, key, 5000)
    assert await payment.submit(case.refund("r", 5000), AT + timedelta(hours=1)) == first
    assert await payment.find(case.refund("r", 5000)) == first
    assert await payment.find(case.charge("r", 5000)) is None
    entries = await remote.book(Book.REFUNDS, rma_id=case.rma_id)
    assert [(each.key, each.at, each.data["order_id"]) for each in entries] == [(key, AT, case.order_id)]


async def test_a_key_stands_for_one_request(payment: SandboxPayment, remote: SandboxRemote, case: Case) -> None:
    await payment.submit(case.refund("r", 5000), AT)
    for other in (case.refund("r", 5001), case.charge("r", 5000)):
        with pytest.raises(ProviderRefused) as refused:
            await payment.submit(other, AT)
        assert refused.value.code == "idempotency_key_reused"
    assert len(await remote.book(Book.REFUNDS, order_id=case.order_id)) == 1


async def test_a_wrong_request_is_refused_and_leaves_no_trace(
    payment: SandboxPayment, remote: SandboxRemote, case: Case
) -> None:
    refund, charge = case.refund("r", 100), case.charge("c", 100)
    wrong = [
        (case.refund("r", 19901), "over_refund"),
        (case.refund("r", 1, payment_id="CN-1012-p1", to="CARD-104"), "over_refund"),
        (case.refund("r", 100, payment_id="CN-9999-p1"), "unknown_payment"),
        (case.refund("r", 100, to="CARD-102"), "unknown_method"),
        (case.refund("r", 100, to="NO-SUCH"), "unknown_method"),
        (refund.model_copy(update={"currency": "USD"}), "wrong_currency"),
        (refund.model_copy(update={"key": "not a reference"}), "invalid_request"),
        (refund.model_copy(update={"amount_minor": 0}), "invalid_request"),
        (case.charge("c", 100, by="CARD-102"), "unknown_method"),
        (charge.model_copy(update={"currency": "USD"}), "wrong_currency"),
        (charge.model_copy(update={"order_id": "CN-9999"}), "unknown_order"),
    ]
    before = await remote.counts()
    for intent, code in wrong:
        with pytest.raises(ProviderRefused) as refused:
            await payment.submit(intent, AT)
        assert refused.value.code == code
    assert await remote.counts() == before


async def test_refunds_of_a_payment_never_exceed_it(payment: SandboxPayment, case: Case) -> None:
    await payment.submit(case.refund("r-1", 12000), AT)
    with pytest.raises(ProviderRefused):
        await payment.submit(case.refund("r-2", 7901), AT)
    assert (await payment.submit(case.refund("r-3", 7900), AT)).status is ProviderStatus.SUCCEEDED


async def test_a_refund_to_a_gift_card_raises_its_balance(
    payment: SandboxPayment, client: httpx.AsyncClient, remote: SandboxRemote, case: Case
) -> None:
    await payment.submit(case.refund("r", 500, to=case.gift_card), AT)
    assert await case.gift_balance(client) == 20500
    entries = await remote.book(Book.GIFT_CARDS, method_id=case.gift_card)
    assert [each.data["change_minor"] for each in entries] == [20000, 500]


async def test_a_charge_lowers_a_gift_card_and_fails_beyond_it(
    payment: SandboxPayment, client: httpx.AsyncClient, case: Case
) -> None:
    assert (await payment.submit(case.charge("c-1", 15000), AT)).status is ProviderStatus.SUCCEEDED
    assert await case.gift_balance(client) == 5000
    too_much = await payment.submit(case.charge("c-2", 5001), AT)
    assert (too_much.status, too_much.failure) == (ProviderStatus.FAILED, "insufficient_balance")
    assert await payment.submit(case.charge("c-2", 5001), AT) == too_much
    assert await case.gift_balance(client) == 5000
    with pytest.raises(ProviderRefused) as refused:
        await payment.submit(case.refund("r", 1, payment_id=case.key("c-2"), to=case.gift_card), AT)
    assert refused.value.code == "over_refund"


async def test_a_charge_can_be_refunded_by_its_reference(payment: SandboxPayment, case: Case) -> None:
    await payment.submit(case.charge("c", 3000, by=case.card), AT)
    found = await payment.find(case.charge("c", 3000, by=case.card))
    assert found is not None
    assert found.amount_minor == 3000
    back = await payment.submit(case.refund("r", 3000, payment_id=case.key("c")), AT)
    assert back.status is ProviderStatus.SUCCEEDED


async def test_a_closed_card_declines_and_the_money_can_go_elsewhere(
    payment: SandboxPayment, remote: SandboxRemote, case: Case
) -> None:
    closed = FaultSpec(
        target=Target.REFUND, kind=FaultKind.CLOSED_METHOD, times=None, match={"method_id": case.card}
    )
    await remote.set_fault(closed)
    declined = await payment.submit(case.refund("r-1", 19900), AT)
    assert (declined.status, declined.failure) == (ProviderStatus.FAILED, "method_closed")
    assert await payment.find(case.refund("r-1", 19900)) == declined
    other = await payment.submit(case.refund("r-2", 19900, to=case.gift_card), AT)
    assert other.status is ProviderStatus.SUCCEEDED


@pytest.mark.parametrize("direction", [PaymentDirection.REFUND, PaymentDirection.CHARGE])
async def test_what_is_pending_ends_when_it_is_looked_up(
    payment: SandboxPayment,
    client: httpx.AsyncClient,
    remote: SandboxRemote,
    case: Case,
    direction: PaymentDirection,
) -> None:
    is_refund = direction is PaymentDirection.REFUND
    intent = case.refund("m", 700, to=case.gift_card) if is_refund else case.charge("m", 700)
    target = Target.REFUND if is_refund else Target.CHARGE
    await remote.set_fault(FaultSpec(target=target, kind=FaultKind.PENDING))
    first = await payment.submit(intent, AT)
    assert first.status is ProviderStatus.PENDING
    assert await payment.submit(intent, AT) == first
    assert await case.gift_balance(client) == 20000
    ended = await payment.find(intent)
    assert ended is not None
    assert (ended.status, ended.provider_reference) == (ProviderStatus.SUCCEEDED, first.provider_reference)
    assert await payment.find(intent) == ended
    assert await case.gift_balance(client) == (20700 if is_refund else 19300)
    book = await remote.book(Book.REFUNDS if is_refund else Book.CHARGES, key=intent.key)
    assert [each.data["status"] for each in book] == ["pending", "succeeded"]


async def test_what_is_pending_counts_against_the_payment_and_may_still_fail(
    payment: SandboxPayment, remote: SandboxRemote, case: Case
) -> None:
    await remote.set_fault(FaultSpec(target=Target.REFUND, kind=FaultKind.PENDING))
    await remote.set_fault(FaultSpec(target=Target.REFUND, kind=FaultKind.CLOSED_METHOD))
    await payment.submit(case.refund("r-1", 19900), AT)
    with pytest.raises(ProviderRefused):
        await payment.submit(case.refund("r-2", 1), AT)
    ended = await payment.find(case.refund("r-1", 19900))
    assert ended is not None
    assert ended.status is ProviderStatus.FAILED
    assert (await payment.submit(case.refund("r-3", 19900), AT)).status is ProviderStatus.SUCCEEDED


async def test_without_a_key_each_request_moves_money(url: str, case: Case) -> None:
    body = {
        "reference": case.key("r"),
        "payment_id": case.payment_id,
        "method_id": case.card,
        "amount_minor": 100,
        "currency": "CNY",
        "at": AT.isoformat(),
    }
    async with httpx.AsyncClient(base_url=url) as http:
        made = [(await http.post("/payments/refunds", json=body)).json() for _ in range(2)]
        kept = [
            await http.post("/payments/refunds", json=body, headers={"Idempotency-Key": "k"}) for _ in range(2)
        ]
        known = (await http.get("/payments/refunds", params={"reference": case.key("r")})).json()
    assert len({each["provider_reference"] for each in [*made, kept[0].json()]}) == 3
    assert kept[0].json() == kept[1].json()
    assert ["Idempotent-Replayed" in each.headers for each in kept] == [False, True]
    assert len(known["refunds"]) == 3


async def test_what_changed_in_a_time_is_listed_in_pages(payment: SandboxPayment, url: str, case: Case) -> None:
    """Payments that came with an order are not ours, and are not listed."""
    begin = AT + timedelta(days=case.number)
    await payment.submit(case.refund("early", 1), begin - timedelta(seconds=1))
    await payment.submit(case.refund("r", 5000), begin)
    await payment.submit(case.charge("c", 30000), begin)
    hold = case.charge("h", 200, by=case.card).model_copy(update={"direction": PaymentDirection.HOLD})
    held = await payment.submit(hold, begin)
    await payment.submit(case.refund("late", 1), begin + timedelta(hours=1))

    listed = await payment.changed(begin, begin + timedelta(hours=1))

    assert (len(listed.payments), listed.next) == (3, "")
    refund, charge, placed = listed.payments
    assert (refund.direction, refund.reference, refund.amount_minor) == (
        PaymentDirection.REFUND,
        case.key("r"),
        5000,
    )
    assert (charge.direction, charge.status) == (PaymentDirection.CHARGE, ProviderStatus.FAILED)
    assert (placed.direction, placed.expires_at) == (PaymentDirection.HOLD, held.expires_at)
    async with httpx.AsyncClient(base_url=url) as http:
        asked = {"since": begin.isoformat(), "until": (begin + timedelta(hours=1)).isoformat(), "limit": "2"}
        first = (await http.get("/payments/changes", params=asked)).json()
        second = (await http.get("/payments/changes", params=asked | {"after": first["next"]})).json()
        wrong = await http.get("/payments/changes", params=asked | {"after": "x"})
    pages = [[each["reference"] for each in page["payments"]] for page in (first, second)]
    assert pages == [[case.key("r"), case.key("c")], [case.key("h")]]
    assert (second["next"], wrong.status_code) == ("", 422)


async def test_what_changes_later_is_listed_at_its_change(
    payment: SandboxPayment, remote: SandboxRemote, case: Case
) -> None:
    begin = AT + timedelta(days=case.number)
    hold = case.charge("h", 200, by=case.card).model_copy(update={"direction": PaymentDirection.HOLD})
    await payment.submit(hold, begin)
    await payment.release_hold(hold.key, begin + timedelta(hours=2))
    assert (await payment.changed(begin, begin + timedelta(hours=1))).payments == ()
    (released,) = (await payment.changed(begin + timedelta(hours=1), begin + timedelta(hours=3))).payments
    assert released.reference == hold.key
