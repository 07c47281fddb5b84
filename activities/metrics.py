"""What activities count: money and coupons, where a provider's word on them is written down.

An attempt whose worker died after that is repeated and counted again; the ledger has the exact numbers.
"""

import structlog
from temporalio import activity

from domain.intents import IntentState, PaymentDirection

_OUTCOMES = {
    IntentState.SUCCEEDED: "paid",
    IntentState.RECONCILED: "paid",
    IntentState.DECLINED: "declined",
    IntentState.UNKNOWN: "unknown",
    IntentState.CHARGED_BACK: "charged_back",
}

log = structlog.get_logger(__name__)


def payment_ended(direction: PaymentDirection, state: IntentState) -> None:
    """Count and log what became of a movement of money: `paid`, `declined`, `unknown` or `charged_back`."""
    outcome = _OUTCOMES[state]
    _count(
        "returnflow_payments", "Movements of money by outcome", {"direction": direction.value, "outcome": outcome}
    )
    level = log.warning if state is IntentState.UNKNOWN else log.info
    level("payment_outcome", direction=direction.value, outcome=outcome)


def coupon_issued(currency: str) -> None:
    """Count and log a coupon that the coupon service issued just now."""
    _count("returnflow_coupons_issued", "Coupons that were issued", {"currency": currency})
    log.info("coupon_issued")


def _count(name: str, meaning: str, labels: dict[str, str]) -> None:
    # Rules are also tried without Temporal, where nothing is measured.
    if activity.in_activity():
        activity.metric_meter().create_counter(name, meaning).add(1, dict(labels))
