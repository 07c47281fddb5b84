"""Auto-review: what passes at once, what asks for evidence, what goes to a person (section 4)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.application import ReturnApplication
from domain.orders import CustomerTier, OrderSnapshot, OrderStatus
from domain.policy import Policy, parse_policy
from domain.reasons import REASON_RULES, ReturnReason
from domain.review import auto_review
from domain.windows import count_window

POLICY_TEXT = """
version = "test-7"
timezone = "Asia/Shanghai"
return_window_days = 7
max_applications_per_line = 5
[resale_unaffected]
general = ["unused"]
electronics = ["unused", "opened"]
jewellery = []
[pickup]
carriers = ["swift"]
[currencies.CNY]
inspection_coupon_minor = 5000
payout_caps = { agent_tier_1 = 1, agent_tier_2 = 2, agent_tier_3 = 3, supervisor = 3 }
"""
POLICY = parse_policy(POLICY_TEXT)
DELIVERED_AT = datetime(2026, 11, 1, 2, 0, tzinfo=UTC)  # 1 November, 10:00 in Shanghai
NOW = datetime(2026, 11, 3, 2, 0, tzinfo=UTC)
IMAGE, VIDEO = {"kind": "image", "reference": "i"}, {"kind": "video", "reference": "v"}


def order(*lines: dict[str, Any], **fields: Any) -> OrderSnapshot:
    return OrderSnapshot.model_validate(
        {
            "order_id": "O-1",
            "customer_id": "C-1",
            "status": OrderStatus.DELIVERED,
            "currency": "CNY",
            "lines": [
                {
                    **{"line_id": str(n), "item_id": "i", "product_id": "p", "name": "Thing"},
                    **{"quantity": 1, "unit_price_minor": 100},
                    **line,
                }
                for n, line in enumerate(lines or ({},))
            ],
            "payments": [],
            "payment_methods": [],
            "delivered_at": DELIVERED_AT,
            **fields,
        }
    )


def asked(*lines: dict[str, Any], resolution: str = "return_and_refund") -> ReturnApplication:
    return ReturnApplication.model_validate(
        {
            "order_id": "O-1",
            "customer_id": "C-1",
            "desired_resolution": resolution,
            "lines": [{"line_id": str(n), "quantity": 1, **line} for n, line in enumerate(lines)],
        }
    )


def decision(
    application: ReturnApplication,
    snapshot: OrderSnapshot | None = None,
    now: datetime = NOW,
    policy: Policy = POLICY,
) -> tuple[str, ...]:
    decided = auto_review(application, snapshot or order(), policy, now)
    assert decided.policy_version == policy.version
    return (decided.outcome, *decided.reasons)


PASSES = ("approved", "within_window_and_resale_unaffected")


@pytest.mark.parametrize(
    ("category", "condition", "passes"),
    [
        ("general", "unopened", True),
        ("general", "unused", True),
        ("general", "opened", False),
        ("general", "used", False),
        ("toys", "unused", True),  # a category without a standard of its own follows the general one
        ("toys", "opened", False),
        ("electronics", "opened", True),
        ("electronics", "activated", False),
        ("jewellery", "unused", False),
        ("jewellery", "unopened", True),  # unopened passes at once, whatever the standard lists
    ],
)
def test_the_category_decides_what_can_be_sold_again(category: str, condition: str, passes: bool) -> None:
    expected = PASSES if passes else ("manual_review", "condition_to_verify")
    assert decision(asked({"condition": condition}), order({"category": category})) == expected


@pytest.mark.parametrize("reason", ReturnReason)
def test_what_each_reason_needs(reason: ReturnReason) -> None:
    faults = {"quality_defect", "not_as_described", "damaged_in_transit", "wrong_item", "missing_parts"}
    bare, shown = asked({"reason": reason}), asked({"reason": reason, "evidence": [IMAGE]})
    if reason in faults:
        assert decision(bare) == ("evidence_requested", "evidence_missing")
        assert decision(shown) == ("manual_review", "fault_to_verify")
    else:
        assert decision(bare) == PASSES == decision(shown)


def test_every_reason_has_a_rule() -> None:
    assert set(REASON_RULES) == set(ReturnReason)


@pytest.mark.parametrize("tag", ["custom_made", "perishable", "newspaper"])
@pytest.mark.parametrize("reason", ["changed_mind", "size_too_small", "size_too_large", "other"])
def test_excluded_goods_do_not_pass_without_a_reason(tag: str, reason: str) -> None:
    application = asked({"reason": reason, "condition": "unopened"})
    assert decision(application, order({"tags": [tag]})) == ("manual_review", "excluded_from_no_reason")


def test_opened_digital_media_do_not_pass_without_a_reason() -> None:
    media = order({"tags": ["digital_media"], "category": "electronics"})
    assert decision(asked({"condition": "opened"}), media) == ("manual_review", "excluded_from_no_reason")


def test_unopened_digital_media_pass() -> None:
    assert decision(asked({"condition": "unopened"}), order({"tags": ["digital_media"]})) == PASSES


def test_a_fault_of_excluded_goods_stays_returnable() -> None:
    application = asked({"reason": "quality_defect", "evidence": [IMAGE]})
    assert decision(application, order({"tags": ["perishable"]})) == ("manual_review", "fault_to_verify")


def test_excluded_goods_that_came_after_a_cancellation_pass() -> None:
    application = asked({"reason": "arrived_after_cancel", "condition": "unopened"})
    assert decision(application, order({"tags": ["newspaper"]})) == PASSES


@pytest.mark.parametrize(
    ("delivered_at", "days", "ends_at"),
    [
        # Delivered on 1 November in Shanghai: the 2nd is day 1, the 8th is day 7.
        ("2026-11-01T10:00:00+08:00", 7, "2026-11-09T00:00:00+08:00"),
        ("2026-11-01T00:00:00+08:00", 7, "2026-11-09T00:00:00+08:00"),
        ("2026-11-01T23:59:59+08:00", 7, "2026-11-09T00:00:00+08:00"),
        ("2026-11-01T15:59:59+00:00", 7, "2026-11-09T00:00:00+08:00"),
        # It is the 2nd in Shanghai already.
        ("2026-11-01T16:00:00+00:00", 7, "2026-11-10T00:00:00+08:00"),
        ("2026-11-01T10:00:00+08:00", 30, "2026-12-02T00:00:00+08:00"),
        ("2026-12-28T10:00:00+08:00", 7, "2027-01-05T00:00:00+08:00"),
    ],
)
def test_the_window_closes_with_its_last_day_in_shanghai(delivered_at: str, days: int, ends_at: str) -> None:
    policy = parse_policy(POLICY_TEXT.replace("return_window_days = 7", f"return_window_days = {days}"))
    end = datetime.fromisoformat(ends_at)
    assert count_window(datetime.fromisoformat(delivered_at), days, policy).ends_at == end
    snapshot = order(delivered_at=delivered_at)
    last = end.astimezone(UTC) - timedelta(microseconds=1)
    assert decision(asked({}), snapshot, last, policy) == PASSES
    assert decision(asked({}), snapshot, end.astimezone(UTC), policy) == ("manual_review", "window_passed")


def test_the_window_ends_at_local_midnight_over_a_change_of_clocks() -> None:
    policy = parse_policy(POLICY_TEXT.replace("Asia/Shanghai", "Europe/Berlin"))
    end = count_window(datetime.fromisoformat("2026-10-20T10:00:00+02:00"), 7, policy).ends_at
    assert end == datetime.fromisoformat("2026-10-28T00:00:00+01:00")


LATE = datetime(2026, 12, 1, tzinfo=UTC)
FAULTY = {"reason": "wrong_item", "evidence": [IMAGE]}


@pytest.mark.parametrize(
    ("application", "snapshot", "now", "expected"),
    [
        pytest.param(
            asked(resolution="cancel_order"),
            order(status=OrderStatus.PENDING, delivered_at=None),
            NOW,
            ("approved", "not_shipped"),
            id="not-shipped",
        ),
        pytest.param(
            asked({"condition": "unopened"}),
            order(delivered_at=None),
            NOW,
            ("manual_review", "delivery_time_unknown"),
            id="delivery-unknown",
        ),
        pytest.param(
            asked({"condition": "unopened"}),
            order(),
            LATE,
            ("manual_review", "window_passed"),
            id="unopened-but-late",
        ),
        pytest.param(
            asked({"reason": "wrong_item"}),
            order(),
            LATE,
            ("evidence_requested", "evidence_missing"),
            id="a-late-fault-is-asked-for-evidence",
        ),
        pytest.param(
            asked(FAULTY), order(), LATE, ("manual_review", "window_passed", "fault_to_verify"), id="a-late-fault"
        ),
        pytest.param(
            asked({}, {"reason": "missing_parts"}),
            order({}, {}),
            NOW,
            ("evidence_requested", "evidence_missing"),
            id="one-line-lacks-evidence",
        ),
        pytest.param(
            asked({**FAULTY, "condition": "used"}, {"reason": "missing_parts"}),
            order({}, {}),
            NOW,
            ("evidence_requested", "evidence_missing"),
            id="evidence-of-another-line-does-not-count",
        ),
        pytest.param(
            asked({}, {"condition": "used"}, {"condition": "used"}, FAULTY, {}),
            order({}, {}, {}, {}, {"tags": ["custom_made"]}),
            LATE,
            (
                "manual_review",
                "window_passed",
                "condition_to_verify",
                "fault_to_verify",
                "excluded_from_no_reason",
            ),
            id="every-doubt-once-in-order",
        ),
        pytest.param(
            asked({"replacement_item_ids": ["x"]}, resolution="exchange"),
            order(),
            NOW,
            PASSES,
            id="an-exchange-too",
        ),
    ],
)
def test_what_auto_review_decides(
    application: ReturnApplication, snapshot: OrderSnapshot, now: datetime, expected: tuple[str, ...]
) -> None:
    assert decision(application, snapshot, now) == expected


@pytest.mark.parametrize(
    ("condition", "doubts"), [("unopened", ()), ("used", ("condition_to_verify",))], ids=["clean", "doubtful"]
)
def test_a_late_auto_review_goes_to_a_person(condition: str, doubts: tuple[str, ...]) -> None:
    decided = auto_review(asked({"condition": condition}), order(), POLICY, NOW, late=True)
    assert (decided.outcome, decided.reasons) == ("manual_review", (*doubts, "auto_review_late"))


@pytest.mark.parametrize(
    ("evidence", "tier", "priority"),
    [
        ([], CustomerTier.REGULAR, False),
        ([IMAGE], CustomerTier.NEW, False),
        ([IMAGE, VIDEO], CustomerTier.DORMANT, True),
        ([], CustomerTier.HIGH_VALUE, True),
    ],
)
def test_video_and_high_value_customers_come_first(
    evidence: list[dict[str, str]], tier: CustomerTier, priority: bool
) -> None:
    application = asked({}, {"condition": "used", "evidence": evidence})
    assert auto_review(application, order({}, {}, customer_tier=tier), POLICY, NOW).priority is priority


@pytest.mark.parametrize("remedy", ["price_compensation", "coupon_compensation"])
def test_a_compensation_needs_an_amount_that_a_person_offers(remedy: str) -> None:
    assert decision(asked({"condition": "unopened"}, resolution=remedy)) == ("manual_review", "amount_to_agree")
