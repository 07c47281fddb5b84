"""Auto-review: a pure function of the order, the application, the policy and now (section 4)."""

from datetime import datetime, timedelta
from enum import StrEnum

from domain.application import ApplicationLine, DeclaredCondition, EvidenceKind, Remedy, ReturnApplication
from domain.money import refund_for_units
from domain.orders import CustomerTier, OrderSnapshot, ProductTag, paid_by_line
from domain.policy import Policy
from domain.reasons import NO_REASON, REASON_RULES
from domain.record import Record
from domain.trade_in import trade_in_offer


class ReviewOutcome(StrEnum):
    """What auto-review decides. It never declines: that takes a person."""

    APPROVED = "approved"
    EVIDENCE_REQUESTED = "evidence_requested"
    MANUAL_REVIEW = "manual_review"


class ReviewReason(StrEnum):
    """Why auto-review decided as it did, one per fact that counted."""

    NOT_SHIPPED = "not_shipped"
    WITHIN_WINDOW_AND_RESALE_UNAFFECTED = "within_window_and_resale_unaffected"
    EVIDENCE_MISSING = "evidence_missing"
    FAULT_TO_VERIFY = "fault_to_verify"
    WINDOW_PASSED = "window_passed"
    DELIVERY_TIME_UNKNOWN = "delivery_time_unknown"
    EXCLUDED_FROM_NO_REASON = "excluded_from_no_reason"
    CONDITION_TO_VERIFY = "condition_to_verify"
    AUTO_REVIEW_LATE = "auto_review_late"
    REMEDY_NEEDS_A_PERSON = "remedy_needs_a_person"
    TRADE_IN_OFFERED = "trade_in_offered"


BY_A_PERSON = frozenset(
    {
        Remedy.REFUND_ONLY,
        Remedy.REPAIR,
        Remedy.REISSUE_PARTS,
        Remedy.PRICE_COMPENSATION,
        Remedy.COUPON_COMPENSATION,
    }
)
"""Remedies for what went wrong, as the customer tells it: a person decides them."""


class ReviewDecision(Record):
    """The outcome with its reasons and the policy version it rests on.

    Attributes:
        priority: People look at it before others.
        returnless: Once approved, the goods stay with the customer: the refund waits for no parcel.
    """

    outcome: ReviewOutcome
    reasons: tuple[ReviewReason, ...]
    policy_version: str
    priority: bool = False
    returnless: bool = False


def auto_review(
    application: ReturnApplication,
    order: OrderSnapshot,
    policy: Policy,
    now: datetime,
    late: bool = False,
) -> ReviewDecision:
    """Decide a request that is right in fact.

    Approves when the order has not shipped, or when the request is within the window and resale is
    unaffected. Missing evidence is asked for. Everything else goes to a person, and so does a return whose
    auto-review comes `late`, after its promise.
    """
    if application.desired_resolution is Remedy.CANCEL_ORDER:
        return _decide(ReviewOutcome.APPROVED, (ReviewReason.NOT_SHIPPED,), application, order, policy)
    if any(_needs_evidence(application, line) and not line.evidence for line in application.lines):
        return _decide(
            ReviewOutcome.EVIDENCE_REQUESTED, (ReviewReason.EVIDENCE_MISSING,), application, order, policy
        )
    if application.desired_resolution is Remedy.TRADE_IN:
        reason, doubts = ReviewReason.TRADE_IN_OFFERED, _doubts_of_a_trade_in(application, order, policy)
    else:
        reason = ReviewReason.WITHIN_WINDOW_AND_RESALE_UNAFFECTED
        doubts = _doubts(application, order, policy, now)
    if late:
        doubts = (*doubts, ReviewReason.AUTO_REVIEW_LATE)
    if doubts:
        return _decide(ReviewOutcome.MANUAL_REVIEW, doubts, application, order, policy)
    return _decide(ReviewOutcome.APPROVED, (reason,), application, order, policy)


def _doubts_of_a_trade_in(
    application: ReturnApplication, order: OrderSnapshot, policy: Policy
) -> tuple[ReviewReason, ...]:
    """What the shop offers for everybody needs no person; another amount does. Old goods have no window."""
    takes_the_offer = not application.amount_minor and trade_in_offer(application, order, policy)
    return () if takes_the_offer else (ReviewReason.REMEDY_NEEDS_A_PERSON,)


def _needs_evidence(application: ReturnApplication, line: ApplicationLine) -> bool:
    rests_on_a_fault = application.desired_resolution in (Remedy.REPAIR, Remedy.REISSUE_PARTS)
    return rests_on_a_fault or REASON_RULES[line.reason].is_fault


def window_ends_at(delivered_at: datetime, policy: Policy) -> datetime:
    """The end of the last day of the window, counted from the day after delivery in the policy's zone."""
    local = delivered_at.astimezone(policy.zone)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + timedelta(days=policy.return_window_days + 1)


def _doubts(
    application: ReturnApplication, order: OrderSnapshot, policy: Policy, now: datetime
) -> tuple[ReviewReason, ...]:
    doubts: list[ReviewReason] = []
    if application.desired_resolution in BY_A_PERSON:
        doubts.append(ReviewReason.REMEDY_NEEDS_A_PERSON)
    if order.delivered_at is None:
        doubts.append(ReviewReason.DELIVERY_TIME_UNKNOWN)
    elif now >= window_ends_at(order.delivered_at, policy):
        doubts.append(ReviewReason.WINDOW_PASSED)
    for asked in application.lines:
        line = order.line(asked.line_id)
        if line is None:
            continue
        if REASON_RULES[asked.reason].is_fault:
            doubts.append(ReviewReason.FAULT_TO_VERIFY)
        elif asked.reason in NO_REASON and _excluded(line.tags, asked.condition):
            doubts.append(ReviewReason.EXCLUDED_FROM_NO_REASON)
        elif not _resale_unaffected(line.category, asked.condition, policy):
            doubts.append(ReviewReason.CONDITION_TO_VERIFY)
    return tuple(dict.fromkeys(doubts))


def _excluded(tags: tuple[ProductTag, ...], condition: DeclaredCondition) -> bool:
    opened = condition is not DeclaredCondition.UNOPENED
    return any(opened or tag is not ProductTag.DIGITAL_MEDIA for tag in tags)


def _resale_unaffected(category: str, condition: DeclaredCondition, policy: Policy) -> bool:
    standard = policy.resale_unaffected.get(category, policy.resale_unaffected["general"])
    return condition is DeclaredCondition.UNOPENED or condition in standard


def _decide(
    outcome: ReviewOutcome,
    reasons: tuple[ReviewReason, ...],
    application: ReturnApplication,
    order: OrderSnapshot,
    policy: Policy,
) -> ReviewDecision:
    has_video = any(item.kind is EvidenceKind.VIDEO for line in application.lines for item in line.evidence)
    return ReviewDecision(
        outcome=outcome,
        reasons=reasons,
        policy_version=policy.version,
        priority=has_video or order.customer_tier is CustomerTier.HIGH_VALUE,
        returnless=_is_returnless(application, order, policy),
    )


def _is_returnless(application: ReturnApplication, order: OrderSnapshot, policy: Policy) -> bool:
    if application.desired_resolution is not Remedy.RETURN_AND_REFUND:
        return False
    reasons = {line.reason for line in application.lines}
    return policy.returnless.cover(reasons, claimed_value(application, order), order.currency)


def claimed_value(application: ReturnApplication, order: OrderSnapshot) -> int:
    """What was paid for the units that are applied for, as the first of their lines; minor units."""
    paid = paid_by_line(order)
    lines = ((asked, order.line(asked.line_id)) for asked in application.lines)
    return sum(
        refund_for_units(paid[line.line_id], line.quantity, 0, min(asked.quantity, line.quantity))
        for asked, line in lines
        if line
    )
