"""Orders and ledger entries for the tests, short to write."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine, text

from domain.bookkeeping import (
    AuthorizedRefund,
    ChargeAuthorization,
    IntentOutcome,
    RefundAuthorization,
    ReturnClosing,
    ReturnOpening,
    Review,
    StageEntry,
    TenderReplacement,
)
from domain.coupons import BreachCertificate
from domain.intents import IntentState, PaymentIntent, RefundBasis
from domain.liability import Liability
from domain.orders import OrderLine, OrderSnapshot, OrderStatus, Payment, PaymentMethod
from domain.outbox import OutboxItem, OutboxKind
from domain.reasons import LiableParty
from domain.refund import Circumstances, UnitsToSettle
from domain.review import ReviewDecision, ReviewOutcome, ReviewReason
from domain.shipping import CarrierEvent
from ledger.ledger import Ledger
from ledger.tables import Base

NOW = datetime(2026, 3, 1, 8, 30, 15, 123456, tzinfo=UTC)

REVIEW = Review(
    decision=ReviewDecision(
        outcome=ReviewOutcome.APPROVED, reasons=(ReviewReason.NOT_SHIPPED,), policy_version="test-1"
    ),
    currency="CNY",
)


SHOP_IS_LIABLE = Circumstances(liability={f"L{number}": Liability.of(LiableParty.MERCHANT) for number in range(9)})
"""The outbound shipping is owed along with whatever is paid."""


def a_line(line_id: str, quantity: int, paid_minor: int) -> OrderLine:
    """A line whose whole quantity was paid `paid_minor`."""
    unit_price_minor = -(-paid_minor // quantity)
    return OrderLine(
        line_id=line_id,
        item_id=f"{line_id}-item",
        product_id=f"{line_id}-product",
        name=line_id,
        quantity=quantity,
        unit_price_minor=unit_price_minor,
        discount_minor=unit_price_minor * quantity - paid_minor,
    )


def an_order(
    lines: tuple[OrderLine, ...] = (a_line("L1", 3, 1000),),
    payments: dict[str, int] | None = None,
    shipping_minor: int = 0,
    order_id: str = "O-1",
) -> OrderSnapshot:
    """An order paid by card, or by the payments given as minor units by id; P1 was paid with M1."""
    paid = payments or {"P1": sum(line.net_minor for line in lines) + shipping_minor}
    return OrderSnapshot(
        order_id=order_id,
        customer_id="C-1",
        status=OrderStatus.DELIVERED,
        currency="CNY",
        lines=lines,
        shipping_minor=shipping_minor,
        payments=tuple(
            Payment(payment_id=payment_id, method_id=payment_id.replace("P", "M"), captured_minor=amount)
            for payment_id, amount in paid.items()
        ),
        payment_methods=tuple(
            PaymentMethod(method_id=payment_id.replace("P", "M"), source="card") for payment_id in paid
        ),
    )


def a_message(text: str) -> OutboxItem:
    return OutboxItem(kind=OutboxKind.CUSTOMER_MESSAGE, name="approved", recipient="C-1", params={"text": text})


def an_opening(rma_id: str, order: OrderSnapshot, units: dict[str, int], **fields: Any) -> ReturnOpening:
    entry = {"op": "open", "at": NOW, "max_applications_per_line": 5, "review": REVIEW, **fields}
    return ReturnOpening(rma_id=rma_id, order=order, units=units, **entry)


def an_authorization(
    rma_id: str, units: dict[str, int] | Sequence[UnitsToSettle] = (), **fields: Any
) -> RefundAuthorization:
    entry = {"op": "refund-1", "round": 1, "at": NOW, "basis": RefundBasis.INSPECTION, **fields}
    if isinstance(units, dict):
        units = [UnitsToSettle(line_id=line_id, quantity=quantity) for line_id, quantity in units.items()]
    return RefundAuthorization(rma_id=rma_id, units=tuple(units), **entry)


def a_charge(rma_id: str, amount_minor: int, **fields: Any) -> ChargeAuthorization:
    entry = {"op": "charge-1", "round": 1, "at": NOW, "method_id": "M1", **fields}
    return ChargeAuthorization(rma_id=rma_id, amount_minor=amount_minor, **entry)


def a_replacement(intent: PaymentIntent, **fields: Any) -> TenderReplacement:
    entry = {"op": "replace-1", "round": 9, "at": NOW, "method_id": "M9", **fields}
    return TenderReplacement(rma_id=intent.rma_id, declined_key=intent.key, **entry)


def an_outcome(intent: PaymentIntent, state: IntentState, **fields: Any) -> IntentOutcome:
    entry = {"op": f"{intent.key}-{state}", "at": NOW, **fields}
    return IntentOutcome(rma_id=intent.rma_id, key=intent.key, state=state, **entry)


def a_stage(rma_id: str, op: str, **fields: Any) -> StageEntry:
    return StageEntry(rma_id=rma_id, op=op, **{"at": NOW, **fields})


def a_closing(rma_id: str, **fields: Any) -> ReturnClosing:
    entry = {"op": "close", "at": NOW, "header": "COMPLETED", **fields}
    return ReturnClosing(rma_id=rma_id, **entry)


def a_breach(rma_id: str, **fields: Any) -> BreachCertificate:
    certificate = {
        "key": f"{rma_id}-inspection",
        "clock": "inspection",
        "started_at": NOW,
        "due_at": NOW,
        "observed_at": NOW,
        "coupon_minor": 5000,
        "currency": "CNY",
        **fields,
    }
    return BreachCertificate(rma_id=rma_id, **certificate)


def a_scan(event_id: str, tracking_no: str = "T-1", carrier: str = "sf") -> CarrierEvent:
    return CarrierEvent(
        event_id=event_id, carrier=carrier, tracking_no=tracking_no, kind="delivered", occurred_at=NOW
    )


def open_and_authorize(
    ledger: Ledger, rma_id: str, order: OrderSnapshot, units: dict[str, int], **fields: Any
) -> AuthorizedRefund:
    """A return of the units, authorised in full."""
    assert ledger.open_return(an_opening(rma_id, order, units)).refusal is None
    return ledger.authorize_refund(an_authorization(rma_id, units, **fields))


def pay(ledger: Ledger, intent: PaymentIntent) -> PaymentIntent:
    """Bring an intent to its good end."""
    ledger.intent_submitted(intent.key, NOW)
    return ledger.intent_outcome(an_outcome(intent, IntentState.SUCCEEDED))


def decline(ledger: Ledger, intent: PaymentIntent) -> PaymentIntent:
    """Have an intent declined by the provider."""
    ledger.intent_submitted(intent.key, NOW)
    return ledger.intent_outcome(an_outcome(intent, IntentState.DECLINED, failure="card_closed"))


def row_counts(engine: Engine) -> dict[str, int]:
    """How many rows each table has."""
    with engine.connect() as connection:
        return {
            table.name: connection.execute(text(f"SELECT count(*) FROM {table.name}")).scalar_one()
            for table in Base.metadata.sorted_tables
        }
