"""The policy file: what it must say, and errors that name the key."""

from datetime import timedelta
from importlib.resources import files

import pytest

from domain.policy import parse_policy

STANDARD = (files("policy") / "standard.toml").read_text(encoding="utf-8")


def edited(old: str, new: str) -> str:
    assert STANDARD.count(old) == 1, f"the standard policy should hold {old!r} once"
    return STANDARD.replace(old, new)


def test_the_standard_policy_holds_the_clocks_of_the_specification() -> None:
    policy = parse_policy(STANDARD)
    hours = {
        "manual_review": 24,
        "evidence": 7 * 24,
        "appeal": 7 * 24,
        "acceptance_scan": 2,
        "handover": 7 * 24,
        "transit_trace": 72,
        "transit_lost": 10 * 24,
        "inspection": 48,
        "inspection_management": 96,
        "contest": 72,
        "refund_unknown": 1,
    }
    clocks = policy.clocks
    assert {name: getattr(clocks, name) for name in hours} == {
        name: timedelta(hours=count) for name, count in hours.items()
    }
    assert clocks.handover_reminders == (timedelta(days=3), timedelta(days=6))
    assert clocks.settlement_business_days == 3
    assert (policy.return_window_days, policy.max_applications_per_line) == (7, 5)
    assert policy.currencies["CNY"].inspection_coupon_minor == 5000
    assert policy.zone.key == "Asia/Shanghai"


def test_what_a_policy_leaves_out_is_as_in_the_specification() -> None:
    head, _, rest = STANDARD.partition("[pickup]")
    amounts = rest[rest.index("[currencies") :]
    bare = parse_policy(f'{head}[pickup]\ncarriers = ["swift", "steady"]\n{amounts}')
    assert bare == parse_policy(STANDARD)


def test_a_policy_may_widen_the_window() -> None:
    assert parse_policy(edited("return_window_days = 7", "return_window_days = 30")).return_window_days == 30


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("max_applications_per_line", "max_aplications_per_line", ["max_aplications_per_line", "Extra inputs"]),
        ("max_applications_per_line = 5\n", "", ["max_applications_per_line", "required"]),
        ("return_window_days = 7", "return_window_days = 6", ["return_window_days", "greater than or equal to 7"]),
        ("return_window_days = 7", "return_window_days = 7.5", ["return_window_days", "integer"]),
        ("[currencies.JPY]", "[currencies.QQQ]", ["currencies", "QQQ"]),
        (
            "inspection_coupon_minor = 5000",
            "inspection_coupon_minor = 0",
            ["currencies.CNY.inspection_coupon_minor"],
        ),
        (
            "inspection_coupon_minor = 5000",
            "inspection_coupon_minor = 0.5",
            ["currencies.CNY.inspection_coupon_minor"],
        ),
        ("Asia/Shanghai", "Asia/Atlantis", ["timezone", "Asia/Atlantis"]),
        ("Asia/Shanghai", "../Shanghai", ["timezone", "not an IANA time zone"]),
        ('["swift", "steady"]', '["swift", "swift"]', ["pickup.carriers", "twice"]),
        ('["swift", "steady"]', "[]", ["pickup.carriers", "at least 1"]),
        ("attempts_per_carrier = 2", "attempts_per_carrier = 0", ["pickup.attempts_per_carrier"]),
        ('["P3D", "P6D"]', '["P3D", "P8D"]', ["clocks", "handover_reminders"]),
        ('["P3D", "P6D"]', '["P3D", "P7D"]', ["clocks", "handover_reminders"]),
        ('["P3D", "P6D"]', '["P6D", "P3D"]', ["clocks", "handover_reminders"]),
        ('["P3D", "P6D"]', '["-P3D"]', ["clocks.handover_reminders.0"]),
        ('"P10D"', '"PT72H"', ["clocks", "transit_lost"]),
        ('"PT96H"', '"PT48H"', ["clocks", "inspection_management"]),
        ('inspection = "PT48H"', 'inspection = "PT0S"', ["clocks.inspection", "greater than"]),
        ('inspection = "PT48H"', 'inspection = "soon"', ["clocks.inspection", "duration"]),
        ("settlement_business_days = 3", "settlement_business_days = 0", ["clocks.settlement_business_days"]),
        ("general = [", "ordinary = [", ["resale_unaffected", "general"]),
        ('apparel = ["unopened"', 'apparel = ["sealed"', ["resale_unaffected.apparel.0", "unopened"]),
        ("return_window_days = 7", "return_window_days =", ["line 6"]),
    ],
)
def test_a_wrong_policy_is_refused_by_the_key(old: str, new: str, named: list[str]) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        parse_policy(edited(old, new))
    assert [words for words in named if words not in str(caught.value)] == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('inspection = "PT48H"', 'inspecton = "PT48H"'),
        ('lead = "PT2H"', 'leed = "PT2H"'),
        ("inspection_coupon_minor = 5000", "inspection_coupon_minor = 5000\nsurvey_coupon = 1"),
    ],
)
def test_a_misspelt_key_of_a_table_is_refused(old: str, new: str) -> None:
    with pytest.raises(ValueError, match="Extra inputs"):
        parse_policy(edited(old, new))


def test_a_folder_of_time_zones_is_not_a_time_zone() -> None:
    with pytest.raises(ValueError, match="timezone"):
        parse_policy(edited("Asia/Shanghai", "Asia"))


def test_a_duration_without_a_unit_is_refused() -> None:
    with pytest.raises(ValueError, match=r"clocks\.inspection"):
        parse_policy(edited('inspection = "PT48H"', "inspection = 48"))
