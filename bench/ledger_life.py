"""A plain return as the ledger sees it: the calls of its stages, each timed."""

import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from domain.bookkeeping import (
    IntentOutcome,
    RefundAuthorization,
    ReturnClosing,
    ReturnOpening,
    Review,
    StageEntry,
)
from domain.intents import IntentState, RefundBasis
from domain.orders import OrderLine, OrderSnapshot, OrderStatus, Payment, PaymentMethod
from domain.outbox import OutboxItem, OutboxKind, Template
from domain.refund import UnitsToSettle
from domain.review import ReviewDecision, ReviewOutcome, ReviewReason
from domain.shipping import CarrierEvent
from ledger.ledger import Ledger

LEASE = timedelta(seconds=10)
BATCH = 50
_LINE = "SHIRT-M"
_CARRIER = "swift"
_SCANS = ("picked_up", "accepted", "delivered")
_REVIEW = Review(
    decision=ReviewDecision(
        outcome=ReviewOutcome.APPROVED,
        reasons=(ReviewReason.WITHIN_WINDOW_AND_RESALE_UNAFFECTED,),
        policy_version="bench-1",
    ),
    currency="CNY",
)


@dataclass
class Times:
    """Milliseconds of each call, by its name."""

    of: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Time what is done in the block."""
        began = time.perf_counter()
        yield
        self.of[name].append((time.perf_counter() - began) * 1000)


def order_of_return(rma_id: str) -> str:
    """The id of the order that a return is of."""
    return f"O-{rma_id}"


def parcel_of_return(rma_id: str) -> tuple[str, str]:
    """Carrier and tracking number of a return's parcel."""
    return _CARRIER, f"T-{rma_id}"


def open_one(
    ledger: Ledger, rma_id: str, times: Times, *, order: OrderSnapshot | None = None, line_id: str = _LINE
) -> None:
    """Open a return of one unit; of an order of its own unless another is given.

    Raises:
        RuntimeError: If the ledger refuses it.
    """
    order = order or an_order(order_of_return(rma_id), 1)
    with times.timed("count earlier returns"):
        ledger.returns_opened(order.order_id, rma_id)
    opening = ReturnOpening(
        rma_id=rma_id,
        op="open",
        at=datetime.now(UTC),
        outbox=(_message(rma_id),),
        order=order,
        units={line_id: 1},
        max_applications_per_line=5,
        review=_REVIEW,
    )
    with times.timed("open"):
        review = ledger.open_return(opening)
    if review.refusal:
        raise RuntimeError(f"{rma_id} was refused: {review.refusal.detail}")


def bring_back(ledger: Ledger, rma_id: str, times: Times) -> None:
    """Book the pickup of an open return, and take the scans of its parcel."""
    carrier, tracking_no = parcel_of_return(rma_id)
    with times.timed("record a stage with a parcel"):
        ledger.record(
            StageEntry(
                rma_id=rma_id,
                op="pickup",
                at=datetime.now(UTC),
                outbox=(_message(rma_id),),
                carrier=carrier,
                tracking_no=tracking_no,
                returns_per_waybill=4,
            )
        )
    for kind in _SCANS:
        event = CarrierEvent(
            event_id=f"{rma_id}-{kind}",
            carrier=carrier,
            tracking_no=tracking_no,
            kind=kind,
            occurred_at=datetime.now(UTC),
        )
        with times.timed("accept a scan"):
            ledger.accept_event(event, datetime.now(UTC))
        with times.timed("scan delivered"):
            ledger.event_delivered(carrier, event.event_id, datetime.now(UTC))
    with times.timed("record a stage"):
        ledger.record(StageEntry(rma_id=rma_id, op="arrived", at=datetime.now(UTC), outbox=(_message(rma_id),)))


def settle(ledger: Ledger, rma_id: str, times: Times) -> None:
    """Refund what came back, and close the return."""
    request = RefundAuthorization(
        rma_id=rma_id,
        op="refund-1",
        at=datetime.now(UTC),
        round=1,
        basis=RefundBasis.INSPECTION,
        units=(UnitsToSettle(line_id=_LINE, quantity=1),),
    )
    with times.timed("authorize a refund"):
        refund = ledger.authorize_refund(request)
    for intent in refund.intents:
        with times.timed("intent submitted"):
            ledger.intent_submitted(intent.key, datetime.now(UTC))
        outcome = IntentOutcome(
            rma_id=rma_id,
            op=f"{intent.key}-paid",
            at=datetime.now(UTC),
            outbox=(_message(rma_id),),
            key=intent.key,
            state=IntentState.SUCCEEDED,
        )
        with times.timed("intent outcome"):
            ledger.intent_outcome(outcome)
    with times.timed("close"):
        ledger.close_return(ReturnClosing(rma_id=rma_id, op="close", at=datetime.now(UTC), header="COMPLETED"))


def deliver_messages(ledger: Ledger, times: Times) -> None:
    """Relay what is in the outbox, as the relay does, until nothing is left."""
    while True:
        began = time.perf_counter()
        deliveries = ledger.claim_deliveries(datetime.now(UTC), BATCH, LEASE)
        took = (time.perf_counter() - began) * 1000
        times.of["claim messages" if deliveries else "look for messages"].append(took)
        if not deliveries:
            return
        with times.timed("messages delivered"):
            ledger.delivered([each.message_id for each in deliveries], datetime.now(UTC))


def an_order(order_id: str, lines: int) -> OrderSnapshot:
    """An order of so many lines with one unit each, paid by card; the first line is the one that comes back."""
    ids = [_LINE, *(f"{_LINE}-{number}" for number in range(2, lines + 1))]
    return OrderSnapshot(
        order_id=order_id,
        customer_id=f"C-{order_id}",
        status=OrderStatus.DELIVERED,
        currency="CNY",
        lines=tuple(
            OrderLine(
                line_id=line_id,
                item_id=line_id,
                product_id="P-SHIRT",
                name="Shirt",
                quantity=1,
                unit_price_minor=10_000,
            )
            for line_id in ids
        ),
        payments=(Payment(payment_id="P1", method_id="M1", captured_minor=10_000 * lines),),
        payment_methods=(PaymentMethod(method_id="M1", source="card"),),
    )


def _message(rma_id: str) -> OutboxItem:
    return OutboxItem(
        kind=OutboxKind.CUSTOMER_MESSAGE,
        name=Template.PARCEL_RECEIVED.value,
        recipient=f"C-{order_of_return(rma_id)}",
        params={"rma_id": rma_id},
    )
