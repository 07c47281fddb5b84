"""Auto-review: a pure function of the order, the application, the policy and now (section 4)."""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum

from pydantic import Field

from domain.application import COMPENSATIONS, ApplicationLine, EvidenceKind, Remedy, ReturnApplication
from domain.money import refund_for_units
from domain.orders import OrderLine, OrderSnapshot, paid_by_line
from domain.policy import Policy
from domain.reasons import NO_REASON, REASON_RULES
from domain.record import Record
from domain.trade_in import trade_in_offer
from domain.windows import ReturnWindow, return_window


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
    VIDEO_MISSING = "video_missing"
    FAULT_TO_VERIFY = "fault_to_verify"
    WINDOW_PASSED = "window_passed"
    DELIVERY_TIME_UNKNOWN = "delivery_time_unknown"
    EXCLUDED_FROM_NO_REASON = "excluded_from_no_reason"
    CONDITION_TO_VERIFY = "condition_to_verify"
    FORM_INCOMPLETE = "form_incomplete"
    RISK_RETURN_RATE = "risk_return_rate"
    RISK_VALUE = "risk_value"
    RISK_SEVERAL_RETURNS = "risk_several_returns"
    RISK_SERIAL_MISMATCH = "risk_serial_mismatch"
    RETURNLESS = "returnless"
    AUTO_REVIEW_LATE = "auto_review_late"
    AMOUNT_TO_AGREE = "amount_to_agree"
    REMEDY_NEEDS_A_PERSON = "remedy_needs_a_person"
    TRADE_IN_OFFERED = "trade_in_offered"


RISKS = frozenset(
    {
        ReviewReason.RISK_RETURN_RATE,
        ReviewReason.RISK_VALUE,
        ReviewReason.RISK_SEVERAL_RETURNS,
        ReviewReason.RISK_SERIAL_MISMATCH,
    }
)


class Finding(Record):
    """A fact that counted, with the values that its sentence needs.

    The names of values say how they are written for a person: amounts end in ``_minor`` (with ``currency``),
    days in ``_day`` (ISO 8601), codes that have words in ``_code``.
    """

    reason: ReviewReason
    line_id: str = ""
    values: dict[str, str | int] = Field(default_factory=dict)


_BY_A_PERSON = (Remedy.REFUND_ONLY, Remedy.REPAIR, Remedy.REISSUE_PARTS)
"""Remedies for what went wrong, as the customer tells it: a person decides them."""


class ReviewDecision(Record):
    """The outcome with its reasons and the policy version it rests on.

    Attributes:
        priority: People look at it before others.
        returnless: Once approved, the goods stay with the customer: the refund waits for no parcel.
        findings: The reasons again, for each line that they are about, with their values.
    """

    outcome: ReviewOutcome
    reasons: tuple[ReviewReason, ...]
    policy_version: str
    priority: bool = False
    returnless: bool = False
    findings: tuple[Finding, ...] = ()

    @property
    def is_risky(self) -> bool:
        """Whether a risk signal counted."""
        return not RISKS.isdisjoint(self.reasons)


def auto_review(
    application: ReturnApplication,
    order: OrderSnapshot,
    policy: Policy,
    now: datetime,
    late: bool = False,
    earlier_returns: int = 0,
) -> ReviewDecision:
    """Decide a request that is right in fact.

    Approves when the order has not shipped, or when the request is within the window and resale is
    unaffected. Missing evidence is asked for. Everything else goes to a person, and so does a return whose
    auto-review comes `late`, after its promise. `earlier_returns` counts the order's other returns.
    """
    review = _Review(application, order, policy, now)
    if application.desired_resolution is Remedy.CANCEL_ORDER:
        return review.decide(ReviewOutcome.APPROVED, [Finding(reason=ReviewReason.NOT_SHIPPED)])
    if missing := list(review.missing_evidence()):
        return review.decide(ReviewOutcome.EVIDENCE_REQUESTED, missing)
    risks = list(review.risks(earlier_returns))
    doubts = [*review.doubts(), *risks]
    if late:
        doubts.append(Finding(reason=ReviewReason.AUTO_REVIEW_LATE))
    if doubts:
        returnless = [] if risks else list(review.returnless())
        return review.decide(ReviewOutcome.MANUAL_REVIEW, [*doubts, *returnless])
    return review.decide(ReviewOutcome.APPROVED, [review.all_is_well()])


class _Review:
    """The questions of a review, each answered with findings."""

    def __init__(
        self, application: ReturnApplication, order: OrderSnapshot, policy: Policy, now: datetime
    ) -> None:
        self._application = application
        self._order = order
        self._policy = policy
        self._now = now
        lines = ((asked, order.line(asked.line_id)) for asked in application.lines)
        self._lines = [(asked, line) for asked, line in lines if line]

    def decide(self, outcome: ReviewOutcome, findings: list[Finding]) -> ReviewDecision:
        """Put the findings together."""
        reasons = tuple(dict.fromkeys(finding.reason for finding in findings))
        return ReviewDecision(
            outcome=outcome,
            reasons=reasons,
            policy_version=self._policy.version,
            priority=self._has_priority(),
            returnless=ReviewReason.RETURNLESS in reasons,
            findings=tuple(findings),
        )

    def missing_evidence(self) -> Iterator[Finding]:
        """What has to be shown before anything can be decided; a remedy that mends a fault shows it anyway."""
        mends = self._application.desired_resolution in (Remedy.REPAIR, Remedy.REISSUE_PARTS)
        for asked, line in self._lines:
            kind = self._policy.evidence.missing(asked.reason, asked.evidence)
            if kind is None and mends and not asked.evidence:
                kind = EvidenceKind.IMAGE
            if kind:
                video = kind is EvidenceKind.VIDEO
                reason = ReviewReason.VIDEO_MISSING if video else ReviewReason.EVIDENCE_MISSING
                yield _about(line, reason, answer_days=self._policy.clocks.evidence.days)

    def doubts(self) -> Iterator[Finding]:
        """What a person has to look at. What the shop offers for everybody's old goods needs none, at any age."""
        if self._application.desired_resolution is Remedy.TRADE_IN:
            if not trade_in_offer(self._application, self._order, self._policy):
                yield Finding(reason=ReviewReason.REMEDY_NEEDS_A_PERSON)
            return
        if self._application.desired_resolution in COMPENSATIONS:
            yield Finding(reason=ReviewReason.AMOUNT_TO_AGREE)
        if self._application.desired_resolution in _BY_A_PERSON:
            yield Finding(reason=ReviewReason.REMEDY_NEEDS_A_PERSON)
        if any(window is None for window in map(self._window, self._lines)):
            yield Finding(reason=ReviewReason.DELIVERY_TIME_UNKNOWN)
        for asked, line in self._lines:
            window = self._window((asked, line))
            if window and self._now >= window.ends_at:
                yield _about(
                    line, ReviewReason.WINDOW_PASSED, days=window.days, last_day=window.last_day.isoformat()
                )
        for asked, line in self._lines:
            yield from self._doubts_of_line(asked, line)
        for field in self._policy.form.missing(self._application, self._order.customer_tier):
            yield Finding(reason=ReviewReason.FORM_INCOMPLETE, values={"field_code": field.value})

    def _doubts_of_line(self, asked: ApplicationLine, line: OrderLine) -> Iterator[Finding]:
        tag = self._policy.exclusions.tag_that_excludes(line.tags, asked.condition)
        if REASON_RULES[asked.reason].is_fault:
            yield _about(line, ReviewReason.FAULT_TO_VERIFY, reason_code=asked.reason.value)
        elif asked.reason in NO_REASON and tag:
            yield _about(line, ReviewReason.EXCLUDED_FROM_NO_REASON, tag_code=tag.value)
        elif not self._policy.can_be_sold_again(line.category, asked.condition):
            yield _about(line, ReviewReason.CONDITION_TO_VERIFY, condition_code=asked.condition.value)

    def risks(self, earlier_returns: int) -> Iterator[Finding]:
        """Signals that somebody should look; none of them is a judgement."""
        order, rules = self._order, self._policy.risk
        orders, returned = order.orders_in_a_year, order.returned_in_a_year
        if orders >= rules.least_orders and returned * 10_000 >= orders * rules.return_rate_bps:
            values: dict[str, str | int] = {"orders": orders, "returned": returned}
            yield Finding(reason=ReviewReason.RISK_RETURN_RATE, values=values)
        value, limit = claimed_value(self._application, order), rules.value.get(order.currency)
        if limit is not None and value > limit:
            values = {"limit_minor": limit, "currency": order.currency}
            yield Finding(reason=ReviewReason.RISK_VALUE, values=values)
        if earlier_returns >= rules.returns_per_waybill:
            yield Finding(reason=ReviewReason.RISK_SEVERAL_RETURNS, values={"count": earlier_returns})
        for asked, line in self._lines:
            if line.serial_numbers and not set(asked.serial_numbers) <= set(line.serial_numbers):
                yield _about(line, ReviewReason.RISK_SERIAL_MISMATCH)

    def returnless(self) -> Iterator[Finding]:
        """Whether the goods may stay with the customer once the return is approved."""
        if self._application.desired_resolution is not Remedy.RETURN_AND_REFUND:
            return
        reasons = {asked.reason for asked, _ in self._lines}
        value = claimed_value(self._application, self._order)
        if self._policy.returnless.cover(reasons, value, self._order.currency):
            yield Finding(reason=ReviewReason.RETURNLESS)

    def all_is_well(self) -> Finding:
        """The reason to approve: the offer for old goods, else the window that ends first."""
        if self._application.desired_resolution is Remedy.TRADE_IN:
            offer = trade_in_offer(self._application, self._order, self._policy)
            values: dict[str, str | int] = {"offer_minor": offer, "currency": self._order.currency}
            return Finding(reason=ReviewReason.TRADE_IN_OFFERED, values=values)
        windows = [window for window in map(self._window, self._lines) if window]
        first = min(windows, key=lambda window: window.ends_at)
        return Finding(
            reason=ReviewReason.WITHIN_WINDOW_AND_RESALE_UNAFFECTED,
            values={"days": first.days, "last_day": first.last_day.isoformat()},
        )

    def _window(self, pair: tuple[ApplicationLine, OrderLine]) -> ReturnWindow | None:
        return return_window(self._order, pair[1], self._policy)

    def _has_priority(self) -> bool:
        rules = self._policy.priority
        shown = (each.kind for asked in self._application.lines for each in asked.evidence)
        has_video = rules.video_first and EvidenceKind.VIDEO in shown
        return has_video or self._order.customer_tier in rules.tiers


def claimed_value(application: ReturnApplication, order: OrderSnapshot) -> int:
    """What was paid for the units that are applied for, as the first of their lines; minor units."""
    paid = paid_by_line(order)
    lines = ((asked, order.line(asked.line_id)) for asked in application.lines)
    return sum(
        refund_for_units(paid[line.line_id], line.quantity, 0, min(asked.quantity, line.quantity))
        for asked, line in lines
        if line
    )


def _about(line: OrderLine, reason: ReviewReason, **values: str | int) -> Finding:
    return Finding(reason=reason, line_id=line.line_id, values={"item": line.name, **values})
