"""What the pipeline asks the ledger to write: one entry per step of a stage, each written once.

Every entry carries an `op`, unique within its return. The ledger stores the answer under it, so a repeat
after a crash, a lost answer or a workflow reset gets the first answer and changes nothing.
"""

from datetime import timedelta

from pydantic import Field

from domain.actions import Role
from domain.advances import AdvanceDecision
from domain.application import ReturnApplication
from domain.chargebacks import Chargeback, ChargebackState
from domain.claims import ClaimGrounds, RecoveryClaim
from domain.clocks import Peak
from domain.coupons import BreachCertificate
from domain.events import StatusEvent
from domain.follow_up import ClaimedLine, FollowUpRequest, KeptCase
from domain.intents import IntentState, PaymentIntent, RefundBasis
from domain.orders import OrderSnapshot, Variant
from domain.outbox import OutboxItem
from domain.policy import AgreementRules, ClaimRules, ClockDurations, PickupRules, RiskRules, TradeInRules
from domain.record import MinorUnits, Record, UtcDatetime
from domain.refund import (
    Circumstances,
    LineCompensation,
    LoweredDeduction,
    RefundClaim,
    RefundQuote,
    RefundRules,
    UnitsToSettle,
)
from domain.refusals import Refusal
from domain.review import ReviewDecision
from domain.shipping import PickupService
from domain.worksheet import WorksheetRow, WorksheetRule


class LedgerEntry(Record):
    """What every entry has in common. `at` is the workflow's time of the effect, UTC.

    `events` are carried by the entries that every return writes: its opening, its stages, its end, its taking up.
    """

    rma_id: str
    op: str
    at: UtcDatetime
    outbox: tuple[OutboxItem, ...] = ()
    events: tuple[StatusEvent, ...] = ()


class ReturnOpening(LedgerEntry):
    """Reserve the units of a return and freeze the money facts of its order.

    `review` is the answer that is stored and given again to every repeat. With an `expected` claim it gets the
    quote of what is paid if everything is accepted, after what earlier returns of the order came to.
    """

    order: OrderSnapshot
    units: dict[str, int]
    max_applications_per_line: int
    review: "Review"
    expected: RefundClaim | None = None
    rules: RefundRules = RefundRules()


class StageEntry(LedgerEntry):
    """What a step decided: messages, and the parcel or the breach that it registers.

    `releases` names the ops of grants beyond the rules that are not used after all, `released` the units that the
    return lets go of. With `returns_per_waybill` the answer names the other returns of the parcel's waybill, if
    there are so many of them or one is another customer's.
    """

    released: dict[str, int] = Field(default_factory=dict)
    carrier: str = ""
    tracking_no: str = ""
    breach: BreachCertificate | None = None
    coupon_id: str = ""
    releases: tuple[str, ...] = ()
    returns_per_waybill: int | None = None


class StageAnswer(Record):
    """What the ledger knows to a step. `shares_waybill_with` are the returns that a person should look at."""

    shares_waybill_with: tuple[str, ...] = ()


class UnitsTakenOver(LedgerEntry):
    """Units that the shop keeps without a refund, because they are paid in another way: a trade-in."""

    units: tuple[UnitsToSettle, ...]


class RefundAuthorization(LedgerEntry):
    """Quote the units and record a refund intent per tender, within every ceiling.

    Attributes:
        round: Counts the settlements of the return, for the keys.
        units: What is paid for and settled; none where only compensations are paid.
        destination: The account that the customer consented to, of whatever kind (a means of payment, a gift card,
            store credit); None sends it back whence it came. Points and coupons go back in kind anyway.
        circumstances: What decides about shipping and fees.
        lowered: Units that an earlier refund of this return paid less a deduction, which is lowered now.
        compensations: Agreed amounts on lines of this return whose goods the customer keeps. They are drawn under
            the ceilings of the line and of the order; units of the line that come back later are worth less.
        ruled_minor: An amount that the platform ruled, in minor units: shared as compensations over the lines of
            this return, by what each has left.
        less_minor: For an exchange, what the replacements cost, or what of that the customer still owes: taken off
            the quote.
        order_entirely: Pay back everything that is left of the order (cancellation before shipping).
        instead_of: The op of an exchange that fell through after it was authorised. Its units are settled
            already, so nothing is quoted again: what its quote is worth is paid out, less what was paid back
            for it, plus what the customer was charged for it.
    """

    round: int
    basis: RefundBasis
    units: tuple[UnitsToSettle, ...]
    destination: str | None = None
    circumstances: Circumstances = Circumstances()
    lowered: tuple[LoweredDeduction, ...] = ()
    compensations: tuple[LineCompensation, ...] = ()
    ruled_minor: MinorUnits = 0
    less_minor: MinorUnits = 0
    order_entirely: bool = False
    instead_of: str = ""


class AuthorizedRefund(Record):
    """The quote, the intents that pay it, and what the customer owes where the quote falls short.

    `adjustments` are the rows between the quote and what the intents draw, such as the price of a replacement.
    `paid_in_advance_minor` is as much of the quote as an advance has paid already.
    """

    quote: RefundQuote
    intents: tuple[PaymentIntent, ...]
    owed_by_customer_minor: MinorUnits = 0
    adjustments: tuple[WorksheetRow, ...] = ()
    paid_in_advance_minor: MinorUnits = 0

    @property
    def given_otherwise_minor(self) -> int:
        """As much of the quote as the customer had before: in advance, or by a lost chargeback; minor units."""
        charged_back = (row for row in self.adjustments if row.rule is WorksheetRule.CHARGED_BACK)
        return self.paid_in_advance_minor - sum(row.amount_minor for row in charged_back)


class SettlementRequest(Record):
    """Authorise a refund, and tell until when it was promised to be paid.

    `to_store_credit` asks for the bonus as well that the policy gives on it.
    """

    authorization: RefundAuthorization
    business_days: int
    policy_version: str
    to_store_credit: bool = False


class SettlementPlan(Record):
    """What is to be paid, and the end of the promise, UTC.

    `provisional` says that the official calendar of a day on the way is not known yet. `bonus_minor` is given
    beside the refund, where that goes to store credit.
    """

    refund: AuthorizedRefund
    due_at: UtcDatetime
    provisional: bool = False
    bonus_minor: MinorUnits = 0


class ChargeAuthorization(LedgerEntry):
    """Record the intent to charge the difference of an exchange, in minor units."""

    round: int
    method_id: str
    amount_minor: MinorUnits


class AdvanceQuestion(Record):
    """Ask what was advanced for a return and what became of it."""

    rma_id: str


class RecoveryAuthorization(LedgerEntry):
    """Record the intent to charge back what is left of an advance; the ledger knows how much that is."""

    round: int
    method_id: str


class AdvanceEnd(LedgerEntry):
    """Give up what is left of an advance: a supervisor waived it, or the customer did not pay."""

    is_waived: bool


class HoldAuthorization(LedgerEntry):
    """Record the intent to hold what was paid for the units that are to come back."""

    round: int
    method_id: str
    units: tuple[UnitsToSettle, ...]


class CaptureAuthorization(LedgerEntry):
    """Record the intent to capture, from a hold, what the units are worth that never came."""

    round: int
    hold_key: str
    units: tuple[UnitsToSettle, ...]


class TenderReplacement(LedgerEntry):
    """Put another means of payment in the place of one that was declined."""

    declined_key: str
    round: int
    method_id: str


class IntentOutcome(LedgerEntry):
    """What the provider said of an intent; `expires_at` is when a hold lapses, UTC."""

    key: str
    state: IntentState
    provider_reference: str = ""
    failure: str = ""
    expires_at: UtcDatetime | None = None


class IntentCall(Record):
    """Bring an intent to its end at the provider; what is then to be told is written with the outcome.

    Attributes:
        at: The workflow's time of the effect, UTC.
        answers_pending: Whether the caller waits by itself while the provider works on it, and so gets the intent
            as SUBMITTED. Without it the call fails and is tried again.
    """

    key: str
    rma_id: str
    at: UtcDatetime
    answers_pending: bool = False
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
    """The chargeback as it was decided first, and the refunds that this decision covered, as they are now."""

    chargeback: Chargeback
    covered: tuple[PaymentIntent, ...] = ()


class ReturnClosing(LedgerEntry):
    """Close the case: units that were not settled go free, the end is kept beyond Temporal's retention."""

    header: str
    refusal_code: str = ""
    request_fingerprint: str = ""
    kept: KeptCase | None = None


class FollowUpOpening(Record):
    """Open a follow-up of a closed case. `at` is the workflow's time, UTC."""

    request: FollowUpRequest
    at: UtcDatetime


class TakeUp(LedgerEntry):
    """Begin a follow-up case: tell of it, and read what it starts from."""


class LineRules(Record):
    """What the policy says of one line of the return.

    Attributes:
        department: Where the root cause of the line's reason goes to.
        checks: What the inspection looks at.
        window_ends_at: The end of the line's return window, UTC; None if nobody knows.
    """

    department: str = ""
    checks: tuple[str, ...] = ()
    window_ends_at: UtcDatetime | None = None


class ClaimOpening(LedgerEntry):
    """Value a loss, list the evidence for it, and keep the claim. `due_at` is the end of the time to file, UTC."""

    grounds: ClaimGrounds
    due_at: UtcDatetime


class ClaimEntry(LedgerEntry):
    """How a claim stands now."""

    claim: RecoveryClaim


class Review(Record):
    """What the review of an application came to, with the rules of the policy that the return stays on.

    Attributes:
        quote: What is paid if everything is accepted; None where the remedy pays nothing for goods.
        why: The decision or the refusal in sentences, in the application's language.
        late_refusals: The sentence for a refusal that may still come, by the item or the order it is about.
        pickup_service: What couriers are asked for; a premium pickup is free for the customer.
        warehouse: Where the parcels of the return go.
        lines: The rules by line id.
        returns_per_waybill: From so many other returns of one waybill on a person looks at them.
        trade_in_minor: What the policy offers for the units, if they are traded in.
    """

    refusal: Refusal | None = None
    decision: ReviewDecision | None = None
    clocks: ClockDurations = ClockDurations()
    agreement: AgreementRules = AgreementRules()
    reviewer: Role = Role.AGENT_TIER_2
    claims: ClaimRules = ClaimRules()
    pickup: PickupRules | None = None
    pickup_service: PickupService = PickupService.STANDARD
    peaks: tuple[Peak, ...] = ()
    trade_in: TradeInRules = TradeInRules()
    trade_in_minor: MinorUnits = 0
    coupon_minor: MinorUnits = 0
    missed_scan_minor: MinorUnits = 0
    currency: str = ""
    quote: RefundQuote | None = None
    price_difference_minor: int = 0
    settle_method_id: str = ""
    replacement_prices_minor: dict[str, int] = Field(default_factory=dict)
    free_size_swap: bool = False
    why: tuple[str, ...] = ()
    late_refusals: dict[str, str] = Field(default_factory=dict)
    warehouse: str = ""
    lines: dict[str, LineRules] = Field(default_factory=dict)
    returns_per_waybill: int = RiskRules().returns_per_waybill
    advance: AdvanceDecision | None = None
    hold_margin: timedelta = timedelta(hours=24)


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


class TakenUpCase(Record):
    """What a follow-up case starts from: the order, the rules of the first case, the units, and what was paid.

    `breach` is the broken promise that has earned the return its coupon already: it earns no second one.
    """

    order: OrderSnapshot
    rules: Review
    lines: tuple[ClaimedLine, ...]
    paid: tuple[PaymentIntent, ...] = ()
    breach: BreachCertificate | None = None


ReturnOpening.model_rebuild()
