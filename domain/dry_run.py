"""What another policy would have made of returns that are recorded: decisions, refunds and costs."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from pydantic import Field

from domain.application import Evidence, Remedy, ReturnApplication
from domain.bookkeeping import Review, ReviewRequest
from domain.explanations import Explanations
from domain.intents import RefundBasis
from domain.liability import Liability
from domain.orders import OrderSnapshot, Variant
from domain.policy import Policy
from domain.quote import quote_refund
from domain.reasons import REASON_RULES, LiableParty
from domain.record import MinorUnits, Record, UtcDatetime
from domain.refund import Circumstances, FeeKind, RefundClaim, RefundRules, UnitsToSettle
from domain.review import ReviewOutcome
from domain.reviewing import Reviewer


class RecordedReturn(Record):
    """A return as a history tells it; times are UTC.

    Attributes:
        name: The file it comes from.
        evidence: What was submitted later, by line id, in the order in which it came.
        approved_by_person: The last decision of a person; None if none decided.
        liability: Where a person changed it, by line id.
        was_approved: Whether it went on, by itself or by a person.
        settled: The units that were paid for.
        arrived_at: When the parcel reached the warehouse, None if it did not.
        inspected_at: When the inspection was reported, or the record ends without one.
    """

    name: str
    rma_id: str
    policy_version: str
    applied_at: UtcDatetime
    application: ReturnApplication
    order: OrderSnapshot | None
    variants: tuple[Variant, ...] = ()
    evidence: tuple[dict[str, tuple[Evidence, ...]], ...] = ()
    approved_by_person: bool | None = None
    liability: dict[str, Liability] = Field(default_factory=dict)
    was_approved: bool = False
    settled: tuple[UnitsToSettle, ...] = ()
    arrived_at: UtcDatetime | None = None
    inspected_at: UtcDatetime | None = None


class Forecast(Record):
    """What a policy makes of a return; amounts in minor units of the order's currency.

    Attributes:
        decision: What auto-review comes to, one after the other; the code of a refusal.
        refund_minor: What the customer gets; None where a person, or the customer, still has to decide.
        freight_minor: The return freight that the customer is charged, taken off the refund already.
        coupon_minor: The coupon for a late inspection.
        kept_goods_minor: What was paid for goods that stay with the customer.
    """

    decision: tuple[str, ...]
    reasons: tuple[str, ...] = ()
    priority: bool = False
    returnless: bool = False
    warehouse: str = ""
    refund_minor: MinorUnits | None = None
    freight_minor: MinorUnits = 0
    coupon_minor: MinorUnits = 0
    kept_goods_minor: MinorUnits = 0


class Comparison(Record):
    """A return under the policy that it was on, and under the new one."""

    name: str
    rma_id: str
    currency: str
    policy_version: str
    before: Forecast
    after: Forecast

    @property
    def changes(self) -> tuple[str, ...]:
        """The names of what would be different."""
        return tuple(
            name for name in Forecast.model_fields if getattr(self.before, name) != getattr(self.after, name)
        )


class Totals(Record):
    """The sums of one currency under the two policies, in minor units."""

    currency: str
    before: dict[str, int]
    after: dict[str, int]


class DryRun(Record):
    """What a new policy would change. `not_compared` says why, by the name of the record."""

    policy_version: str
    compared: int
    changed: tuple[Comparison, ...]
    totals: tuple[Totals, ...]
    not_compared: dict[str, str]


_AMOUNTS = ("refund_minor", "freight_minor", "coupon_minor", "kept_goods_minor")


def dry_run(
    records: Iterable[RecordedReturn],
    new: Policy,
    known: Mapping[str, Policy],
    explanations: Explanations,
) -> DryRun:
    """Run recorded returns through a new policy and through the one that each was on.

    Args:
        records: The returns.
        new: The policy to try out.
        known: The policies that the returns may be on, by version.
        explanations: The sentences that decisions are explained with.
    """
    comparisons = []
    not_compared = {}
    for record in records:
        if record.order is None:
            not_compared[record.name] = "the order was never read"
        elif record.policy_version not in known:
            not_compared[record.name] = f"policy {record.policy_version} is not known; name its file with --older"
        else:
            old = known[record.policy_version]
            comparisons.append(
                Comparison(
                    name=record.name,
                    rma_id=record.rma_id,
                    currency=record.order.currency,
                    policy_version=old.version,
                    before=forecast(record, record.order, old, explanations),
                    after=forecast(record, record.order, new, explanations),
                )
            )
    return DryRun(
        policy_version=new.version,
        compared=len(comparisons),
        changed=tuple(each for each in comparisons if each.changes),
        totals=tuple(_totals(comparisons)),
        not_compared=not_compared,
    )


def forecast(record: RecordedReturn, order: OrderSnapshot, policy: Policy, explanations: Explanations) -> Forecast:
    """Say what a policy makes of a recorded return."""
    reviews = list(_reviews(record, order, Reviewer(policy, explanations)))
    last = reviews[-1]
    if last.refusal or last.decision is None:
        return Forecast(decision=(last.refusal.code.value,) if last.refusal else (), refund_minor=0)
    decision = last.decision
    forecast = Forecast(
        decision=tuple(review.decision.outcome.value for review in reviews if review.decision),
        reasons=tuple(reason.value for reason in decision.reasons),
        priority=decision.priority,
        returnless=decision.returnless,
        warehouse=last.warehouse,
    )
    approved = {
        ReviewOutcome.APPROVED: True,
        ReviewOutcome.MANUAL_REVIEW: record.approved_by_person,
        ReviewOutcome.EVIDENCE_REQUESTED: None,
    }[decision.outcome]
    if not approved:
        return forecast.model_copy(update={"refund_minor": None if approved is None else 0})
    return forecast.model_copy(update=_amounts(record, order, policy, last))


def _reviews(record: RecordedReturn, order: OrderSnapshot, reviewer: Reviewer) -> Iterator[Review]:
    """The first review, and one more for each piece of evidence as long as some is asked for."""
    application = record.application
    submitted = iter(record.evidence)
    while True:
        review = reviewer.review(
            ReviewRequest(
                rma_id=record.rma_id,
                op="dry-run",
                at=record.applied_at,
                applied_at=record.applied_at,
                application=application,
                order=order,
                variants=record.variants,
            )
        )
        yield review
        asks = review.decision and review.decision.outcome is ReviewOutcome.EVIDENCE_REQUESTED
        added = next(submitted, None) if asks else None
        if added is None:
            return
        application = application.with_evidence(added)


def _amounts(record: RecordedReturn, order: OrderSnapshot, policy: Policy, review: Review) -> dict[str, int]:
    returnless = review.decision is not None and review.decision.returnless
    if record.application.desired_resolution is Remedy.CANCEL_ORDER:
        return {"refund_minor": sum(each.captured_minor - each.refunded_minor for each in order.payments)}
    units = _requested(record) if returnless or not record.was_approved else record.settled
    claim = RefundClaim(
        basis=RefundBasis.POLICY_EXCEPTION if returnless else RefundBasis.INSPECTION,
        units=units,
        circumstances=Circumstances(
            liability={
                line.line_id: Liability.of(REASON_RULES[line.reason].liable) for line in record.application.lines
            }
            | record.liability,
            ship_back=None if returnless else record.application.ship_back,
            pickup_service=review.pickup_service,
            freight=LiableParty.MERCHANT if review.free_size_swap else None,
        ),
    )
    quote = quote_refund(order, claim, rules=RefundRules.of(policy))
    replacements = sum(
        review.replacement_prices_minor.get(item, 0) for item in record.application.replacement_item_ids()
    )
    freight = sum(fee.amount_minor for fee in quote.fees if fee.kind is FeeKind.RETURN_FREIGHT)
    return {
        "refund_minor": max(quote.total_minor - (replacements if units else 0), 0),
        "freight_minor": freight,
        "coupon_minor": 0 if returnless else _coupon(record, policy, order.currency),
        "kept_goods_minor": sum(line.gross_minor for line in quote.lines) if returnless else 0,
    }


def _requested(record: RecordedReturn) -> tuple[UnitsToSettle, ...]:
    """What was applied for, taken as accepted: the record does not say what an inspection would have found."""
    return tuple(UnitsToSettle(line_id=line.line_id, quantity=line.quantity) for line in record.application.lines)


def _coupon(record: RecordedReturn, policy: Policy, currency: str) -> int:
    if record.arrived_at is None or record.inspected_at is None:
        return 0
    due_at: datetime = record.arrived_at + policy.clocks.inspection
    return policy.currencies[currency].inspection_coupon_minor if record.inspected_at > due_at else 0


def _totals(comparisons: Iterable[Comparison]) -> Iterator[Totals]:
    sums: dict[str, tuple[dict[str, int], dict[str, int]]] = {}
    for comparison in comparisons:
        sides = sums.setdefault(comparison.currency, (dict.fromkeys(_AMOUNTS, 0), dict.fromkeys(_AMOUNTS, 0)))
        for side, forecast in zip(sides, (comparison.before, comparison.after), strict=True):
            for name in _AMOUNTS:
                side[name] += getattr(forecast, name) or 0
    for currency, (before, after) in sorted(sums.items()):
        yield Totals(currency=currency, before=before, after=after)
