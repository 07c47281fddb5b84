"""What goes into a return, what may be sent to it, and what it answers. No Temporal in here.

Contracts grow only by fields with defaults, so that a worker of another version can read them.
"""

from pydantic import Field

from domain.actions import Action, Actor
from domain.application import (
    Evidence,
    PickupAddress,
    PickupWindow,
    Remedy,
    ReturnApplication,
)
from domain.clocks import Clock, ClockName
from domain.inspection import InspectedUnits
from domain.intents import IntentState, PaymentDirection
from domain.reasons import LiableParty
from domain.record import Identifier, MinorUnits, Quantity, Record, UtcDatetime
from domain.refusals import Refusal
from domain.review import ReviewReason
from domain.status import Approval, Header, InspectionStatus, Logistics, Reimbursement

DECISION_UPDATE = "decision"
STATUS_QUERY = "status"
CARRIER_EVENT_SIGNAL = "carrier_event"


class ReturnInput(Record):
    """The start of a return. `request_fingerprint` tells a repeat of the request from another one."""

    rma_id: str
    request_fingerprint: str
    application: ReturnApplication


class DecisionRequest(Record):
    """Wait for the first decision on the request with this fingerprint."""

    request_fingerprint: str


class Decision(Record):
    """The first decision: refused with a reason, or where the approval stands and why."""

    rma_id: str
    approval: Approval
    refusal: Refusal | None = None
    reasons: tuple[ReviewReason, ...] = ()
    policy_version: str = ""
    price_difference_minor: int | None = None
    currency: str = ""


class ActionRequest(Record):
    """What every action has in common."""

    actor: Actor


class CancelRequest(ActionRequest):
    """Withdraw the return before the goods are handed over."""

    note: str = Field(default="", max_length=2_000)


class EvidenceLine(Record):
    """Evidence for one line of the return."""

    line_id: Identifier
    evidence: tuple[Evidence, ...] = Field(min_length=1, max_length=20)


class EvidenceSubmission(ActionRequest):
    """The evidence that was asked for."""

    lines: tuple[EvidenceLine, ...] = Field(min_length=1, max_length=500)


class ReviewVerdict(ActionRequest):
    """A person's decision. A reviewer may change who is liable, per line, with the reason in the note."""

    approve: bool
    note: str = Field(min_length=1, max_length=2_000)
    liability: dict[str, LiableParty] = Field(default_factory=dict)


class AppealRequest(ActionRequest):
    """Ask a supervisor to look again at a declined return. Once."""

    note: str = Field(min_length=1, max_length=2_000)


class PickupChoice(ActionRequest):
    """Book a collection again after every carrier failed, or ship with a label instead."""

    by_label: bool = False
    carrier: Identifier | None = None
    window: PickupWindow | None = None
    address: PickupAddress | None = None


class Handover(ActionRequest):
    """The customer handed the parcel to a carrier of their choice, or to ours before its scan came."""

    carrier: Identifier
    tracking_no: Identifier
    handed_over_at: UtcDatetime


class ReceivedLine(Record):
    """Units of a line that arrived."""

    line_id: Identifier
    quantity: int = Field(ge=0, le=100_000)


class Receipt(ActionRequest):
    """The receipt scan of the warehouse. `received_at` is the scan's own time; no lines means everything."""

    received_at: UtcDatetime
    lines: tuple[ReceivedLine, ...] = Field(default=(), max_length=500)


class InspectionReport(ActionRequest):
    """The finished inspection: every unit that came is in it; what is not in it is missing.

    A parcel that was empty has no units.
    """

    units: tuple[InspectedUnits, ...] = Field(max_length=1_000)


class ResultAcceptance(ActionRequest):
    """The customer accepts the result of the inspection."""


class Contest(ActionRequest):
    """The customer contests what the inspection rejected."""

    note: str = Field(min_length=1, max_length=2_000)


class ContestedLine(Record):
    """Units of a line that are accepted after all."""

    line_id: Identifier
    quantity: int = Field(ge=1, le=100_000)


class ContestVerdict(ActionRequest):
    """The supervisor's decision on a contest: what is accepted after all, and why."""

    note: str = Field(min_length=1, max_length=2_000)
    accepted: tuple[ContestedLine, ...] = Field(default=(), max_length=500)


class PaymentMethodChoice(ActionRequest):
    """Another means of payment in the place of one that was declined."""

    method_id: Identifier


ACTION_REQUESTS: dict[Action, type[ActionRequest]] = {
    Action.CANCEL: CancelRequest,
    Action.SUBMIT_EVIDENCE: EvidenceSubmission,
    Action.REVIEW: ReviewVerdict,
    Action.APPEAL: AppealRequest,
    Action.BOOK_PICKUP: PickupChoice,
    Action.RECORD_HANDOVER: Handover,
    Action.RECEIVE: Receipt,
    Action.INSPECT: InspectionReport,
    Action.ACCEPT_RESULT: ResultAcceptance,
    Action.CONTEST: Contest,
    Action.DECIDE_CONTEST: ContestVerdict,
    Action.CHOOSE_PAYMENT_METHOD: PaymentMethodChoice,
}
"""The input of each action. The update of an action has the action's name."""


class ActionAnswer(Record):
    """An action that was accepted, with the workflow's time, UTC."""

    rma_id: str
    action: Action
    accepted_at: UtcDatetime


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


class PaymentStatus(Record):
    """A movement of money of the return; minor units of the return's currency."""

    key: str
    direction: PaymentDirection
    method_id: str
    amount_minor: MinorUnits
    state: IntentState


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
    payments: tuple[PaymentStatus, ...] = ()
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
