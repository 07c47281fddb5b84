"""What a return answers when it is asked."""

from pydantic import Field

from domain.actions import Action
from domain.advances import AdvanceReason
from domain.application import Remedy
from domain.authority import PendingPayout
from domain.chargebacks import Chargeback
from domain.clocks import Clock, ClockName
from domain.follow_up import FollowUp
from domain.inspection import UnexpectedGoods
from domain.intents import IntentState, PaymentDirection
from domain.liability import Liability
from domain.offers import Offer
from domain.quantities import ParcelLine
from domain.record import MinorUnits, Quantity, Record, UtcDatetime
from domain.refund import UnitsToSettle
from domain.refusals import Refusal
from domain.review import ReviewReason
from domain.shipping import PickupService
from domain.status import Approval, Header, InspectionStatus, Logistics, Reimbursement


class LineStatus(Record):
    """The quantities of one return line, each a number of its own, and what the policy says of the line.

    Attributes:
        department: Where the root cause of the line's reason goes to.
        checks: What the inspection looks at.
        window_ends_at: The end of the line's return window, UTC.
    """

    line_id: str
    requested: Quantity
    authorized: Quantity = 0
    shipped: Quantity = 0
    received: Quantity = 0
    accepted: Quantity = 0
    rejected: Quantity = 0
    missing: Quantity = 0
    unrepairable: Quantity = 0
    refunded: Quantity = 0
    department: str = ""
    checks: tuple[str, ...] = ()
    window_ends_at: UtcDatetime | None = None


class ParcelStatus(Record):
    """A parcel of the return, with the earliest promise about it that is running.

    `deducted` are its units that were accepted with a deduction, which may be contested.
    """

    number: int
    carrier: str = ""
    tracking_no: str = ""
    logistics: Logistics
    inspection: InspectionStatus
    lines: tuple[ParcelLine, ...] = ()
    unexpected: tuple[UnexpectedGoods, ...] = ()
    deducted: tuple[UnitsToSettle, ...] = ()
    allowed_actions: tuple[Action, ...] = ()
    next_deadline: "Deadline | None" = None


class PaymentStatus(Record):
    """A movement of money of the return; minor units of the return's currency.

    `covered_minor` is what a chargeback gave the customer in its place.
    """

    key: str
    direction: PaymentDirection
    method_id: str
    amount_minor: MinorUnits
    state: IntentState
    covered_minor: MinorUnits = 0


class CouponStatus(Record):
    """A coupon that is owed; `coupon_id` is empty until it is issued.

    `clock` is the promise whose breach earned it, None for one that compensates.
    """

    clock: ClockName | None = None
    amount_minor: MinorUnits
    currency: str
    coupon_id: str = ""


class CreditStatus(Record):
    """Store credit that the shop gives beside any refund; `grant_id` is empty until it is granted."""

    key: str
    account_id: str
    amount_minor: MinorUnits
    currency: str
    grant_id: str = ""


class RepairStatus(Record):
    """A repair of units, by line id, with the way back to the customer once it is made.

    `repaired` is None while it is open.
    """

    reference: str
    units: dict[str, int]
    ticket_id: str = ""
    repaired: bool | None = None
    carrier: str = ""
    tracking_no: str = ""
    sent_at: UtcDatetime | None = None


class TimelineEntry(Record):
    """Something that happened, in words of the field."""

    at: UtcDatetime
    what: str
    detail: str = ""


class Deadline(Record):
    """The next thing that is due."""

    clock: ClockName
    due_at: UtcDatetime


class ReturnStatus(Record):
    """Everything that an integrator asks of a return.

    Attributes:
        is_final: Nothing will change any more.
        money_settled: No money of the return is still to move.
        allowed_actions: What may be sent now, whoever sends it.
        next_deadline: The earliest promise that is running.
        liability: Who answers for each line, in shares.
        quoted_minor: What is paid back if everything is accepted, as quoted at the review; null where that is not
            known or is no refund.
        tracking_no: The tracking number of the first parcel; `parcels` has them all.
        advance: Whether a wish for an advance was granted, or why it was not; None where there was no wish.
        needs: The role that has to act before the return can go on; empty if none has.
        why: The decision in sentences, in the application's language.
        priority: People look at it before others.
        agent: The person who looks after this customer, where the shop names one.
        pickup_service: What couriers are asked for; a premium pickup is free for the customer.
        warehouse: Where the parcels go; empty until it is decided.
        version: Grows with what is decided: the approval, the terms, the liability, the units taken back.
        pending_payout: What waits for the approval of a second person.
        offers: Every offer so far with its state; the last one may be open.
        substitutes: What the customer may choose from, where the remedy in force cannot be carried out.
        follows: The case that this one takes up, for a follow-up case.
        paid_before_minor: What the cases before a follow-up paid the customer, in minor units.
        followed_by: The case that took this one up after its end; empty if none did.
    """

    rma_id: str
    order_id: str
    remedy: Remedy
    header: Header
    approval: Approval
    logistics: Logistics
    inspection: InspectionStatus
    reimbursement: Reimbursement
    is_final: bool
    money_settled: bool
    allowed_actions: tuple[Action, ...]
    next_deadline: Deadline | None = None
    needs: str = ""
    substitutes: tuple[Remedy, ...] = ()
    currency: str = ""
    policy_version: str = ""
    advance: AdvanceReason | None = None
    refusal: Refusal | None = None
    reasons: tuple[ReviewReason, ...] = ()
    why: tuple[str, ...] = ()
    priority: bool = False
    agent: str = ""
    pickup_service: PickupService = PickupService.STANDARD
    warehouse: str = ""
    price_difference_minor: int | None = None
    quoted_minor: int | None = None
    tracking_no: str = ""
    carrier: str = ""
    lines: tuple[LineStatus, ...] = ()
    liability: dict[str, Liability] = Field(default_factory=dict)
    parcels: tuple[ParcelStatus, ...] = ()
    payments: tuple[PaymentStatus, ...] = ()
    chargebacks: tuple[Chargeback, ...] = ()
    coupons: tuple[CouponStatus, ...] = ()
    version: int = 1
    pending_payout: PendingPayout | None = None
    offers: tuple[Offer, ...] = ()
    credits: tuple[CreditStatus, ...] = ()
    repairs: tuple[RepairStatus, ...] = ()
    clocks: tuple[Clock, ...] = ()
    timeline: tuple[TimelineEntry, ...] = ()
    follows: FollowUp | None = None
    paid_before_minor: MinorUnits = 0
    followed_by: str = ""


class ReturnResult(Record):
    """How a return ended; amounts in minor units."""

    rma_id: str
    header: Header
    refusal: Refusal | None = None
    refunded_minor: MinorUnits = 0
    charged_minor: MinorUnits = 0
    currency: str = ""
