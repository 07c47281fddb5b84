"""What a return answers when it is asked."""

from pydantic import Field

from domain.actions import Action
from domain.application import Remedy
from domain.chargebacks import Chargeback
from domain.clocks import Clock, ClockName
from domain.intents import IntentState, PaymentDirection
from domain.liability import Liability
from domain.quantities import ParcelLine
from domain.record import MinorUnits, Quantity, Record, UtcDatetime
from domain.refusals import Refusal
from domain.review import ReviewReason
from domain.status import Approval, Header, InspectionStatus, Logistics, Reimbursement


class LineStatus(Record):
    """The quantities of one return line, each a number of its own."""

    line_id: str
    requested: Quantity
    authorized: Quantity = 0
    shipped: Quantity = 0
    received: Quantity = 0
    accepted: Quantity = 0
    rejected: Quantity = 0
    missing: Quantity = 0
    refunded: Quantity = 0


class ParcelStatus(Record):
    """A parcel of the return, with the earliest promise about it that is running."""

    number: int
    carrier: str = ""
    tracking_no: str = ""
    logistics: Logistics
    inspection: InspectionStatus
    lines: tuple[ParcelLine, ...] = ()
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
    """A coupon that a broken promise earned; `coupon_id` is empty until it is issued."""

    clock: ClockName
    amount_minor: MinorUnits
    currency: str
    coupon_id: str = ""


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
        tracking_no: The tracking number of the first parcel; `parcels` has them all.
        needs: The role that has to act before the return can go on; empty if none has.
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
    currency: str = ""
    policy_version: str = ""
    refusal: Refusal | None = None
    reasons: tuple[ReviewReason, ...] = ()
    price_difference_minor: int | None = None
    tracking_no: str = ""
    carrier: str = ""
    lines: tuple[LineStatus, ...] = ()
    liability: dict[str, Liability] = Field(default_factory=dict)
    parcels: tuple[ParcelStatus, ...] = ()
    payments: tuple[PaymentStatus, ...] = ()
    chargebacks: tuple[Chargeback, ...] = ()
    coupons: tuple[CouponStatus, ...] = ()
    clocks: tuple[Clock, ...] = ()
    timeline: tuple[TimelineEntry, ...] = ()


class ReturnResult(Record):
    """How a return ended; amounts in minor units."""

    rma_id: str
    header: Header
    refusal: Refusal | None = None
    refunded_minor: MinorUnits = 0
    charged_minor: MinorUnits = 0
    currency: str = ""
