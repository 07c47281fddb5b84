"""The ledger's transactions, run as local activities: one per step of a stage.

Policy and money rules are evaluated here and not in workflow code, so that a changed rule cannot break a replay.
"""

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.errors import POLICY_MISSING, ledger_refusals
from domain.advances import AdvanceAccount, AdvanceDecision, decide_advance
from domain.application import Remedy
from domain.authority import (
    PayoutAnswer,
    PayoutApproval,
    PayoutRequest,
    PayoutState,
    beyond_the_rules,
)
from domain.authority_text import refusal_text
from domain.bookkeeping import (
    AdvanceEnd,
    AdvanceQuestion,
    CaptureAuthorization,
    ChargeAuthorization,
    ChargebackDecision,
    ChargebackOutcome,
    ChargebackReport,
    ClaimEntry,
    ClaimOpening,
    FollowUpOpening,
    HoldAuthorization,
    RecoveryAuthorization,
    ReturnClosing,
    ReturnOpening,
    Review,
    ReviewRequest,
    SettlementPlan,
    SettlementRequest,
    StageAnswer,
    StageEntry,
    TakenUpCase,
    TakeUp,
    TenderReplacement,
    UnitsTakenOver,
)
from domain.calendar import add_business_days
from domain.chargebacks import Chargeback
from domain.claims import RecoveryClaim
from domain.expected import expected_claim
from domain.explanations import Explanations
from domain.follow_up import FollowUpAnswer
from domain.intents import PaymentIntent
from domain.notices import Notices
from domain.orders import OrderSnapshot
from domain.policy import Policy
from domain.record import Done
from domain.refund import RefundRules
from domain.remainder import Remainder, RemainderQuestion
from domain.remedy_change import RemedyAnswer, RemedyQuestion, consider_remedy
from domain.review import ReviewOutcome
from domain.reviewing import Reviewer
from domain.store_credit import store_credit_bonus
from ledger.ledger import Ledger


class LedgerActivities:
    """Evaluates the rules of the return's policy version and writes what they come to."""

    def __init__(
        self, ledger: Ledger, policies: dict[str, Policy], current: str, explanations: Explanations
    ) -> None:
        self._ledger = ledger
        self._policies = policies
        self._current = current
        self._explanations = explanations

    @activity.defn(name="ledger.review_application")
    def review_application(self, request: ReviewRequest) -> Review:
        """Check the facts, decide, and reserve the units; a refusal holds nothing."""
        reviewer = Reviewer(self._policy(request.policy_version), self._explanations)
        earlier = self._ledger.returns_opened(request.order.order_id, request.rma_id) if request.order else 0
        review = reviewer.review(request, earlier)
        if review.decision is None or request.order is None:
            return review
        decision = review.decision
        advance = self._advance(request, request.order, reviewer.policy, review.price_difference_minor)
        review = review.model_copy(update={"advance": advance})
        notices = Notices.for_application(request.rma_id, request.application)
        expected = expected_claim(request.application, review.free_size_swap, review.pickup_service)
        is_decided = decision.outcome is not ReviewOutcome.EVIDENCE_REQUESTED
        insured = notices.freight_insured(request.order, expected) if is_decided else ()
        told = notices.review(decision, request.application.desired_resolution, review.why)
        opened = self._ledger.open_return(
            ReturnOpening(
                rma_id=request.rma_id,
                op=request.op,
                at=request.at,
                outbox=(*told, *insured),
                events=request.events,
                order=request.order,
                units=_claimed_units(request, request.order),
                max_applications_per_line=reviewer.policy.max_applications_per_line,
                review=review,
                expected=expected,
                rules=RefundRules.of(reviewer.policy),
            )
        )
        return reviewer.with_reason(opened, request.application)

    @activity.defn(name="ledger.record_stage")
    def record_stage(self, entry: StageEntry) -> StageAnswer:
        """Write what a step decided."""
        return self._ledger.record(entry)

    @activity.defn(name="ledger.authorize_refund")
    def authorize_refund(self, request: SettlementRequest) -> SettlementPlan:
        """Quote and record the intents; the promise ends after the policy's business days."""
        policy = self._policy(request.policy_version)
        with ledger_refusals():
            refund = self._ledger.authorize_refund(request.authorization, RefundRules.of(policy))
        due = add_business_days(request.authorization.at, request.business_days, policy.zone)
        bonus_bps = policy.currencies[refund.quote.currency].store_credit_bonus_bps
        paid_minor = sum(intent.amount_minor for intent in refund.intents) if request.to_store_credit else 0
        return SettlementPlan(
            refund=refund,
            due_at=due.at,
            provisional=due.provisional,
            bonus_minor=store_credit_bonus(paid_minor, bonus_bps),
        )

    @activity.defn(name="ledger.remainder")
    def remainder(self, question: RemainderQuestion) -> Remainder:
        """Read what the lines of a return have left to pay back."""
        with ledger_refusals():
            return self._ledger.remainder(question.rma_id)

    @activity.defn(name="ledger.take_over")
    def take_over(self, request: UnitsTakenOver) -> Done:
        """Keep units without a refund."""
        with ledger_refusals():
            self._ledger.take_over(request)
        return Done()

    @activity.defn(name="ledger.authorize_charge")
    def authorize_charge(self, request: ChargeAuthorization) -> PaymentIntent:
        """Record the intent to charge an exchange's difference."""
        with ledger_refusals():
            return self._ledger.authorize_charge(request)

    @activity.defn(name="ledger.advance_account")
    def advance_account(self, question: AdvanceQuestion) -> AdvanceAccount:
        """Read what was paid in advance and what became of it."""
        with ledger_refusals():
            return self._ledger.advance_account(question.rma_id)

    @activity.defn(name="ledger.authorize_recovery")
    def authorize_recovery(self, request: RecoveryAuthorization) -> PaymentIntent:
        """Record the intent to charge back what is left of an advance."""
        with ledger_refusals():
            return self._ledger.authorize_recovery(request)

    @activity.defn(name="ledger.end_advance")
    def end_advance(self, request: AdvanceEnd) -> Done:
        """Give up what is left of an advance."""
        with ledger_refusals():
            self._ledger.end_advance(request)
        return Done()

    @activity.defn(name="ledger.authorize_hold")
    def authorize_hold(self, request: HoldAuthorization) -> PaymentIntent:
        """Record the intent to hold money for a replacement that is sent in advance."""
        with ledger_refusals():
            return self._ledger.authorize_hold(request)

    @activity.defn(name="ledger.authorize_capture")
    def authorize_capture(self, request: CaptureAuthorization) -> PaymentIntent:
        """Record the intent to capture what is held for units that never came."""
        with ledger_refusals():
            return self._ledger.authorize_capture(request)

    @activity.defn(name="ledger.replace_tender")
    def replace_tender(self, request: TenderReplacement) -> PaymentIntent:
        """Record an intent in the place of a declined one."""
        with ledger_refusals():
            return self._ledger.replace_tender(request)

    @activity.defn(name="ledger.grant_payout")
    def grant_payout(self, request: PayoutRequest) -> PayoutAnswer:
        """Hold what a person wants to grant against the policy's caps, of the case and of the day in its zone."""
        policy = self._policy(request.policy_version)
        limit_minor = policy.returnless.limits.get(request.currency, 0)
        with ledger_refusals():
            answer = self._ledger.grant_payout(
                request,
                beyond_the_rules(request.amount_minor, request.kept_minor, limit_minor),
                policy.currencies[request.currency].payout_caps,
                request.at.astimezone(policy.zone).date(),
            )
        if answer.state is not PayoutState.REFUSED:
            return answer
        return answer.model_copy(update={"told": refusal_text(request.actor.role, answer, request.currency)})

    @activity.defn(name="ledger.decide_payout")
    def decide_payout(self, approval: PayoutApproval) -> Done:
        """Take the second person's decision."""
        with ledger_refusals():
            self._ledger.decide_payout(approval)
        return Done()

    @activity.defn(name="ledger.report_chargeback")
    def report_chargeback(self, report: ChargebackReport) -> Chargeback:
        """Keep a chargeback; the order's refunds freeze."""
        with ledger_refusals():
            return self._ledger.report_chargeback(report)

    @activity.defn(name="ledger.decide_chargeback")
    def decide_chargeback(self, decision: ChargebackDecision) -> ChargebackOutcome:
        """Release what a chargeback froze, or count it as paid back."""
        with ledger_refusals():
            return self._ledger.decide_chargeback(decision)

    @activity.defn(name="ledger.close_return")
    def close_return(self, closing: ReturnClosing) -> Done:
        """Close the case and let go of what is still held."""
        self._ledger.close_return(closing)
        return Done()

    def _advance(
        self, request: ReviewRequest, order: OrderSnapshot, policy: Policy, difference_minor: int
    ) -> AdvanceDecision | None:
        """Decide the wish for an advance; None where there is none."""
        if not request.application.advance:
            return None
        history = self._ledger.advance_history(order.customer_id, order.currency)
        return decide_advance(request.application, order, policy, history, difference_minor)

    @activity.defn(name="ledger.consider_remedy")
    def consider_remedy(self, question: RemedyQuestion) -> RemedyAnswer:
        """Say whether a return can be settled otherwise. It writes nothing."""
        policy = self._policy(question.policy_version)
        return consider_remedy(question, frozenset(policy.currencies), policy.exchange.free_size_swap)

    @activity.defn(name="ledger.open_follow_up")
    def open_follow_up(self, opening: FollowUpOpening) -> FollowUpAnswer:
        """Number a follow-up case and hold what is free of its units, or say why there is none."""
        return self._ledger.open_follow_up(opening)

    @activity.defn(name="ledger.take_up")
    def take_up(self, entry: TakeUp) -> TakenUpCase:
        """Read what a follow-up case starts from, and tell of it."""
        return self._ledger.take_up(entry)

    @activity.defn(name="ledger.open_claim")
    def open_claim(self, opening: ClaimOpening) -> RecoveryClaim:
        """Value a loss and list the evidence for it."""
        return self._ledger.open_claim(opening)

    @activity.defn(name="ledger.record_claim")
    def record_claim(self, entry: ClaimEntry) -> Done:
        """Keep how a claim stands."""
        self._ledger.record_claim(entry)
        return Done()

    def _policy(self, version: str) -> Policy:
        """The version that a return opened under; a new one opens under the current version.

        Raises:
            ApplicationError: If this worker does not have it. That is not retried: a person has to add its file.
        """
        try:
            return self._policies[version or self._current]
        except KeyError:
            raise ApplicationError(
                f"no worker file has policy version {version}; name it in RETURNFLOW_OLDER_POLICY_FILES",
                type=POLICY_MISSING,
                non_retryable=True,
            ) from None


def _claimed_units(request: ReviewRequest, order: OrderSnapshot) -> dict[str, int]:
    if request.application.desired_resolution is Remedy.CANCEL_ORDER:
        return {line.line_id: line.quantity for line in order.lines}
    return {line.line_id: line.quantity for line in request.application.lines}
