"""Advances for trusted customers: paid or shipped at the carrier's first scan, settled after the inspection.

Who gets one is a pure rule of the policy and of what the customer owes from earlier advances (section 6).
"""

from enum import StrEnum

from domain.application import Remedy, ReturnApplication
from domain.money import refund_for_units
from domain.orders import OrderSnapshot, paid_by_line
from domain.policy import Policy
from domain.record import MinorUnits, Record


class AdvanceReason(StrEnum):
    """Why an advance is granted or not; the first that applies counts."""

    GRANTED = "granted"
    REMEDY_NOT_COVERED = "remedy_not_covered"
    TIER_NOT_TRUSTED = "tier_not_trusted"
    EARLIER_ADVANCE_UNPAID = "earlier_advance_unpaid"
    ABOVE_LIMIT = "above_limit"
    PRICE_DIFFERS = "price_differs"


class AdvanceDecision(Record):
    """Whether the customer gets the advance that they wished for, and why."""

    granted: bool
    reason: AdvanceReason


class AdvanceHistory(Record):
    """What earlier advances of the customer came to.

    Attributes:
        open_minor: Advanced in the order's currency and not settled yet, in its minor units.
        unpaid: Advances of which the customer did not pay back what they owed.
    """

    open_minor: MinorUnits = 0
    unpaid: int = 0


class AdvanceAccount(Record):
    """What was advanced for a return and what became of it, in minor units.

    Attributes:
        earned_minor: As much as refunds after the inspection came to.
        recovered_minor: What the customer paid back.
        waived_minor: What a supervisor let the customer keep.
    """

    rma_id: str
    currency: str
    advanced_minor: MinorUnits
    earned_minor: MinorUnits = 0
    recovered_minor: MinorUnits = 0
    waived_minor: MinorUnits = 0

    @property
    def outstanding_minor(self) -> int:
        """What was advanced and nothing has accounted for yet."""
        return self.advanced_minor - self.earned_minor - self.recovered_minor - self.waived_minor

    def earn(self, worth_minor: int) -> tuple["AdvanceAccount", int]:
        """Account a refund against the advance.

        Args:
            worth_minor: What the refund comes to, in minor units, 0 or more.

        Returns:
            The account afterwards, and as much of the refund as the advance has paid already.
        """
        covered_minor = min(worth_minor, self.outstanding_minor)
        return self.model_copy(update={"earned_minor": self.earned_minor + covered_minor}), covered_minor


class RecoveryState(StrEnum):
    """Where the recovery of an advance stands: announced, appealed against, or over."""

    NONE = "none"
    ANNOUNCED = "announced"
    APPEALED = "appealed"
    CLOSED = "closed"


def decide_advance(
    application: ReturnApplication,
    order: OrderSnapshot,
    policy: Policy,
    history: AdvanceHistory,
    price_difference_minor: int,
) -> AdvanceDecision:
    """Decide whether a customer who wishes for an advance gets it.

    An exchange is sent in advance only for variants that cost the same: a difference is settled before release,
    and what is owed is known only after the inspection.
    """
    limit_minor = policy.advances.limits.get(order.currency, 0)
    if application.desired_resolution not in (Remedy.RETURN_AND_REFUND, Remedy.EXCHANGE):
        return _no(AdvanceReason.REMEDY_NOT_COVERED)
    if order.customer_tier not in policy.advances.tiers:
        return _no(AdvanceReason.TIER_NOT_TRUSTED)
    if history.unpaid:
        return _no(AdvanceReason.EARLIER_ADVANCE_UNPAID)
    if worth_of(application, order) + history.open_minor > limit_minor:
        return _no(AdvanceReason.ABOVE_LIMIT)
    if price_difference_minor:
        return _no(AdvanceReason.PRICE_DIFFERS)
    return AdvanceDecision(granted=True, reason=AdvanceReason.GRANTED)


def worth_of(application: ReturnApplication, order: OrderSnapshot) -> int:
    """What was paid for the units of an application, in minor units."""
    paid = paid_by_line(order)
    lines = {line.line_id: line for line in order.lines}
    return sum(
        refund_for_units(paid[asked.line_id], lines[asked.line_id].quantity, 0, asked.quantity)
        for asked in application.lines
    )


def _no(reason: AdvanceReason) -> AdvanceDecision:
    return AdvanceDecision(granted=False, reason=reason)
