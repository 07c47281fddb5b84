"""What goes into a return, what may be sent to it, and what it answers. No Temporal in here.

Contracts grow only by fields with defaults, so that a worker of another version can read them.
"""

from workflows.contracts.actions import ACTION_REQUESTS
from workflows.contracts.agreement import CounterOffer, OfferAcceptance, OfferProposal, OfferRefusal
from workflows.contracts.authority import PayoutConsent, PayoutRefusal
from workflows.contracts.base import ActionAnswer, ActionRequest, ParcelRequest
from workflows.contracts.chargeback import ChargebackAcceptance, ChargebackNotice, HoldRelease
from workflows.contracts.clocks import ClockPause, ClockResumption
from workflows.contracts.complaint import ArbitrationRuling, Complaint, ComplaintAnswer, Escalation
from workflows.contracts.follow_up import FollowUpOpened, ReopeningOrder, ReopeningVerdict, ReopenRequest
from workflows.contracts.inspection import (
    Contest,
    ContestedDeduction,
    ContestedLine,
    ContestVerdict,
    ExpertOpinion,
    ExpertRequest,
    InspectionReport,
    ResultAcceptance,
)
from workflows.contracts.payment import PaymentMethodChoice, RecoveryAppeal, RecoveryVerdict
from workflows.contracts.remedy_change import LineReplacements, RemedyChange
from workflows.contracts.repair import RepairReport
from workflows.contracts.review import (
    AppealRequest,
    CancelRequest,
    EvidenceLine,
    EvidenceRequest,
    EvidenceSubmission,
    LiabilityVerdict,
    ReviewVerdict,
)
from workflows.contracts.ship_back import (
    HandedOverLine,
    Handover,
    PickupChange,
    PickupChoice,
    Receipt,
    ReceivedLine,
)
from workflows.contracts.start import Decision, DecisionRequest, ReturnInput
from workflows.contracts.status import (
    CouponStatus,
    CreditStatus,
    Deadline,
    LineStatus,
    ParcelStatus,
    PaymentStatus,
    RepairStatus,
    ReturnResult,
    ReturnStatus,
    TimelineEntry,
)
from workflows.contracts.substitute import SubstituteChoice

DECISION_UPDATE = "decision"
ASK_AGAIN = "News came in while this was asked. Ask again."
"""What a worker says to a query that it could not answer without going on with the workflow (ADR 0034)."""

STATUS_QUERY = "status"
EXPLAIN_QUERY = "explain"
CARRIER_EVENT_SIGNAL = "carrier_event"
CLAIM_STATUS_QUERY = "status"
PARCEL_FOUND_SIGNAL = "parcel_found"
PAYMENT_NEWS_SIGNAL = "payment_news"

__all__ = [
    "ACTION_REQUESTS",
    "ASK_AGAIN",
    "CARRIER_EVENT_SIGNAL",
    "CLAIM_STATUS_QUERY",
    "DECISION_UPDATE",
    "EXPLAIN_QUERY",
    "PARCEL_FOUND_SIGNAL",
    "PAYMENT_NEWS_SIGNAL",
    "STATUS_QUERY",
    "ActionAnswer",
    "ActionRequest",
    "AppealRequest",
    "ArbitrationRuling",
    "CancelRequest",
    "ChargebackAcceptance",
    "ChargebackNotice",
    "ClockPause",
    "ClockResumption",
    "Complaint",
    "ComplaintAnswer",
    "Contest",
    "ContestVerdict",
    "ContestedDeduction",
    "ContestedLine",
    "CounterOffer",
    "CouponStatus",
    "CreditStatus",
    "Deadline",
    "Decision",
    "DecisionRequest",
    "Escalation",
    "EvidenceLine",
    "EvidenceRequest",
    "EvidenceSubmission",
    "ExpertOpinion",
    "ExpertRequest",
    "FollowUpOpened",
    "HandedOverLine",
    "Handover",
    "HoldRelease",
    "InspectionReport",
    "LiabilityVerdict",
    "LineReplacements",
    "LineStatus",
    "OfferAcceptance",
    "OfferProposal",
    "OfferRefusal",
    "ParcelRequest",
    "ParcelStatus",
    "PaymentMethodChoice",
    "PaymentStatus",
    "PayoutConsent",
    "PayoutRefusal",
    "PickupChange",
    "PickupChoice",
    "Receipt",
    "ReceivedLine",
    "RecoveryAppeal",
    "RecoveryVerdict",
    "RemedyChange",
    "ReopenRequest",
    "ReopeningOrder",
    "ReopeningVerdict",
    "RepairReport",
    "RepairStatus",
    "ResultAcceptance",
    "ReturnInput",
    "ReturnResult",
    "ReturnStatus",
    "ReviewVerdict",
    "SubstituteChoice",
    "TimelineEntry",
]
