"""A run of one return that went well, to be broken by hand."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from chaos.books import BooksOfReturn, by_return
from chaos.oracle import Evidence, Judgement, LedgersWord, judge
from chaos.people import Seen
from chaos.stories import SHIRT_MINOR, Conduct, Expected, Life, Story
from domain.actions import Action
from domain.application import Remedy
from domain.intents import IntentState, PaymentDirection, PaymentIntent
from domain.keys import inspection_clock_key, refund_key
from domain.status import Approval, Header, InspectionStatus, Logistics, Reimbursement
from ledger.answers import OrderBalance, PaymentBalance
from replay.replaying import Outcome, Replayed
from workflows.contracts import ReturnStatus
from workflows.contracts.status import ParcelStatus, PaymentStatus, TimelineEntry

AT = datetime(2026, 11, 22, 8, tzinfo=UTC)
PROMISE = timedelta(seconds=10)
ORDER = {"order_id": "O-1", "payments": [{"amount_minor": 4 * SHIRT_MINOR}]}
LIFE = Life(1, Story.PLAIN, 0.0, ORDER, {}, {}, "request-1", Conduct(), Expected(refunded_minor=SHIRT_MINOR))
RMA = LIFE.rma_id
KEY = refund_key(RMA, 1, 0)


def refund(number: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "reference": KEY,
        "provider_reference": f"re_{number}",
        "status": "succeeded",
        "amount_minor": SHIRT_MINOR,
    } | changes


def coupon(number: int = 1) -> dict[str, Any]:
    return {"key": inspection_clock_key(RMA), "coupon_id": f"co_{number}"}


def pickup(number: int = 1) -> dict[str, Any]:
    return {
        "pickup_id": f"pu_{number}",
        "reference": f"{RMA}-pickup-{number}",
        "tracking_no": f"SWIFT-{number}",
        "rma_id": RMA,
        "status": "booked",
    }


def message(message_id: str = "m-1", body: str = "Paid.", template: str = "refund_paid") -> dict[str, Any]:
    return {"message_id": message_id, "template": template, "body": body, "channel": "in_app"}


@dataclass
class Run:
    """The evidence of one return; what is changed in it is what the oracle has to find."""

    refunds: list[dict[str, Any]] = field(default_factory=lambda: [refund()])
    coupons: list[dict[str, Any]] = field(default_factory=list)
    pickups: list[dict[str, Any]] = field(default_factory=lambda: [pickup()])
    messages: list[dict[str, Any]] = field(default_factory=lambda: [message()])
    delivered_at: datetime = AT
    scan_says: datetime | None = None
    inspected_at: datetime = AT + timedelta(seconds=3)
    amount_minor: int = SHIRT_MINOR
    intent: IntentState | None = IntentState.SUCCEEDED
    ledger_refunded_minor: int = SHIRT_MINOR
    undelivered: int = 0
    replayed: Outcome | None = Outcome.OK
    adds_up: bool | None = True
    unknown_orders: list[str] = field(default_factory=list)
    helped: list[str] = field(default_factory=list)
    status: dict[str, Any] = field(default_factory=dict)
    is_known: bool = True

    def books(self) -> dict[str, BooksOfReturn]:
        scan = {
            "kind": "delivered",
            "tracking_no": "SWIFT-1",
            "occurred_at": (self.scan_says or self.delivered_at).isoformat(),
        }
        written = {
            "refunds": [(KEY, each) for each in self.refunds],
            "coupons": [(each["key"], each) for each in self.coupons],
            "pickups": [(each["reference"], each) for each in self.pickups],
            "messages": [(f"{RMA}/{each['message_id']}", each) for each in self.messages],
            "scans": [("SWIFT-1", scan)],
        }
        return by_return(
            {
                book: [
                    {"seq": seq, "key": key, "at": self.delivered_at.isoformat(), "data": data}
                    for seq, (key, data) in enumerate(entries)
                ]
                for book, entries in written.items()
            },
            [RMA],
        )

    def _status(self) -> ReturnStatus:
        said: dict[str, Any] = {
            "rma_id": RMA,
            "order_id": "O-1",
            "remedy": Remedy.RETURN_AND_REFUND,
            "header": Header.COMPLETED,
            "approval": Approval.APPROVED,
            "logistics": Logistics.RECEIVED,
            "inspection": InspectionStatus.ACCEPTED,
            "reimbursement": Reimbursement.SETTLED,
            "is_final": True,
            "money_settled": True,
            "allowed_actions": tuple[Action, ...](),
            "parcels": (
                ParcelStatus(number=1, logistics=Logistics.RECEIVED, inspection=InspectionStatus.ACCEPTED),
            ),
            "payments": (
                PaymentStatus(
                    key=KEY,
                    direction=PaymentDirection.REFUND,
                    method_id="CARD-1",
                    amount_minor=self.amount_minor,
                    state=IntentState.SUCCEEDED,
                ),
            ),
            "timeline": (
                TimelineEntry(at=AT - timedelta(minutes=1), what="application received"),
                TimelineEntry(at=self.delivered_at, what="logistics DELIVERED"),
                TimelineEntry(at=self.inspected_at, what="inspection ACCEPTED"),
            ),
        }
        return ReturnStatus(**(said | self.status))

    def judged(self) -> Judgement:
        """What the oracle says of it."""
        intents = [
            PaymentIntent(
                key=KEY,
                rma_id=RMA,
                order_id="O-1",
                direction=PaymentDirection.REFUND,
                payment_id="P-1",
                method_id="CARD-1",
                amount_minor=self.amount_minor,
                currency="CNY",
                state=state,
            )
            for state in [self.intent]
            if state
        ]
        payment = PaymentBalance(
            payment_id="P-1",
            method_id="CARD-1",
            captured_minor=4 * SHIRT_MINOR,
            refunded_minor=self.ledger_refunded_minor,
            reserved_minor=0,
        )
        balance = OrderBalance(
            order_id="O-1", currency="CNY", payments=(payment,), lines=(), shipping_granted_minor=0
        )
        return judge(
            Evidence(
                seen=[Seen(LIFE, self._status() if self.is_known else None, self.adds_up, helped=self.helped)],
                books=self.books(),
                promise=PROMISE,
                now=AT + timedelta(minutes=5),
                ledger=LedgersWord({"O-1": balance}, {RMA: intents}, self.unknown_orders, self.undelivered),
                replayed=[
                    Replayed(name=f"return/{RMA}", outcome=outcome, told="it parts")
                    for outcome in [self.replayed]
                    if outcome
                ],
            )
        )


def of_another_amount(amount_minor: int, **changes: Any) -> Run:
    """A run that paid another amount than the story tells, and whose status, ledger and books agree on it."""
    return Run(
        refunds=[refund(amount_minor=amount_minor)],
        amount_minor=amount_minor,
        ledger_refunded_minor=amount_minor,
        **changes,
    )
