"""What the pipeline asks the ledger to write: one entry per step of a stage, each written once.

Every entry carries an `op`, unique within its return. The ledger stores the answer under it, so a repeat
after a crash, a lost answer or a workflow reset gets the first answer and changes nothing.
"""

from pydantic import Field

from domain.application import ReturnApplication
from domain.chargebacks import Chargeback, ChargebackState
from domain.clocks import Peak
from domain.coupons import BreachCertificate
from domain.intents import IntentState, PaymentIntent, RefundBasis
from domain.orders import OrderSnapshot, Variant
from domain.outbox import OutboxItem
from domain.policy import ClockDurations, PickupRules
from domain.record import MinorUnits, Record, UtcDatetime
from domain.refund import RefundQuote, UnitsToSettle
from domain.refusals import Refusal
from domain.review import ReviewDecision


class LedgerEntry(Record):
    """What every entry has in common. `at` is the workflow's time of the effect, UTC."""

    rma_id: str
    op: str
    at: UtcDatetime
    outbox: tuple[OutboxItem, ...] = ()


class ReturnOpening(LedgerEntry):
    """Reserve the units of a return and freeze the money facts of its order.

    `review` is the answer that is stored and given again to every repeat.
    """

    order: OrderSnapshot
    units: dict[str, int]
    max_applications_per_line: int
    review: "Review"


class StageEntry(LedgerEntry):
    """What a step decided: messages, and the parcel or the breach that it registers."""

    carrier: str = ""
    tracking_no: str = ""
    breach: BreachCertificate | None = None
    coupon_id: str = ""


class RefundAuthorization(LedgerEntry):
    """Quote the units and record a refund intent per tender, within every ceiling.

    Attributes:
        round: Counts the settlements of the return, for the keys.
        destination: The means of payment that the customer consented to; None sends it back whence it came.
        refund_shipping: Whether outbound shipping is owed; the ledger grants it once per order.
        less_minor: For an exchange, what the replacements cost: taken off the quote.
        order_entirely: Pay back everything that is left of the order (cancellation before shipping).
        instead_of: The op of an exchange that fell through after it was authorised. Its units are settled
            already, so nothing is quoted again: what its quote is worth is paid out, less what was paid back
            for it, plus what the customer was charged for it.
    """

    round: int
    basis: RefundBasis
    units: tuple[UnitsToSettle, ...]
    destination: str | None = None
    refund_shipping: bool = False
    less_minor: MinorUnits = 0
    order_entirely: bool = False
    instead_of: str = ""


class AuthorizedRefund(Record):
    """The quote, the intents that pay it, and what the customer owes where the quote falls short."""

    quote: RefundQuote
    intents: tuple[PaymentIntent, ...]
    owed_by_customer_minor: MinorUnits = 0


class SettlementRequest(Record):
    """Authorise a refund, and tell until when it was promised to be paid."""

    authorization: RefundAuthorization
    business_days: int
    policy_version: str


class SettlementPlan(Record):
    """What is to be paid, and the end of the promise, UTC."""

    refund: AuthorizedRefund
    due_at: UtcDatetime


class ChargeAuthorization(LedgerEntry):
    """Record the intent to charge the difference of an exchange, in minor units."""

    round: int
    method_id: str
    amount_minor: MinorUnits


class TenderReplacement(LedgerEntry):
    """Put another means of payment in the place of one that was declined."""

    declined_key: str
    round: int
    method_id: str


class IntentOutcome(LedgerEntry):
    """What the provider said of an intent."""

    key: str
    state: IntentState
    provider_reference: str = ""
    failure: str = ""


class IntentCall(Record):
    """Bring an intent to its end at the provider; what is then to be told is written with the outcome.

    `at` is the workflow's time of the effect, UTC.
    """

    key: str
    rma_id: str
    at: UtcDatetime
    if_paid: tuple[OutboxItem, ...] = ()
    if_declined: tuple[OutboxItem, ...] = ()


class ChargebackReport(LedgerEntry):
    """The customer's bank took an amount of a captured payment back; minor units."""

    chargeback_id: str
    payment_id: str
    amount_minor: MinorUnits


class ChargebackDecision(LedgerEntry):
    """A chargeback was won or lost."""

    chargeback_id: str
    state: ChargebackState


class ChargebackOutcome(Record):
    """The chargeback as it was decided, and the refunds that it covered, as they are now."""

    chargeback: Chargeback
    covered: tuple[PaymentIntent, ...] = ()


class ReturnClosing(LedgerEntry):
    """Close the case: units that were not settled go free, the end is kept beyond Temporal's retention."""

    header: str
    refusal_code: str = ""
    request_fingerprint: str = ""


class Review(Record):
    """What the review of an application came to, with the rules of the policy that the return stays on."""

    refusal: Refusal | None = None
    decision: ReviewDecision | None = None
    clocks: ClockDurations = ClockDurations()
    pickup: PickupRules | None = None
    peaks: tuple[Peak, ...] = ()
    coupon_minor: MinorUnits = 0
    currency: str = ""
    price_difference_minor: int = 0
    settle_method_id: str = ""
    replacement_prices_minor: dict[str, int] = Field(default_factory=dict)
    free_size_swap: bool = False


class ReviewRequest(LedgerEntry):
    """Check the facts of an application, decide it and reserve its units, in one step.

    `applied_at` is when the customer applied: the window is held against it, however long the review takes.
    """

    applied_at: UtcDatetime
    application: ReturnApplication
    order: OrderSnapshot | None
    variants: tuple[Variant, ...] = ()
    auto_review_late: bool = False
    policy_version: str = ""


ReturnOpening.model_rebuild()
