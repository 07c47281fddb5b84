"""The policy file: what it must say, and errors that name the key."""

from datetime import timedelta
from importlib.resources import files
from pathlib import Path

import pytest

from domain.policy import PolicyRefused, parse_policy
from domain.reasons import ReturnReason
from policy.files import load_policies

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
    amounts = STANDARD[STANDARD.index("[currencies") :]
    standard = parse_policy(STANDARD)
    bare = parse_policy(f"""
version = "{standard.version}"
timezone = "Asia/Shanghai"
return_window_days = 7
max_applications_per_line = 5
{STANDARD[STANDARD.index("[resale_unaffected]") : STANDARD.index("# What an inspection looks at")]}
[pickup]
carriers = ["swift", "steady"]
{amounts}""")
    chosen = {name: getattr(standard, name) for name in ("inspection_checks", "returnless", "advances")}
    chosen["risk"] = bare.risk.model_copy(update={"value": standard.risk.value})
    assert bare.model_copy(update=chosen) == standard
    assert not bare.returnless.cover({ReturnReason.MISSING_PARTS}, 1, "CNY")


def test_a_policy_may_widen_the_window() -> None:
    assert parse_policy(edited("return_window_days = 7", "return_window_days = 30")).return_window_days == 30


REPLACED = [
    ("max_applications_per_line", "max_aplications_per_line", "max_aplications_per_line: is no key of a policy; "),
    ("max_applications_per_line = 5\n", "", "max_applications_per_line: is missing; add it"),
    ("return_window_days = 7", "return_window_days = 6", "return_window_days: is 6; write 7 or more"),
    ("return_window_days = 7", "return_window_days = 7.5", "return_window_days: is 7.5: "),
    ("return_window_days = 7", 'return_window_days = "7"', "return_window_days: is '7': "),
    ("return_window_days = 7", "return_window_days = true", "return_window_days: is True: "),
    ("return_window_days = 7", "return_window_days = 4000", "return_window_days: is 4000; write 3650 or less"),
    ("return_window_days = 7", "return_window_days =", "invalid value"),
    ("[currencies.JPY]", "[currencies.QQQ]", "currencies.QQQ: is no ISO 4217 currency"),
    (
        "_coupon_minor = 5000",
        "_coupon_minor = 0",
        "currencies.CNY.inspection_coupon_minor: is 0; write more than 0",
    ),
    ("_coupon_minor = 5000", "_coupon_minor = -1", "currencies.CNY.inspection_coupon_minor: is -1; write "),
    ("_coupon_minor = 5000", "_coupon_minor = 0.5", "currencies.CNY.inspection_coupon_minor: is 0.5: "),
    ("_coupon_minor = 5000", "_coupon_minor = 5000\nsurvey = 1", "currencies.CNY.survey: is no key of a policy; "),
    ("Asia/Shanghai", "Asia/Atlantis", "timezone: 'Asia/Atlantis' is not an IANA time zone"),
    ("Asia/Shanghai", "../Shanghai", "timezone: '../Shanghai' is not an IANA time zone"),
    ("Asia/Shanghai", "Asia", "timezone: 'Asia' is not an IANA time zone"),
    ('["swift", "steady"]', '["swift", "swift"]', "pickup.carriers: names a carrier twice"),
    ('["swift", "steady"]', "[]", "pickup.carriers: names nothing; name at least one"),
    ('["swift", "steady"]', '["swift", ""]', "pickup.carriers.1: "),
    ("attempts_per_carrier = 2", "attempts_per_carrier = 0", "pickup.attempts_per_carrier: is 0; write 1 or more"),
    ('lead = "PT2H"', 'leed = "PT2H"', "pickup.leed: is no key of a policy; write lead"),
    ('["P3D", "P6D"]', '["P3D", "P8D"]', "clocks.handover_reminders: must be ascending"),
    ('["P3D", "P6D"]', '["P3D", "P7D"]', "clocks.handover_reminders: must be ascending"),
    ('["P3D", "P6D"]', '["P6D", "P3D"]', "clocks.handover_reminders: must be ascending"),
    ('["P3D", "P6D"]', '["P3D", "P3D"]', "clocks.handover_reminders: must be ascending"),
    ('["P3D", "P6D"]', '["-P3D"]', "clocks.handover_reminders.0: "),
    ('"P10D"', '"PT72H"', "clocks.transit_lost: must be longer than transit_trace"),
    ('"PT96H"', '"PT48H"', "clocks.inspection_management: must be longer than inspection"),
    ('inspection = "PT48H"', 'inspection = "PT0S"', "clocks.inspection: is 0:00:00; write more than 0 seconds"),
    (
        'manual_review = "PT24H"\nevidence = "P7D"',
        'manual_review = "PT24H"\nevidence = "PT12H"',
        "clocks.evidence: must be a day at least",
    ),
    ('inspection = "PT48H"', 'inspection = "soon"', "clocks.inspection: is 'soon': "),
    ('inspection = "PT48H"', "inspection = 48", "clocks.inspection: write a duration in ISO 8601, such as PT48H"),
    ('inspection = "PT48H"', 'inspecton = "PT48H"', "clocks.inspecton: is no key of a policy; write inspection"),
    ("business_days = 3", "business_days = 0", "clocks.settlement_business_days: is 0; write 1 or more"),
    (
        'general = ["unopened"',
        'ordinary = ["unopened"',
        "resale_unaffected: needs a standard for the category 'general'",
    ),
    ('apparel = ["unopened"', 'apparel = ["sealed"', "resale_unaffected.apparel.0: is 'sealed'; write one of "),
    ('"PROPORTIONAL"\n', '"HALF"\n', "promotions.claw_back: is 'HALF'; write one of 'PROPORTIONAL' or 'REPRICE'"),
    ("CNY = 2000", "CNY = -2000", "returnless.limits.CNY: is -2000; write "),
    ("CNY = 2000", "HKD = 2000", "returnless.limits.HKD: is in use, but there is no [currencies.HKD]"),
    ('["damaged_in_transit", ', '["changed_mind", ', "returnless.reasons: changed_mind needs no evidence"),
    ('anchor = "delivery"', 'anchor = "order"', "windows.anchor: is 'order'; write one of 'delivery' or "),
    ('anchor = "delivery"', "categories = { books = 6 }", "windows.categories.books: is 6; write 7 or more"),
    ('anchor = "delivery"', "tiers = { gold = 30 }", "windows.tiers.gold: is 'gold'; write one of 'new', "),
    ('anchor = "delivery"', "tiers = { new = 7 }", "windows.tiers.new: is not longer than return_window_days (7)"),
    (
        'anchor = "delivery"',
        "seasons = [{ first_day = 2026-11-02, last_day = 2026-11-01, days = 30 }]",
        "windows.seasons.0.last_day: lies before first_day",
    ),
    (
        'anchor = "delivery"',
        "seasons = [{ first_day = 2026-11-01, last_day = 2026-11-02, days = 7 }]",
        "windows.seasons.0.days: is not longer than return_window_days (7)",
    ),
    (
        'anchor = "delivery"',
        'seasons = [{ first_day = "autumn", last_day = 2026-11-02, days = 8 }]',
        "windows.seasons.0.first_day: is 'autumn': ",
    ),
    (
        'always = ["custom_made",',
        'always = ["digital_media",',
        "exclusions.always: digital_media may be excluded once opened only",
    ),
    ('["digital_media"]', '["digital_media", "perishable"]', "exclusions.once_opened: perishable is in always as"),
    ("video_for = []", 'video_for = ["changed_mind"]', "evidence.video_for: changed_mind is not in required_for"),
    ('["no_stains", ', '["No stains", ', "inspection_checks.apparel.0: is 'No stains': "),
    ("required = []", 'required = ["shoe_size"]', "form.required.0: is 'shoe_size'; write one of 'description', "),
    ("return_rate_bps = 6000", "return_rate_bps = 0", "risk.return_rate_bps: is 0; write 1 or more"),
    ("return_rate_bps = 6000", "return_rate_bps = 10001", "risk.return_rate_bps: is 10001; write 10000 or less"),
    ("value = { CNY", "value = { SEK", "risk.value.SEK: is in use, but there is no [currencies.SEK]"),
    ('default = "main"', 'default = ""', "routing.default: "),
    (
        'default = "main"',
        'routes = [{ warehouse = "east" }]',
        "routing.routes.0.warehouse: would take every parcel; give regions, categories or risky",
    ),
    ('service = "customer', 'servise = "customer', "departments.servise: is 'servise'; write one of "),
    ('"2026-11-2"', '"two words"', "version: "),
    ('"2026-11-2"', '""', "version: "),
]
"""What replaces what in the standard policy, and how the error begins after its line."""


@pytest.mark.parametrize(("old", "new", "told"), REPLACED)
def test_a_wrong_policy_is_refused_by_its_line_and_key(old: str, new: str, told: str) -> None:
    text = edited(old, new)
    with pytest.raises(PolicyRefused) as caught:
        parse_policy(text)
    problem = caught.value.problems[0]
    assert str(caught.value).startswith(f"line {problem.line}: {told}")
    changed = STANDARD[: STANDARD.index(old)].count("\n") + 1
    added = "\n" in new.strip()
    assert "missing" in told or "needs a standard" in told or problem.line == changed + added


def test_a_key_that_is_missing_is_told_by_the_line_of_its_table() -> None:
    with pytest.raises(PolicyRefused) as caught:
        parse_policy(edited("[currencies.JPY]\ninspection_coupon_minor = 1000", "[currencies.JPY]"))
    line = STANDARD[: STANDARD.index("[currencies.JPY]")].count("\n") + 1
    assert str(caught.value) == f"line {line}: currencies.JPY.inspection_coupon_minor: is missing; add it"


def test_every_fault_is_told_in_the_order_of_the_lines() -> None:
    text = STANDARD.replace("settlement_business_days = 3", "settlement_business_days = 0")
    with pytest.raises(PolicyRefused) as caught:
        parse_policy(text.replace("return_window_days = 7", "return_window_days = 6"))
    first, second = caught.value.problems
    assert (first.key, second.key) == ("return_window_days", "clocks.settlement_business_days")
    assert first.line < second.line


def test_a_text_that_ends_too_early_is_told_by_its_last_line() -> None:
    with pytest.raises(PolicyRefused, match=r"^line 2: "):
        parse_policy('version = "1"\ntimezone = """Asia\n')


# The packaged files


def test_every_older_version_stays_readable() -> None:
    older = [parse_policy(file.read_text("utf-8")) for file in files("policy").joinpath("older").iterdir()]
    assert "2026-11-1" in {policy.version for policy in older}
    assert parse_policy(STANDARD).version not in {policy.version for policy in older}


def test_a_worker_knows_the_packaged_versions_beside_the_shops_own(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(edited('"2026-11-2"', '"spring"'), encoding="utf-8")
    policies = load_policies(own)
    assert policies.current.version == "spring"
    assert set(policies.by_version) >= {"spring", "2026-11-1", parse_policy(STANDARD).version}


def test_older_files_leave_the_standard_current(tmp_path: Path) -> None:
    older = tmp_path / "older.toml"
    older.write_text(edited('"2026-11-2"', '"spring"'), encoding="utf-8")
    assert load_policies(None, (older,)).current == parse_policy(STANDARD)


def test_a_shops_file_comes_before_a_packaged_version_of_the_same_name(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(edited("return_window_days = 7", "return_window_days = 30"), encoding="utf-8")
    policies = load_policies(None, (own,))
    assert policies.by_version[policies.current.version].return_window_days == 30


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "No such file"),
        (b"\xff\xfe", "is not UTF-8"),
        (b"version = 1", "line 1: version: "),
    ],
)
def test_a_file_that_cannot_be_read_is_named(content: bytes | None, told: str, tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ValueError, match=f"policy {file}: .*{told}"):
        load_policies(file)


def test_two_files_of_one_version_are_refused(tmp_path: Path) -> None:
    files_of_one_version = [tmp_path / "a.toml", tmp_path / "b.toml"]
    for file in files_of_one_version:
        file.write_text(edited('"2026-11-2"', '"spring"'), encoding="utf-8")
    with pytest.raises(ValueError, match="version spring is in two files"):
        load_policies(files_of_one_version[0], files_of_one_version[1:])
