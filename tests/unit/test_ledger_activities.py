"""The ledger's activities: the policy version that counts, and promises over days that are only estimated."""

from datetime import UTC, datetime
from unittest.mock import Mock

import pytest
from temporalio.exceptions import ApplicationError

from activities.ledger import LedgerActivities
from domain.bookkeeping import (
    AuthorizedRefund,
    RefundAuthorization,
    ReviewRequest,
    SettlementPlan,
    SettlementRequest,
)
from domain.clocks import ClockName
from domain.intents import RefundBasis
from domain.refund import RefundQuote
from ledger.ledger import Ledger
from policy.files import load_explanations, load_policies
from workflows.clocks import Clocks

POLICIES = load_policies(None)


def activities() -> LedgerActivities:
    ledger = Mock(spec=Ledger)
    quote = RefundQuote(currency="CNY", lines=())
    ledger.authorize_refund.return_value = AuthorizedRefund(quote=quote, intents=())
    return LedgerActivities(ledger, POLICIES.by_version, POLICIES.current.version, load_explanations())


def settlement(at: datetime, version: str = "") -> SettlementRequest:
    authorization = RefundAuthorization(
        rma_id="R-1", op="settle-1", at=at, round=1, basis=RefundBasis.INSPECTION, units=()
    )
    return SettlementRequest(authorization=authorization, business_days=3, policy_version=version)


@pytest.mark.parametrize(
    ("at", "provisional"),
    [
        (datetime(2026, 11, 20, tzinfo=UTC), False),
        (datetime(2026, 12, 30, tzinfo=UTC), True),
    ],
)
def test_a_promise_beyond_the_official_calendar_is_provisional(at: datetime, provisional: bool) -> None:
    plan: SettlementPlan = activities().authorize_refund(settlement(at))
    assert plan.provisional is provisional


def test_a_clock_shows_that_its_due_time_is_provisional() -> None:
    clocks, at = Clocks(lambda: None, lambda: False), datetime(2026, 12, 30, tzinfo=UTC)
    clocks.mark_provisional(ClockName.SETTLEMENT)
    clocks.start(ClockName.SETTLEMENT, at, at)
    clocks.start(ClockName.CONTEST, at, at)
    assert [clock.provisional for clock in clocks.all] == [True, False]


def test_a_policy_version_that_is_missing_is_refused_at_once() -> None:
    with pytest.raises(ApplicationError, match="policy version spring") as refused:
        activities().authorize_refund(settlement(datetime(2026, 11, 20, tzinfo=UTC), "spring"))
    assert (refused.value.type, refused.value.non_retryable) == ("PolicyMissing", True)
    request = Mock(spec=ReviewRequest, policy_version="spring")
    with pytest.raises(ApplicationError, match="RETURNFLOW_OLDER_POLICY_FILES"):
        activities().review_application(request)
