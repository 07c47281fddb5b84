"""The ledger's transactions, run as local activities: one per step of a stage.

Policy and money rules are evaluated here and not in workflow code, so that a changed rule cannot break a replay.
"""

from temporalio import activity

from activities.errors import ledger_refusals
from domain.application import Remedy
from domain.bookkeeping import (
    ChargeAuthorization,
    ChargebackDecision,
    ChargebackOutcome,
    ChargebackReport,
    ReturnClosing,
    ReturnOpening,
    Review,
    ReviewRequest,
    SettlementPlan,
    SettlementRequest,
    StageEntry,
    TenderReplacement,
)
from domain.calendar import add_business_days
from domain.chargebacks import Chargeback
from domain.exchange import is_free_size_swap
from domain.facts import check_facts, price_difference, settling_method_id
from domain.intents import PaymentIntent
from domain.notices import Notices
from domain.orders import OrderSnapshot
from domain.policy import Policy
from domain.record import Done
from domain.review import auto_review
from ledger.ledger import Ledger


class LedgerActivities:
    """Evaluates the rules of the return's policy version and writes what they come to."""

    def __init__(self, ledger: Ledger, policies: dict[str, Policy], current: str) -> None:
        self._ledger = ledger
        self._policies = policies
        self._current = current

    @activity.defn(name="ledger.review_application")
    def review_application(self, request: ReviewRequest) -> Review:
        """Check the facts, decide, and reserve the units; a refusal holds nothing."""
        policy = self._policy(request.policy_version)
        variants = {variant.item_id: variant for variant in request.variants}
        refusal = check_facts(request.application, request.order, variants, frozenset(policy.currencies))
        if refusal or request.order is None:
            return Review(refusal=refusal)
        order = request.order
        decision = auto_review(request.application, order, policy, request.applied_at, request.auto_review_late)
        exchange = request.application.desired_resolution is Remedy.EXCHANGE
        review = Review(
            decision=decision,
            clocks=policy.clocks,
            pickup=policy.pickup,
            peaks=policy.busy_times(),
            coupon_minor=policy.currencies[order.currency].inspection_coupon_minor,
            currency=order.currency,
            price_difference_minor=price_difference(request.application, order, variants) if exchange else 0,
            settle_method_id=settling_method_id(request.application, order) if exchange else "",
            replacement_prices_minor={item: variant.unit_price_minor for item, variant in variants.items()},
            free_size_swap=is_free_size_swap(request.application, order, policy.exchange.free_size_swap),
        )
        notices = Notices.for_application(request.rma_id, request.application)
        return self._ledger.open_return(
            ReturnOpening(
                rma_id=request.rma_id,
                op=request.op,
                at=request.at,
                outbox=notices.review(decision, request.application.desired_resolution),
                order=order,
                units=_claimed_units(request, order),
                max_applications_per_line=policy.max_applications_per_line,
                review=review,
            )
        )

    @activity.defn(name="ledger.record_stage")
    def record_stage(self, entry: StageEntry) -> Done:
        """Write what a step decided."""
        self._ledger.record(entry)
        return Done()

    @activity.defn(name="ledger.authorize_refund")
    def authorize_refund(self, request: SettlementRequest) -> SettlementPlan:
        """Quote and record the intents; the promise ends after the policy's business days."""
        with ledger_refusals():
            refund = self._ledger.authorize_refund(request.authorization)
        zone = self._policy(request.policy_version).zone
        due_at = add_business_days(request.authorization.at, request.business_days, zone)
        return SettlementPlan(refund=refund, due_at=due_at)

    @activity.defn(name="ledger.authorize_charge")
    def authorize_charge(self, request: ChargeAuthorization) -> PaymentIntent:
        """Record the intent to charge an exchange's difference."""
        with ledger_refusals():
            return self._ledger.authorize_charge(request)

    @activity.defn(name="ledger.replace_tender")
    def replace_tender(self, request: TenderReplacement) -> PaymentIntent:
        """Record an intent in the place of a declined one."""
        with ledger_refusals():
            return self._ledger.replace_tender(request)

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

    def _policy(self, version: str) -> Policy:
        """The version that a return opened under; a new one opens under the current version."""
        return self._policies[version or self._current]


def _claimed_units(request: ReviewRequest, order: OrderSnapshot) -> dict[str, int]:
    if request.application.desired_resolution is Remedy.CANCEL_ORDER:
        return {line.line_id: line.quantity for line in order.lines}
    return {line.line_id: line.quantity for line in request.application.lines}
