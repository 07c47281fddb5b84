"""The whole answer to an application: its facts checked, decided by the policy, and explained."""

from dataclasses import dataclass

from domain.application import Remedy, ReturnApplication
from domain.bookkeeping import LineRules, Review, ReviewRequest
from domain.exchange import is_free_size_swap
from domain.explanations import Explanations
from domain.facts import check_facts, check_pickup_window, price_difference, settling_method_id
from domain.orders import OrderSnapshot
from domain.policy import Policy
from domain.reasons import REASON_RULES
from domain.refusals import Refusal, RefusalCode
from domain.review import ReviewDecision, auto_review
from domain.routing import first_reviewer
from domain.trade_in import trade_in_offer
from domain.windows import return_window


@dataclass(frozen=True)
class Reviewer:
    """Reviews applications by one version of the policy. Pure: the same code decides and tries a policy out."""

    policy: Policy
    explanations: Explanations

    def review(self, request: ReviewRequest, earlier_returns: int = 0) -> Review:
        """Check the facts and decide; `earlier_returns` counts the order's other returns."""
        policy, application, order = self.policy, request.application, request.order
        variants = {variant.item_id: variant for variant in request.variants}
        latest = request.applied_at + policy.clocks.handover
        refusal = check_facts(application, order, variants, frozenset(policy.currencies)) or check_pickup_window(
            application, latest
        )
        if refusal or order is None:
            return self.with_reason(Review(refusal=refusal), application)
        decision = auto_review(
            application, order, policy, request.applied_at, request.auto_review_late, earlier_returns
        )
        exchange = application.desired_resolution is Remedy.EXCHANGE
        trade_in = application.desired_resolution is Remedy.TRADE_IN
        return Review(
            decision=decision,
            clocks=policy.clocks,
            claims=policy.claims,
            agreement=policy.agreement,
            reviewer=first_reviewer(application, decision.reasons),
            pickup=policy.pickup,
            pickup_service=policy.priority.service_for(order.customer_tier),
            peaks=policy.busy_times(),
            trade_in=policy.trade_in,
            trade_in_minor=trade_in_offer(application, order, policy) if trade_in else 0,
            coupon_minor=policy.currencies[order.currency].inspection_coupon_minor,
            missed_scan_minor=policy.currencies[order.currency].missed_scan_minor,
            currency=order.currency,
            price_difference_minor=price_difference(application, order, variants) if exchange else 0,
            settle_method_id=settling_method_id(application, order) if exchange else "",
            replacement_prices_minor={item: variant.unit_price_minor for item, variant in variants.items()},
            hold_margin=policy.advances.hold_margin,
            free_size_swap=is_free_size_swap(application, order, policy.exchange.free_size_swap),
            why=self.explanations.of_findings(decision.findings, application.locale, policy.zone),
            late_refusals=self._late_refusals(application),
            warehouse=self._warehouse(application, order, decision),
            lines=self._lines(application, order),
            returns_per_waybill=policy.risk.returns_per_waybill,
        )

    def with_reason(self, review: Review, application: ReturnApplication) -> Review:
        """A review with its refusal, if it has one, explained."""
        return review.model_copy(
            update={"why": (self._sentence(review.refusal, application),)} if review.refusal else {}
        )

    def _sentence(self, refusal: Refusal, application: ReturnApplication) -> str:
        return self.explanations.of_refusal(refusal, application.locale, self.policy.zone)

    def _late_refusals(self, application: ReturnApplication) -> dict[str, str]:
        """What is said if stock is gone, or the order shipped, when others are asked after the decision."""
        if application.desired_resolution is Remedy.CANCEL_ORDER:
            shipped = Refusal(code=RefusalCode.ORDER_NOT_PENDING, field="order_id", detail="")
            return {application.order_id: self._sentence(shipped, application)}
        gone = {
            item: Refusal(
                code=RefusalCode.REPLACEMENT_UNAVAILABLE, field="lines", detail="", values={"item_id": item}
            )
            for item in application.replacement_item_ids()
        }
        return {item: self._sentence(refusal, application) for item, refusal in gone.items()}

    def _warehouse(self, application: ReturnApplication, order: OrderSnapshot, decision: ReviewDecision) -> str:
        address = application.pickup_address
        lines = (order.line(asked.line_id) for asked in application.lines)
        return self.policy.routing.warehouse(
            regions=(address.city, address.country) if address else (),
            categories={line.category for line in lines if line},
            risky=decision.is_risky,
        )

    def _lines(self, application: ReturnApplication, order: OrderSnapshot) -> dict[str, LineRules]:
        rules = {}
        for asked in application.lines:
            line = order.line(asked.line_id)
            if line:
                window = return_window(order, line, self.policy)
                rules[line.line_id] = LineRules(
                    department=self.policy.departments[REASON_RULES[asked.reason].root_cause],
                    checks=self.policy.checks(line.category),
                    window_ends_at=window.ends_at if window else None,
                )
        return rules
