"""Which tier a problem goes to first."""

import pytest

from domain.actions import Role
from domain.application import ReturnApplication
from domain.reasons import ReturnReason
from domain.review import ReviewReason
from domain.routing import BY_REASON, first_reviewer


def asked(*reasons: str) -> ReturnApplication:
    lines = [{"line_id": str(n), "quantity": 1, "reason": reason} for n, reason in enumerate(reasons)]
    return ReturnApplication.model_validate(
        {"order_id": "O-1", "customer_id": "C-1", "desired_resolution": "return_and_refund", "lines": lines}
    )


def test_every_reason_has_a_tier() -> None:
    assert set(BY_REASON) == set(ReturnReason)


@pytest.mark.parametrize(
    ("reasons", "doubts", "tier"),
    [
        (("late_delivery",), (ReviewReason.WINDOW_PASSED,), Role.AGENT_TIER_1),
        (("size_too_small",), (ReviewReason.DELIVERY_TIME_UNKNOWN,), Role.AGENT_TIER_1),
        (("changed_mind",), (ReviewReason.AMOUNT_TO_AGREE,), Role.AGENT_TIER_1),
        (("changed_mind",), (ReviewReason.CONDITION_TO_VERIFY,), Role.AGENT_TIER_2),
        (("quality_defect",), (ReviewReason.FAULT_TO_VERIFY,), Role.AGENT_TIER_2),
        (("late_delivery", "damaged_in_transit"), (ReviewReason.WINDOW_PASSED,), Role.AGENT_TIER_2),
    ],
)
def test_a_problem_goes_to_the_tier_of_its_type(
    reasons: tuple[str, ...], doubts: tuple[ReviewReason, ...], tier: Role
) -> None:
    assert first_reviewer(asked(*reasons), doubts) is tier
