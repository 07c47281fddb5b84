"""A policy tried out on recorded returns: what it would have decided, paid and cost."""

from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from demo.story import load_stories
from domain.application import Remedy
from domain.dry_run import DryRun, Forecast, RecordedReturn, dry_run, forecast
from domain.policy import Policy, parse_policy
from policy.files import load_explanations, load_policies
from starters.histories import UnreadableHistory, read_histories, read_history

HISTORIES = Path(__file__).parents[1] / "replay" / "histories"
STANDARD = parse_policy(files("policy").joinpath("standard.toml").read_text("utf-8"))
EXPLANATIONS = load_explanations()
KNOWN = load_policies(None).by_version
NOW = datetime(2026, 11, 3, 2, 0, tzinfo=UTC)
FAULT = {"reason": "missing_parts", "evidence": [{"kind": "image", "reference": "i"}]}


def policy(**sections: Any) -> Policy:
    return Policy.model_validate(STANDARD.model_dump() | {"version": "new"} | sections)


def record(*lines: dict[str, Any], **fields: Any) -> RecordedReturn:
    """One unit of each line, approved, inspected in time and settled, unless told otherwise."""
    asked = [{"line_id": str(n), "quantity": 1, **line} for n, line in enumerate(lines or ({},))]
    ordered = [
        {
            **{"line_id": line["line_id"], "item_id": "i", "product_id": "p", "name": "Thing"},
            **{"quantity": 2, "unit_price_minor": 1_000},
        }
        for line in asked
    ]
    return RecordedReturn.model_validate(
        {
            **{"name": "r.json", "rma_id": "R-1", "policy_version": STANDARD.version, "applied_at": NOW},
            "application": {
                **{"order_id": "O-1", "customer_id": "C-1", "desired_resolution": "return_and_refund"},
                "lines": asked,
            },
            "order": {
                **{"order_id": "O-1", "customer_id": "C-1", "status": "delivered", "currency": "CNY"},
                **{"lines": ordered, "payments": [], "payment_methods": []},
                "delivered_at": NOW - timedelta(days=1),
            },
            "was_approved": True,
            "settled": [{"line_id": line["line_id"], "quantity": 1} for line in asked],
            "arrived_at": NOW + timedelta(days=2),
            "inspected_at": NOW + timedelta(days=4),
            **fields,
        }
    )


def under(rules: Policy, recorded: RecordedReturn) -> Forecast:
    assert recorded.order is not None
    return forecast(recorded, recorded.order, rules, EXPLANATIONS)


# Pure comparison


def test_the_same_rules_change_nothing() -> None:
    result = dry_run([record()], policy(), KNOWN, EXPLANATIONS)
    assert (result.compared, result.changed) == (1, ())


@pytest.mark.parametrize(
    ("recorded", "sections", "changes"),
    [
        (
            record({"condition": "unused"}),
            {"resale_unaffected": {"general": []}},
            {"decision": ("manual_review",), "reasons": ("condition_to_verify",), "refund_minor": None},
        ),
        (
            record({"condition": "unused"}, approved_by_person=False, was_approved=False, settled=()),
            {"resale_unaffected": {"general": []}},
            {"decision": ("manual_review",), "reasons": ("condition_to_verify",), "refund_minor": 0},
        ),
        (record(), {"clocks": {"inspection": "PT24H"}}, {"coupon_minor": 5_000}),
        (
            record(FAULT, approved_by_person=True),
            {"returnless": {"reasons": ["missing_parts"], "limits": {"CNY": 999}}},
            {"reasons": ("fault_to_verify",), "returnless": False, "kept_goods_minor": 0},
        ),
        (record(), {"routing": {"default": "east"}}, {"warehouse": "east"}),
        (
            record({"condition": "used"}, approved_by_person=True),
            {"priority": {"tiers": ["regular"]}},
            {"priority": True},
        ),
        (
            record(FAULT, approved_by_person=True),
            {"evidence": {"video_for": ["missing_parts"]}},
            {
                "decision": ("evidence_requested",),
                "reasons": ("video_missing",),
                "returnless": False,
                "refund_minor": None,
                "kept_goods_minor": 0,
            },
        ),
        (
            record(),
            {
                "currencies": {"USD": STANDARD.currencies["USD"].model_dump()},
                "returnless": {},
                "risk": {},
                "advances": {},
            },
            {"decision": ("currency_not_supported",), "reasons": (), "warehouse": "", "refund_minor": 0},
        ),
    ],
    ids=["condition", "declined", "clock", "returnless", "route", "priority", "video", "currency"],
)
def test_what_a_policy_changes(
    recorded: RecordedReturn, sections: dict[str, Any], changes: dict[str, Any]
) -> None:
    (changed,) = dry_run([recorded], policy(**sections), KNOWN, EXPLANATIONS).changed
    assert {name: getattr(changed.after, name) for name in changed.changes} == changes


def test_a_return_freight_is_charged_to_a_customer_who_is_liable() -> None:
    amounts = STANDARD.model_dump()["currencies"]
    amounts["CNY"] |= {"return_freight_minor": 300}
    assert under(policy(currencies=amounts), record()).model_dump(include={"refund_minor", "freight_minor"}) == {
        "refund_minor": 700,
        "freight_minor": 300,
    }


def test_goods_that_stay_are_paid_as_applied_for_and_earn_no_coupon() -> None:
    recorded = record(FAULT, approved_by_person=True, settled=(), inspected_at=NOW + timedelta(days=9))
    result = under(policy(), recorded)
    assert (result.returnless, result.refund_minor, result.kept_goods_minor) == (True, 1_000, 1_000)
    assert result.coupon_minor == 0


def test_a_return_that_would_now_pass_is_paid_as_applied_for() -> None:
    declined = record({"condition": "used"}, approved_by_person=False, was_approved=False, settled=())
    assert under(STANDARD, declined).refund_minor == 0
    wider = policy(resale_unaffected={"general": ["used"]})
    assert under(wider, declined).refund_minor == 1_000


def test_evidence_that_was_submitted_counts() -> None:
    shown = record(
        {"reason": "missing_parts"},
        evidence=[{"0": FAULT["evidence"]}],
        approved_by_person=True,
    )
    assert under(STANDARD, shown).decision == ("evidence_requested", "manual_review")


def test_sums_are_kept_by_currency_and_what_cannot_be_compared_is_said() -> None:
    records = [
        record(),
        record(),
        record(policy_version="lost", name="lost.json"),
        record(order=None, name="x.json"),
    ]
    result = dry_run(records, policy(clocks={"inspection": "PT24H"}), KNOWN, EXPLANATIONS)
    (totals,) = result.totals
    assert (totals.before["refund_minor"], totals.after["refund_minor"]) == (2_000, 2_000)
    assert (totals.before["coupon_minor"], totals.after["coupon_minor"]) == (0, 10_000)
    assert result.not_compared == {
        "lost.json": "policy lost is not known; name its file with --older",
        "x.json": "the order was never read",
    }


# Recorded histories


def recorded_run(new: Policy) -> DryRun:
    records, _ = read_histories(HISTORIES)
    return dry_run(records, new, KNOWN, EXPLANATIONS)


STORIES = {story.name: story for story in load_stories()}
RECORDED = [
    file
    for file in sorted(HISTORIES.glob("ReturnWorkflow/*.json"))
    if (story := STORIES.get(file.stem.split("@")[0]))
    and story.application.desired_resolution is not Remedy.PRICE_COMPENSATION
]
"""The stories whose money follows from the policy, and not from what two sides agreed on."""


@pytest.mark.parametrize("file", RECORDED, ids=lambda file: file.stem)
def test_a_recorded_story_is_forecast_as_it_ended(file: Path) -> None:
    """The books of each story say what was paid; the policy that it was on has to forecast just that."""
    recorded = read_history(file, file.name)
    story = STORIES[file.stem.split("@")[0]]
    told = under(KNOWN[recorded.policy_version], recorded)
    recovered = sum(charge.amount_minor for charge in story.expect.charges) if story.application.advance else 0
    paid = sum(refund.amount_minor for refund in story.expect.refunds)
    assert told.refund_minor == max(paid - recovered, 0)
    assert told.coupon_minor == sum(coupon.amount_minor for coupon in story.expect.coupons)


def test_the_standard_changes_nothing_of_what_its_older_version_decided() -> None:
    assert {each.rma_id: each.changes for each in recorded_run(STANDARD).changed} == {}


def test_a_longer_inspection_saves_the_recorded_coupon() -> None:
    changed = recorded_run(policy(clocks={"inspection": "PT72H"})).changed
    assert {(each.before.coupon_minor, each.after.coupon_minor) for each in changed} == {(5_000, 0)}
    assert {each.changes for each in changed} == {("coupon_minor",)}


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "no history of a workflow"),
        ("[]", "no history of a workflow"),
        ('{"events": []}', "no return but something else"),
        ('{"orders": 1}', "no history of a workflow"),
    ],
)
def test_a_file_that_is_no_return_is_named(content: str, why: str, tmp_path: Path) -> None:
    file = tmp_path / "other.json"
    file.write_text(content, "utf-8")
    with pytest.raises(UnreadableHistory, match=why):
        read_history(file, "other.json")
    assert why in read_histories(tmp_path)[1]["other.json"]


def test_payloads_that_are_encoded_are_not_guessed(tmp_path: Path) -> None:
    text = next(HISTORIES.glob("ReturnWorkflow/plain_refund@*.json")).read_text("utf-8")
    file = tmp_path / "encoded.json"
    file.write_text(text.replace("anNvbi9wbGFpbg==", "YmluYXJ5L2VuY3J5cHRlZA=="), "utf-8")
    with pytest.raises(UnreadableHistory, match="export the history decoded"):
        read_history(file, "encoded.json")


def test_the_records_of_another_shape_are_told(tmp_path: Path) -> None:
    text = next(HISTORIES.glob("ReturnWorkflow/plain_refund@*.json")).read_text("utf-8")
    file = tmp_path / "shape.json"
    start = text.index('"data": "') + len('"data": "')
    file.write_text(text[:start] + "e30=" + text[text.index('"', start) :], "utf-8")
    with pytest.raises(UnreadableHistory, match="not those of a return"):
        read_history(file, "shape.json")
