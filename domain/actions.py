"""What people may do with a return, and when. Validators and `allowed_actions` read the same rule."""

from collections.abc import Sequence
from enum import StrEnum

from domain.advances import RecoveryState
from domain.application import Remedy
from domain.complaints import ComplaintState
from domain.record import Identifier, Record
from domain.status import BEFORE_HANDOVER, NOTHING_AUTHORIZED, Approval, InspectionStatus, Logistics, Reimbursement


class Role(StrEnum):
    """Who acts (section 10)."""

    CUSTOMER = "customer"
    ORDER_SYSTEM = "order_system"
    AGENT_TIER_1 = "agent_tier_1"
    AGENT_TIER_2 = "agent_tier_2"
    AGENT_TIER_3 = "agent_tier_3"
    SUPERVISOR = "supervisor"
    WAREHOUSE = "warehouse"
    PAYMENT_PROVIDER = "payment_provider"


AGENTS = (Role.AGENT_TIER_1, Role.AGENT_TIER_2, Role.AGENT_TIER_3, Role.SUPERVISOR)


class Side(StrEnum):
    """The two sides of a negotiation."""

    SHOP = "shop"
    CUSTOMER = "customer"

    @property
    def other(self) -> "Side":
        """The side opposite."""
        return Side.CUSTOMER if self is Side.SHOP else Side.SHOP


def side_of(role: Role) -> Side:
    """The side that a role speaks for; the order system passes on what the customer says."""
    return Side.SHOP if role in AGENTS else Side.CUSTOMER


class Actor(Record):
    """Who did it: a role and the identifier of the person or system in the shop."""

    role: Role
    id: Identifier


class Action(StrEnum):
    """The decisions and reports that people send."""

    CANCEL = "cancel"
    SUBMIT_EVIDENCE = "submit_evidence"
    REVIEW = "review"
    APPEAL = "appeal"
    BOOK_PICKUP = "book_pickup"
    CHANGE_PICKUP = "change_pickup"
    CHANGE_REMEDY = "change_remedy"
    RECORD_HANDOVER = "record_handover"
    RECEIVE = "receive"
    INSPECT = "inspect"
    ACCEPT_RESULT = "accept_result"
    CONTEST = "contest"
    DECIDE_CONTEST = "decide_contest"
    REQUEST_EXPERT = "request_expert"
    EXPERT_OPINION = "expert_opinion"
    CHOOSE_PAYMENT_METHOD = "choose_payment_method"
    REQUEST_EVIDENCE = "request_evidence"
    DECIDE_LIABILITY = "decide_liability"
    COMPLAIN = "complain"
    ANSWER_COMPLAINT = "answer_complaint"
    ESCALATE_TO_PLATFORM = "escalate_to_platform"
    RECORD_ARBITRATION = "record_arbitration"
    REPORT_CHARGEBACK = "report_chargeback"
    RELEASE_HOLD = "release_hold"
    ACCEPT_CHARGEBACK = "accept_chargeback"
    PAUSE_CLOCKS = "pause_clocks"
    RESUME_CLOCKS = "resume_clocks"
    MAKE_OFFER = "make_offer"
    ACCEPT_OFFER = "accept_offer"
    COUNTER_OFFER = "counter_offer"
    DECLINE_OFFER = "decline_offer"
    APPROVE_PAYOUT = "approve_payout"
    DECLINE_PAYOUT = "decline_payout"
    CHOOSE_SUBSTITUTE = "choose_substitute"
    REPORT_REPAIR = "report_repair"
    APPEAL_RECOVERY = "appeal_recovery"
    DECIDE_RECOVERY = "decide_recovery"
    DECIDE_REOPENING = "decide_reopening"


PERMITTED_ROLES: dict[Action, tuple[Role, ...]] = {
    Action.CANCEL: (Role.CUSTOMER, Role.ORDER_SYSTEM, *AGENTS),
    Action.SUBMIT_EVIDENCE: (Role.CUSTOMER, Role.ORDER_SYSTEM, *AGENTS),
    Action.REVIEW: AGENTS,
    Action.APPEAL: (Role.CUSTOMER, Role.ORDER_SYSTEM, *AGENTS),
    Action.BOOK_PICKUP: (Role.CUSTOMER, Role.ORDER_SYSTEM, *AGENTS),
    Action.CHANGE_PICKUP: (Role.CUSTOMER, Role.ORDER_SYSTEM, *AGENTS),
    Action.CHANGE_REMEDY: (Role.CUSTOMER, Role.ORDER_SYSTEM, *AGENTS),
    Action.RECORD_HANDOVER: (Role.CUSTOMER, Role.ORDER_SYSTEM, *AGENTS),
    Action.RECEIVE: (Role.WAREHOUSE,),
    Action.INSPECT: (Role.WAREHOUSE,),
    Action.ACCEPT_RESULT: (Role.CUSTOMER, Role.ORDER_SYSTEM, *AGENTS),
    Action.CONTEST: (Role.CUSTOMER, Role.ORDER_SYSTEM, *AGENTS),
    Action.DECIDE_CONTEST: (Role.SUPERVISOR,),
    Action.REQUEST_EXPERT: AGENTS,
    Action.EXPERT_OPINION: (Role.AGENT_TIER_2, Role.AGENT_TIER_3),
    Action.CHOOSE_PAYMENT_METHOD: (Role.CUSTOMER, Role.ORDER_SYSTEM, *AGENTS),
    Action.REQUEST_EVIDENCE: AGENTS,
    Action.DECIDE_LIABILITY: (Role.SUPERVISOR,),
    Action.COMPLAIN: (Role.CUSTOMER, Role.ORDER_SYSTEM, *AGENTS),
    Action.ANSWER_COMPLAINT: (Role.SUPERVISOR,),
    Action.ESCALATE_TO_PLATFORM: (Role.CUSTOMER, Role.ORDER_SYSTEM, *AGENTS),
    Action.RECORD_ARBITRATION: (Role.ORDER_SYSTEM, Role.SUPERVISOR),
    Action.REPORT_CHARGEBACK: (Role.PAYMENT_PROVIDER, Role.ORDER_SYSTEM),
    Action.RELEASE_HOLD: (Role.SUPERVISOR,),
    Action.ACCEPT_CHARGEBACK: (Role.SUPERVISOR,),
    Action.PAUSE_CLOCKS: (Role.SUPERVISOR,),
    Action.RESUME_CLOCKS: (Role.SUPERVISOR,),
    Action.MAKE_OFFER: AGENTS,
    Action.ACCEPT_OFFER: (Role.CUSTOMER, Role.ORDER_SYSTEM, *AGENTS),
    Action.COUNTER_OFFER: (Role.CUSTOMER, Role.ORDER_SYSTEM, *AGENTS),
    Action.DECLINE_OFFER: (Role.CUSTOMER, Role.ORDER_SYSTEM, *AGENTS),
    Action.APPROVE_PAYOUT: (Role.SUPERVISOR,),
    Action.DECLINE_PAYOUT: (Role.SUPERVISOR,),
    Action.CHOOSE_SUBSTITUTE: (Role.CUSTOMER, Role.ORDER_SYSTEM, *AGENTS),
    Action.REPORT_REPAIR: (Role.WAREHOUSE,),
    Action.APPEAL_RECOVERY: (Role.CUSTOMER, Role.ORDER_SYSTEM, *AGENTS),
    Action.DECIDE_RECOVERY: (Role.SUPERVISOR,),
    Action.DECIDE_REOPENING: (Role.SUPERVISOR,),
}


class ContestState(StrEnum):
    """Whether the customer may still, or did, contest an inspection."""

    NONE = "none"
    OPEN = "open"
    CONTESTED = "contested"
    EXPERT = "expert"
    CLOSED = "closed"


class Standing(Record):
    """As much of a return as decides which actions it allows.

    `closing` says that the return comes to its end, `at_rest` that nothing of it goes on any more but a dispute
    about it; `charged_back`, that a chargeback waits for its decision.
    `offer_awaits` is the side that has to answer an open offer; None while there is none. `in_talks` says, of a
    parcel, that the open offer is about what its inspection did not accept; `not_accepted`, that it has such units
    and they were not paid for before.
    `substitutes` are the remedies that the customer may choose from, where the one in force cannot be had.
    """

    remedy: Remedy
    approval: Approval
    logistics: Logistics
    inspection: InspectionStatus
    reimbursement: Reimbursement
    contest: ContestState
    appealed: bool
    suspended: bool = False
    complaint: ComplaintState = ComplaintState.NONE
    closing: bool = False
    at_rest: bool = False
    charged_back: bool = False
    ended: bool
    offer_awaits: Side | None = None
    in_talks: bool = False
    not_accepted: bool = False
    payout_pending: bool = False
    substitutes: tuple[Remedy, ...] = ()
    in_repair: bool = False
    recovery: RecoveryState = RecoveryState.NONE
    reopened: bool = False


UNDER_REVIEW = (Approval.MANUAL_REVIEW, Approval.APPEALED)
"""While a person decides whether the return happens."""

PARCEL_ACTIONS = (
    Action.BOOK_PICKUP,
    Action.CHANGE_PICKUP,
    Action.RECORD_HANDOVER,
    Action.RECEIVE,
    Action.INSPECT,
    Action.ACCEPT_RESULT,
    Action.CONTEST,
    Action.DECIDE_CONTEST,
    Action.REQUEST_EXPERT,
    Action.EXPERT_OPINION,
)
"""What is done with one parcel of a return: allowed as that parcel stands, whatever became of the others."""

_MAY_STILL_COME = (
    *BEFORE_HANDOVER,
    Logistics.PICKED_UP,
    Logistics.IN_TRANSIT,
    Logistics.DELIVERED,
    Logistics.PARTIALLY_RECEIVED,
    Logistics.LOST,
    Logistics.EXPIRED,
)
_BEING_TAKEN_BACK = (
    *BEFORE_HANDOVER,
    Logistics.PICKED_UP,
    Logistics.IN_TRANSIT,
    Logistics.DELIVERED,
    Logistics.RECEIVED,
    Logistics.PARTIALLY_RECEIVED,
)
_AT_THE_WAREHOUSE = (Logistics.DELIVERED, Logistics.RECEIVED, Logistics.PARTIALLY_RECEIVED)


_OF_THE_FIRST_REVIEW = (
    Action.SUBMIT_EVIDENCE,
    Action.REQUEST_EVIDENCE,
    Action.REVIEW,
    Action.APPEAL,
)
"""What a case that takes up one that had ended does not go through a second time: a supervisor decides it."""


_WHILE_IT_CLOSES = (
    Action.ANSWER_COMPLAINT,
    Action.ESCALATE_TO_PLATFORM,
    Action.RELEASE_HOLD,
    Action.ACCEPT_CHARGEBACK,
    Action.CHOOSE_PAYMENT_METHOD,
)
"""What the end of a return may still wait for. Without a dispute and without money on its way it is nothing."""

_AT_REST = (
    *_WHILE_IT_CLOSES,
    Action.COMPLAIN,
    Action.RECORD_ARBITRATION,
    Action.REPORT_CHARGEBACK,
    Action.DECIDE_LIABILITY,
    Action.PAUSE_CLOCKS,
    Action.RESUME_CLOCKS,
)
"""What is done while only a dispute keeps a return open: nobody reads anything else any more."""


def allowed_actions(standing: Standing, parcels: Sequence[Standing] = ()) -> tuple[Action, ...]:
    """List the actions that the return allows now, whoever sends them.

    Args:
        standing: Of the whole return.
        parcels: The same return as each of its parcels stands; none before it was approved.
    """
    return tuple(action for action in Action if _allowed(standing, parcels, action))


def allows_for_parcel(parcel: Standing, action: Action) -> bool:
    """Whether one parcel allows one of the `PARCEL_ACTIONS`."""
    return _allows(parcel, action)


def _allowed(standing: Standing, parcels: Sequence[Standing], action: Action) -> bool:
    if action in PARCEL_ACTIONS:
        return any(_allows(parcel, action) for parcel in parcels)
    if action is Action.CANCEL and parcels:
        return all(_allows(parcel, action) for parcel in parcels)
    if action is Action.MAKE_OFFER and parcels:
        return any(_allows(parcel, action) for parcel in parcels)
    return _allows(standing, action)


def _allows(now: Standing, action: Action) -> bool:
    if now.ended or (now.reopened and action in _OF_THE_FIRST_REVIEW):
        return False
    if (now.closing and action not in _WHILE_IT_CLOSES) or (now.at_rest and action not in _AT_REST):
        return False
    approved = now.approval is Approval.APPROVED
    uninspected = approved and now.inspection is InspectionStatus.PENDING
    match action:
        case Action.CANCEL:
            undecided = now.approval in (Approval.MANUAL_REVIEW, Approval.EVIDENCE_REQUESTED)
            nothing_given = bool(now.substitutes) and now.logistics is Logistics.NOT_REQUIRED
            return undecided or (approved and (now.logistics in BEFORE_HANDOVER or nothing_given))
        case Action.SUBMIT_EVIDENCE:
            return now.approval in (Approval.EVIDENCE_REQUESTED, Approval.MANUAL_REVIEW, Approval.APPEALED)
        case Action.REVIEW:
            # An offer binds the shop until the customer has answered it or its time is over.
            return now.approval in UNDER_REVIEW and now.offer_awaits is not Side.CUSTOMER
        case Action.APPEAL:
            return now.approval is Approval.DECLINED and not now.appealed
        case Action.BOOK_PICKUP:
            return approved and now.logistics is Logistics.PICKUP_FAILED
        case Action.CHANGE_REMEDY:
            unsettled = now.reimbursement in NOTHING_AUTHORIZED and now.contest is ContestState.NONE
            return uninspected and unsettled and now.logistics in _BEING_TAKEN_BACK and not now.reopened
        case Action.CHANGE_PICKUP:
            return approved and now.logistics is Logistics.PICKUP_BOOKED
        case Action.RECORD_HANDOVER:
            return approved and now.logistics in (Logistics.AWAITING_HANDOVER, Logistics.REFUSED_COLLECT)
        case Action.RECEIVE:
            return uninspected and now.logistics in _MAY_STILL_COME
        case Action.INSPECT:
            return uninspected and now.logistics in _AT_THE_WAREHOUSE
        case Action.ACCEPT_RESULT | Action.CONTEST:
            return now.contest is ContestState.OPEN
        case Action.DECIDE_CONTEST:
            # As in a review: an offer binds the shop while the customer may answer it.
            return now.contest is ContestState.CONTESTED and not (
                now.in_talks and now.offer_awaits is Side.CUSTOMER
            )
        case Action.REQUEST_EXPERT:
            return now.contest is ContestState.CONTESTED and not now.in_talks
        case Action.EXPERT_OPINION:
            return now.contest is ContestState.EXPERT
        case Action.CHOOSE_PAYMENT_METHOD:
            return now.reimbursement is Reimbursement.ALTERNATE_TENDER
        case Action.REQUEST_EVIDENCE:
            return now.approval is Approval.MANUAL_REVIEW and now.offer_awaits is None
        case Action.DECIDE_LIABILITY:
            return approved and now.reimbursement in NOTHING_AUTHORIZED
        case Action.COMPLAIN:
            return now.complaint in (ComplaintState.NONE, ComplaintState.CLOSED)
        case Action.ANSWER_COMPLAINT:
            return now.complaint is ComplaintState.OPEN
        case Action.ESCALATE_TO_PLATFORM:
            return now.complaint in (ComplaintState.OPEN, ComplaintState.ANSWERED)
        case Action.RECORD_ARBITRATION:
            return now.complaint is ComplaintState.ESCALATED and now.at_rest
        case Action.REPORT_CHARGEBACK:
            return now.approval not in (Approval.REQUESTED, Approval.AUTO_REVIEW, Approval.REFUSED)
        case Action.RELEASE_HOLD | Action.ACCEPT_CHARGEBACK:
            return now.charged_back
        case Action.PAUSE_CLOCKS:
            return not now.suspended
        case Action.RESUME_CLOCKS:
            return now.suspended
        case Action.MAKE_OFFER:
            under_review = now.approval in UNDER_REVIEW and not now.reopened
            undecided = now.not_accepted and now.contest in (ContestState.OPEN, ContestState.CONTESTED)
            return (under_review or undecided) and now.offer_awaits is None
        case Action.ACCEPT_OFFER | Action.COUNTER_OFFER | Action.DECLINE_OFFER:
            return now.offer_awaits is not None
        case Action.APPROVE_PAYOUT | Action.DECLINE_PAYOUT:
            return now.payout_pending
        case Action.CHOOSE_SUBSTITUTE:
            return bool(now.substitutes)
        case Action.REPORT_REPAIR:
            return now.in_repair
        case Action.APPEAL_RECOVERY:
            return now.recovery is RecoveryState.ANNOUNCED
        case Action.DECIDE_RECOVERY:
            return now.recovery is RecoveryState.APPEALED
        case Action.DECIDE_REOPENING:
            return now.approval is Approval.MANUAL_REVIEW and now.reopened
