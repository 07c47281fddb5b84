"""What the ledger answers where the domain has no record for it."""

from domain.intents import PaymentIntent
from domain.outbox import Delivery
from domain.payment_news import PaymentNews
from domain.record import MinorUnits, Quantity, Record, UtcDatetime
from domain.shipping import CarrierEvent


class PaymentBalance(Record):
    """A payment of an order in minor units: captured, paid back, set aside for refunds, and charged back."""

    payment_id: str
    method_id: str
    captured_minor: MinorUnits
    refunded_minor: MinorUnits
    reserved_minor: MinorUnits
    charged_back_minor: MinorUnits = 0


class LineBalance(Record):
    """The units of an order line that its returns hold or have settled."""

    line_id: str
    quantity: Quantity
    held: Quantity
    settled: Quantity


class OrderBalance(Record):
    """The books of an order, in minor units of its currency."""

    order_id: str
    currency: str
    payments: tuple[PaymentBalance, ...]
    lines: tuple[LineBalance, ...]
    shipping_granted_minor: MinorUnits

    @property
    def captured_minor(self) -> int:
        """What was paid, charges of exchanges included."""
        return sum(payment.captured_minor for payment in self.payments)

    @property
    def refunded_minor(self) -> int:
        """What was paid back."""
        return sum(payment.refunded_minor for payment in self.payments)

    @property
    def reserved_minor(self) -> int:
        """What is set aside for refunds on their way."""
        return sum(payment.reserved_minor for payment in self.payments)


class ParkedDelivery(Record):
    """An outbox item that was refused for good, and why."""

    delivery: Delivery
    error: str


class ParkedEvent(Record):
    """A scan that was refused too often, and why."""

    event: CarrierEvent
    error: str


class Backlog(Record):
    """How much waits in the ledger. The times are when the oldest was written, or its outcome became unknown."""

    messages_pending: int
    messages_parked: int
    oldest_message_at: UtcDatetime | None
    scans_parked: int
    intents_unknown: int
    oldest_unknown_at: UtcDatetime | None
    claims_open: int


class Waiting(Record):
    """What waits in the ledger for longer than it should.

    Attributes:
        count: How many intents, items or scans.
        oldest_at: Since when the oldest waits, UTC; None if nothing does.
        rma_ids: The returns of the oldest ones, each once.
        failed: Those of them that were tried and failed.
    """

    count: int = 0
    oldest_at: UtcDatetime | None = None
    rma_ids: tuple[str, ...] = ()
    failed: int = 0


class ClosedReturn(Record):
    """The end of a case. `order_id` is empty for a return that was refused before it opened."""

    rma_id: str
    order_id: str
    closed_at: UtcDatetime
    header: str
    refusal_code: str
    request_fingerprint: str


class DueNews(Record):
    """A provider's report for which nothing was done yet, its intent, and how often it was put off."""

    news: PaymentNews
    intent: PaymentIntent
    tries: int
