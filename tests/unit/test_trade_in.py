"""What the shop offers for old appliances, and how it is shared over what it accepts."""

import pytest

from domain.application import ReturnApplication
from domain.policy import TradeInPayout, parse_policy
from domain.review import auto_review
from domain.store_credit import store_credit_bonus
from domain.trade_in import trade_in_offer, trade_in_share
from tests.unit.test_review import NOW, POLICY_TEXT, order

POLICY = parse_policy(
    POLICY_TEXT
    + "store_credit_bonus_bps = 250\ntrade_in_minor = { appliances = 20000 }\n[trade_in]\npaid_as = 'coupon'"
)


def asked(*quantities: int) -> ReturnApplication:
    lines = [{"line_id": str(n), "quantity": quantity} for n, quantity in enumerate(quantities)]
    return ReturnApplication.model_validate(
        {
            "order_id": "O-1",
            "customer_id": "C-1",
            "desired_resolution": "trade_in",
            "lines": lines,
        }
    )


@pytest.mark.parametrize(
    ("categories", "quantities", "offer"),
    [
        (["appliances"], [1], 20_000),
        (["appliances", "appliances"], [2, 1], 60_000),
        (["appliances", "apparel"], [1, 1], 0),
        (["apparel"], [1], 0),
    ],
)
def test_the_offer_is_per_unit_of_a_category(categories: list[str], quantities: list[int], offer: int) -> None:
    snapshot = order(*({"category": category} for category in categories))
    assert trade_in_offer(asked(*quantities), snapshot, POLICY) == offer
    outcome = auto_review(asked(*quantities), snapshot, POLICY, NOW).outcome
    assert outcome == ("approved" if offer else "manual_review")


def test_a_late_review_goes_to_a_person() -> None:
    snapshot = order({"category": "appliances"})
    assert auto_review(asked(1), snapshot, POLICY, NOW, late=True).outcome == "manual_review"


def test_the_shares_come_to_what_was_agreed() -> None:
    shares = [trade_in_share(20_000, 3, before, 1) for before in range(3)]
    assert shares == [6_666, 6_667, 6_667]
    assert trade_in_share(20_000, 3, 0, 3) == 20_000


@pytest.mark.parametrize(("paid", "bps", "bonus"), [(10_000, 250, 250), (9_999, 250, 249), (10_000, 0, 0)])
def test_a_bonus_is_rounded_down(paid: int, bps: int, bonus: int) -> None:
    assert store_credit_bonus(paid, bps) == bonus


def test_the_policy_says_how_a_trade_in_is_paid() -> None:
    assert POLICY.trade_in.paid_as is TradeInPayout.COUPON
    assert POLICY.currencies["CNY"].store_credit_bonus_bps == 250
