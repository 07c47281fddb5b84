"""Which input each action takes."""

from domain.actions import Action
from workflows.contracts.agreement import CounterOffer, OfferAcceptance, OfferProposal, OfferRefusal
from workflows.contracts.authority import PayoutConsent, PayoutRefusal
from workflows.contracts.base import ActionRequest
from workflows.contracts.chargeback import ChargebackAcceptance, ChargebackNotice, HoldRelease
from workflows.contracts.clocks import ClockPause, ClockResumption
from workflows.contracts.complaint import ArbitrationRuling, Complaint, ComplaintAnswer, Escalation
from workflows.contracts.follow_up import ReopeningVerdict
from workflows.contracts.inspection import (
    Contest,
    ContestVerdict,
    ExpertOpinion,
    ExpertRequest,
    InspectionReport,
    ResultAcceptance,
)
from workflows.contracts.payment import PaymentMethodChoice, RecoveryAppeal, RecoveryVerdict
from workflows.contracts.remedy_change import RemedyChange
from workflows.contracts.repair import RepairReport
from workflows.contracts.review import (
    AppealRequest,
    CancelRequest,
    EvidenceRequest,
    EvidenceSubmission,
    LiabilityVerdict,
    ReviewVerdict,
)
from workflows.contracts.ship_back import Handover, PickupChange, PickupChoice, Receipt
from workflows.contracts.substitute import SubstituteChoice

ACTION_REQUESTS: dict[Action, type[ActionRequest]] = {
    Action.CANCEL: CancelRequest,
    Action.SUBMIT_EVIDENCE: EvidenceSubmission,
    Action.REVIEW: ReviewVerdict,
    Action.APPEAL: AppealRequest,
    Action.BOOK_PICKUP: PickupChoice,
    Action.CHANGE_PICKUP: PickupChange,
    Action.CHANGE_REMEDY: RemedyChange,
    Action.RECORD_HANDOVER: Handover,
    Action.RECEIVE: Receipt,
    Action.INSPECT: InspectionReport,
    Action.ACCEPT_RESULT: ResultAcceptance,
    Action.CONTEST: Contest,
    Action.DECIDE_CONTEST: ContestVerdict,
    Action.REQUEST_EXPERT: ExpertRequest,
    Action.EXPERT_OPINION: ExpertOpinion,
    Action.CHOOSE_PAYMENT_METHOD: PaymentMethodChoice,
    Action.REQUEST_EVIDENCE: EvidenceRequest,
    Action.DECIDE_LIABILITY: LiabilityVerdict,
    Action.COMPLAIN: Complaint,
    Action.ANSWER_COMPLAINT: ComplaintAnswer,
    Action.ESCALATE_TO_PLATFORM: Escalation,
    Action.RECORD_ARBITRATION: ArbitrationRuling,
    Action.REPORT_CHARGEBACK: ChargebackNotice,
    Action.RELEASE_HOLD: HoldRelease,
    Action.ACCEPT_CHARGEBACK: ChargebackAcceptance,
    Action.PAUSE_CLOCKS: ClockPause,
    Action.RESUME_CLOCKS: ClockResumption,
    Action.MAKE_OFFER: OfferProposal,
    Action.ACCEPT_OFFER: OfferAcceptance,
    Action.COUNTER_OFFER: CounterOffer,
    Action.DECLINE_OFFER: OfferRefusal,
    Action.APPROVE_PAYOUT: PayoutConsent,
    Action.DECLINE_PAYOUT: PayoutRefusal,
    Action.CHOOSE_SUBSTITUTE: SubstituteChoice,
    Action.REPORT_REPAIR: RepairReport,
    Action.APPEAL_RECOVERY: RecoveryAppeal,
    Action.DECIDE_RECOVERY: RecoveryVerdict,
    Action.DECIDE_REOPENING: ReopeningVerdict,
}
"""The input of each action. The update of an action has the action's name."""
