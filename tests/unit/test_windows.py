"""Return windows: law, merchant, category, season, tier, and what the days are counted from."""

from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.orders import CustomerTier, OrderLine, OrderSnapshot
from domain.policy import LEGAL_FLOOR_DAYS, Policy, parse_policy
from domain.windows import count_window, return_window

STANDARD = parse_policy(files("policy").joinpath("standard.toml").read_text("utf-8"))
DELIVERED_AT = datetime(2026, 11, 1, 2, 0, tzinfo=UTC)  # 1 November, 10:00 in Shanghai
SEASON = {"first_day": date(2026, 11, 1), "last_day": date(2026, 11, 11), "days": 30}


def policy(general: int = 7, **windows: Any) -> Policy:
    content = STANDARD.model_dump() | {"return_window_days": general, "windows": windows}
    return Policy.model_validate(content)


def days_of(
    rules: Policy, category: str = "toys", tier: str = "regular", delivered_at: datetime = DELIVERED_AT
) -> int:
    window = return_window(order(category, tier, delivered_at), line(category), rules)
    assert window is not None
    return window.days


def line(category: str) -> OrderLine:
    return OrderLine(
        line_id="1", item_id="i", product_id="p", name="Thing", category=category, quantity=1, unit_price_minor=1
    )


def order(
    category: str = "toys", tier: str = "regular", at: datetime | None = DELIVERED_AT, **more: Any
) -> OrderSnapshot:
    return OrderSnapshot.model_validate(
        {
            **{"order_id": "O-1", "customer_id": "C-1", "status": "delivered", "currency": "CNY"},
            **{"lines": [line(category)], "payments": [], "payment_methods": []},
            **{"customer_tier": tier, "delivered_at": at},
            **more,
        }
    )


@pytest.mark.parametrize(
    ("rules", "category", "tier", "days"),
    [
        (policy(), "toys", "regular", 7),
        (policy(30), "toys", "regular", 30),
        (policy(30, categories={"food": 7}), "food", "regular", 7),
        (policy(30, categories={"food": 7}), "toys", "regular", 30),
        (policy(7, categories={"electronics": 15}), "electronics", "regular", 15),
        (policy(7, tiers={"high_value": 30}), "toys", "high_value", 30),
        (policy(7, tiers={"high_value": 30}), "toys", "regular", 7),
        (policy(7, categories={"toys": 60}, tiers={"high_value": 30}), "toys", "high_value", 60),
        (policy(7, seasons=[SEASON]), "toys", "regular", 30),
        (policy(7, seasons=[SEASON], tiers={"new": 45}), "toys", "new", 45),
        (policy(7, seasons=[SEASON, SEASON | {"days": 90}]), "toys", "regular", 90),
    ],
)
def test_what_gives_the_window(rules: Policy, category: str, tier: str, days: int) -> None:
    assert days_of(rules, category, tier) == days


@pytest.mark.parametrize(
    ("delivered_at", "days"),
    [
        ("2026-10-31T23:59:59+08:00", 7),
        ("2026-11-01T00:00:00+08:00", 30),
        ("2026-11-11T23:59:59+08:00", 30),
        ("2026-11-11T16:00:00+00:00", 7),  # it is the 12th in Shanghai
    ],
)
def test_a_season_holds_for_whole_local_days(delivered_at: str, days: int) -> None:
    assert days_of(policy(seasons=[SEASON]), delivered_at=datetime.fromisoformat(delivered_at)) == days


@pytest.mark.parametrize(
    ("anchor", "confirmed", "last_day"),
    [
        ("delivery", DELIVERED_AT + timedelta(days=3), date(2026, 11, 8)),
        ("confirmed_receipt", DELIVERED_AT + timedelta(days=3), date(2026, 11, 11)),
        ("confirmed_receipt", None, date(2026, 11, 8)),
        # A confirmation before the delivery is an error of the shop and shortens nothing.
        ("confirmed_receipt", DELIVERED_AT - timedelta(days=3), date(2026, 11, 8)),
    ],
)
def test_what_the_days_are_counted_from(anchor: str, confirmed: datetime | None, last_day: date) -> None:
    snapshot = order(receipt_confirmed_at=confirmed)
    window = return_window(snapshot, snapshot.lines[0], policy(anchor=anchor))
    assert window is not None
    assert window.last_day == last_day


def test_without_a_delivery_there_is_no_window() -> None:
    assert return_window(order(at=None), line("toys"), policy()) is None


DAYS = st.integers(LEGAL_FLOOR_DAYS, 400)
MOMENTS = st.integers(0, 3 * 365 * 24 * 60).map(lambda minutes: DELIVERED_AT + timedelta(minutes=minutes))


@given(MOMENTS, DAYS, st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/New_York", "Pacific/Apia"]))
def test_a_window_is_made_of_whole_days_after_its_anchor(anchored_at: datetime, days: int, zone: str) -> None:
    rules = STANDARD.model_copy(update={"timezone": zone})
    window = count_window(anchored_at, days, rules)
    local_end = window.ends_at.astimezone(rules.zone)
    assert (local_end.hour, local_end.minute, local_end.second) == (0, 0, 0)
    assert local_end.date() == window.last_day + timedelta(days=1)
    assert (window.last_day - anchored_at.astimezone(rules.zone).date()).days == days
    assert window.ends_at - anchored_at > timedelta(days=days) - timedelta(hours=1)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "categories": st.dictionaries(st.sampled_from(["toys", "food"]), DAYS),
            "tiers": st.dictionaries(st.sampled_from(list(CustomerTier)), st.integers(100, 400)),
            "seasons": st.lists(st.just(SEASON | {"days": 120})),
            "anchor": st.sampled_from(["delivery", "confirmed_receipt"]),
        },
    ),
    st.integers(LEGAL_FLOOR_DAYS, 99),
    st.sampled_from(["toys", "food", "books"]),
    st.sampled_from(list(CustomerTier)),
    MOMENTS,
    st.none() | MOMENTS,
)
def test_no_policy_narrows_the_legal_floor(
    windows: dict[str, Any],
    general: int,
    category: str,
    tier: CustomerTier,
    delivered_at: datetime,
    confirmed_at: datetime | None,
) -> None:
    rules = policy(general, **windows)
    snapshot = order(category, tier, delivered_at, receipt_confirmed_at=confirmed_at)
    window = return_window(snapshot, snapshot.lines[0], rules)
    assert window is not None
    assert window.ends_at >= count_window(delivered_at, LEGAL_FLOOR_DAYS, rules).ends_at
