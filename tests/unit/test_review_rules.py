"""What a policy adds to a review: exclusions, evidence, forms, risk, priority, returnless refunds, routes, why."""

from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

import pytest

from domain.application import Locale, ReturnApplication
from domain.bookkeeping import Review, ReviewRequest
from domain.explanations import ReasonTexts, fields_of
from domain.orders import OrderSnapshot
from domain.policy import Policy, parse_policy
from domain.refusals import RefusalCode
from domain.review import ReviewReason
from domain.reviewing import Reviewer
from policy.files import load_explanations

STANDARD = parse_policy(files("policy").joinpath("standard.toml").read_text("utf-8"))
NOW = datetime(2026, 11, 3, 2, 0, tzinfo=UTC)
IMAGE, VIDEO = {"kind": "image", "reference": "i"}, {"kind": "video", "reference": "v"}
FAULT = {"reason": "missing_parts", "evidence": [IMAGE]}


def policy(**sections: Any) -> Policy:
    return Policy.model_validate(STANDARD.model_dump() | sections)


def order(*lines: dict[str, Any], **fields: Any) -> OrderSnapshot:
    bare = {"item_id": "i", "product_id": "p", "name": "Thing", "quantity": 3, "unit_price_minor": 1_000}
    return OrderSnapshot.model_validate(
        {
            **{"order_id": "O-1", "customer_id": "C-1", "status": "delivered", "currency": "CNY"},
            "lines": [{"line_id": str(number), **bare, **line} for number, line in enumerate(lines or ({},))],
            **{"payments": [], "payment_methods": [], "delivered_at": "2026-11-01T10:00:00+08:00"},
            **fields,
        }
    )


def asked(*lines: dict[str, Any], **fields: Any) -> ReturnApplication:
    return ReturnApplication.model_validate(
        {
            **{"order_id": "O-1", "customer_id": "C-1", "desired_resolution": "return_and_refund", "locale": "en"},
            "lines": [{"line_id": str(n), "quantity": 1, **line} for n, line in enumerate(lines or ({},))],
            **fields,
        }
    )


def reviewed(
    application: ReturnApplication,
    snapshot: OrderSnapshot | None = None,
    rules: Policy = STANDARD,
    earlier_returns: int = 0,
) -> Review:
    request = ReviewRequest(
        rma_id="R-1", op="review-1", at=NOW, applied_at=NOW, application=application, order=snapshot or order()
    )
    return Reviewer(rules, load_explanations()).review(request, earlier_returns)


def decided(review: Review) -> tuple[str, ...]:
    assert review.decision is not None
    return (review.decision.outcome, *review.decision.reasons)


PASSES = ("approved", "within_window_and_resale_unaffected")


# Exclusions and evidence


def test_a_merchant_may_exclude_less_than_the_law_allows() -> None:
    perishable, opened = order({"tags": ["perishable"]}), asked({"condition": "unused"})
    assert decided(reviewed(opened, perishable)) == ("manual_review", "excluded_from_no_reason")
    assert decided(reviewed(opened, perishable, policy(exclusions={"always": ["custom_made"]}))) == PASSES


@pytest.mark.parametrize(
    ("evidence", "expected"),
    [
        ([], ("evidence_requested", "video_missing")),
        ([IMAGE], ("evidence_requested", "video_missing")),
        ([IMAGE, VIDEO], ("manual_review", "fault_to_verify")),
    ],
)
def test_a_reason_may_need_a_video(evidence: list[dict[str, str]], expected: tuple[str, ...]) -> None:
    rules = policy(evidence={"video_for": ["quality_defect"]})
    assert decided(reviewed(asked({"reason": "quality_defect", "evidence": evidence}), rules=rules)) == expected


def test_a_fault_without_required_evidence_still_goes_to_a_person() -> None:
    rules = policy(evidence={"required_for": []})
    assert decided(reviewed(asked({"reason": "wrong_item"}), rules=rules)) == ("manual_review", "fault_to_verify")


# Customers


@pytest.mark.parametrize(
    ("tier", "application", "expected"),
    [
        ("regular", asked(), ("manual_review", "form_incomplete")),
        ("high_value", asked(), ("manual_review", "form_incomplete")),
        ("new", asked(), PASSES),
        ("dormant", asked(), PASSES),
        ("regular", asked({"description": "too wide"}, contact={"phone": "1"}), PASSES),
        ("regular", asked({"description": "too wide"}), ("manual_review", "form_incomplete")),
    ],
)
def test_new_and_dormant_customers_may_skip_what_others_are_asked_for(
    tier: str, application: ReturnApplication, expected: tuple[str, ...]
) -> None:
    rules = policy(form={"required": ["description", "contact"]})
    assert decided(reviewed(application, order(customer_tier=tier), rules)) == expected


@pytest.mark.parametrize(
    ("rules", "tier", "evidence", "first"),
    [
        (STANDARD, "high_value", [IMAGE], True),
        (STANDARD, "regular", [IMAGE], False),
        (STANDARD, "regular", [VIDEO], True),
        (policy(priority={"video_first": False}), "regular", [VIDEO], False),
        (policy(priority={"tiers": ["new"]}), "new", [IMAGE], True),
        (policy(priority={"tiers": ["new"]}), "high_value", [IMAGE], False),
    ],
)
def test_whom_people_look_at_first(rules: Policy, tier: str, evidence: list[dict[str, str]], first: bool) -> None:
    review = reviewed(asked({**FAULT, "evidence": evidence}), order(customer_tier=tier), rules)
    assert review.decision is not None
    assert review.decision.priority is first


@pytest.mark.parametrize(
    ("rules", "tier", "service"),
    [
        (STANDARD, "high_value", "premium"),
        (STANDARD, "regular", "standard"),
        (policy(priority={"tiers": ["new"]}), "new", "premium"),
        (policy(priority={"pickup_service": "standard"}), "high_value", "standard"),
    ],
)
def test_whose_pickup_is_a_premium_one(rules: Policy, tier: str, service: str) -> None:
    assert reviewed(asked(), order(customer_tier=tier), rules).pickup_service == service


# Risk


@pytest.mark.parametrize(
    ("snapshot", "application", "earlier", "signal"),
    [
        (order(orders_in_a_year=10, returned_in_a_year=6), asked(), 0, "risk_return_rate"),
        (order(orders_in_a_year=10, returned_in_a_year=5), asked(), 0, None),
        (order(orders_in_a_year=4, returned_in_a_year=4), asked(), 0, None),
        (order({"unit_price_minor": 5_000_001}), asked(), 0, "risk_value"),
        (order({"unit_price_minor": 5_000_000}), asked(), 0, None),
        (order({"unit_price_minor": 2_000_000}), asked({"quantity": 3}), 0, "risk_value"),
        (order(), asked(), 4, "risk_several_returns"),
        (order(), asked(), 3, None),
        (order({"serial_numbers": ["S1", "S2"]}), asked({"serial_numbers": ["S3"]}), 0, "risk_serial_mismatch"),
        (order({"serial_numbers": ["S1", "S2"]}), asked({"serial_numbers": ["S2"]}), 0, None),
        (order({"serial_numbers": ["S1"]}), asked(), 0, None),
        (order(), asked({"serial_numbers": ["S3"]}), 0, None),
    ],
)
def test_a_risk_signal_sends_to_a_person_and_never_declines(
    snapshot: OrderSnapshot, application: ReturnApplication, earlier: int, signal: str | None
) -> None:
    expected = ("manual_review", signal) if signal else PASSES
    assert decided(reviewed(application, snapshot, earlier_returns=earlier)) == expected


# Returnless


@pytest.mark.parametrize(
    ("application", "snapshot", "stays"),
    [
        (asked(FAULT), order({"unit_price_minor": 2_000}), True),
        (asked(FAULT), order({"unit_price_minor": 2_001}), False),
        (asked({**FAULT, "quantity": 3}), order({"unit_price_minor": 1_000}), False),
        (asked({**FAULT, "reason": "quality_defect"}), order(), False),
        (asked(FAULT, {**FAULT, "reason": "wrong_item"}), order({}, {}), False),
        (asked(FAULT, {}), order({}, {}), False),
        (asked(FAULT, desired_resolution="refund_only"), order(), False),
        (asked(FAULT), order(orders_in_a_year=5, returned_in_a_year=5), False),
        (asked({"condition": "used"}), order(), False),
    ],
)
def test_cheap_faulty_goods_need_not_come_back(
    application: ReturnApplication, snapshot: OrderSnapshot, stays: bool
) -> None:
    decision = reviewed(application, snapshot).decision
    assert decision is not None
    assert decision.outcome == "manual_review"
    assert (decision.returnless, ReviewReason.RETURNLESS in decision.reasons) == (stays, stays)


def test_goods_whose_evidence_is_missing_are_not_yet_returnless() -> None:
    decision = reviewed(asked({"reason": "missing_parts"})).decision
    assert decision is not None
    assert not decision.returnless


# Where it goes, and who hears of it

ROUTES = {
    "default": "main",
    "routes": [
        {"warehouse": "checks", "risky": True},
        {"warehouse": "east", "regions": ["Shanghai", "Hangzhou"], "categories": ["apparel"]},
        {"warehouse": "abroad", "regions": ["DE"]},
    ],
}


@pytest.mark.parametrize(
    ("city", "country", "categories", "returned", "warehouse"),
    [
        ("shanghai", "CN", ["apparel"], 0, "east"),
        ("Shanghai", "CN", ["apparel", "toys"], 0, "main"),
        ("Beijing", "CN", ["apparel"], 0, "main"),
        ("Berlin", "DE", ["toys"], 0, "abroad"),
        ("Shanghai", "CN", ["apparel"], 9, "checks"),
        (None, None, ["apparel"], 0, "main"),
    ],
)
def test_the_first_route_that_fits_gives_the_warehouse(
    city: str | None, country: str | None, categories: list[str], returned: int, warehouse: str
) -> None:
    address = {"lines": ["1"], "city": city, "country": country} if city else None
    application = asked(*({} for _ in categories), pickup_address=address)
    lines = ({"category": category} for category in categories)
    snapshot = order(*lines, orders_in_a_year=9, returned_in_a_year=returned)
    assert reviewed(application, snapshot, policy(routing=ROUTES)).warehouse == warehouse


def test_each_line_has_its_department_checks_and_window() -> None:
    review = reviewed(
        asked({"reason": "size_too_small"}, {**FAULT, "reason": "damaged_in_transit"}, FAULT),
        order({"category": "apparel"}, {"category": "electronics"}, {"category": "toys"}),
        policy(windows={"categories": {"toys": 30}}, departments={"packaging": "night shift"}),
    )
    facts = [(each.department, each.checks, str(each.window_ends_at)) for each in review.lines.values()]
    assert facts == [
        ("merchandising", ("no_stains", "tags_attached"), "2026-11-08 16:00:00+00:00"),
        ("night shift", ("not_activated", "accessories_complete"), "2026-11-08 16:00:00+00:00"),
        ("quality", ("complete", "undamaged"), "2026-12-01 16:00:00+00:00"),
    ]


# Why


@pytest.mark.parametrize(
    ("review", "why"),
    [
        (
            reviewed(asked()),
            "You applied within the 7-day return window, which runs until 08 Nov 2026, "
            "and the goods can be sold again as they are.",
        ),
        (
            reviewed(asked(), order(delivered_at="2026-10-01T10:00:00+08:00")),
            "The 7-day return window of Thing ended on 08 Oct 2026, so a colleague decides.",
        ),
        (
            reviewed(asked(locale="zh-CN"), order(delivered_at="2026-10-01T10:00:00+08:00")),
            "Thing 的 7 天退货期已于 2026年10月08日 结束，由专人决定。",
        ),
        (
            reviewed(asked(), order({"unit_price_minor": 9_999_999})),
            "A colleague looks at this return personally because the goods are worth more than CN¥50,000.00.",
        ),
        (
            reviewed(asked({"condition": "used"})),
            "You told us that Thing is used; a colleague checks whether it can be sold again.",
        ),
        (
            reviewed(asked({"quantity": 9}, locale="zh-CN")),
            "订单中没有 9 件 0，请核对商品和数量。",
        ),
    ],
)
def test_a_decision_says_why_with_its_values(review: Review, why: str) -> None:
    assert review.why == (why,)


def test_what_may_still_be_refused_is_explained_beforehand() -> None:
    exchange = asked({"replacement_item_ids": ["x"]}, desired_resolution="exchange")
    variants = ({"item_id": "x", "product_id": "p", "available": True, "unit_price_minor": 1},)
    request = ReviewRequest.model_validate(
        {
            **{"rma_id": "R", "op": "o", "at": NOW, "applied_at": NOW, "application": exchange},
            **{"order": order(payments=[{"payment_id": "P", "method_id": "M", "captured_minor": 9_000}])},
            "variants": variants,
        }
    )
    assert "x is not in stock" in Reviewer(STANDARD, load_explanations()).review(request).late_refusals["x"]


EVERY_FINDING = [
    reviewed(asked({"reason": "wrong_item"})),
    reviewed(asked({"reason": "wrong_item"}), rules=policy(evidence={"video_for": ["wrong_item"]})),
    reviewed(asked(FAULT), earlier_returns=9),
    reviewed(asked(FAULT)),
    reviewed(asked(), order(delivered_at=None)),
    reviewed(asked(), order(delivered_at="2026-10-01T10:00:00+08:00", orders_in_a_year=9, returned_in_a_year=9)),
    reviewed(asked(), order({"tags": ["custom_made"]})),
    reviewed(asked({"condition": "used"}), rules=policy(form={"required": ["description"]})),
    reviewed(asked({"serial_numbers": ["x"]}), order({"serial_numbers": ["S1"], "unit_price_minor": 6_000_000})),
    reviewed(asked()),
    reviewed(asked(desired_resolution="trade_in"), order({"category": "appliances"})),
]


@pytest.mark.parametrize("locale", Locale)
def test_every_language_has_a_sentence_for_every_reason_with_the_same_values(locale: Locale) -> None:
    source = files("policy").joinpath("reasons")
    texts = ReasonTexts.parse(source.joinpath(f"{locale.value}.toml").read_text("utf-8"))
    english = ReasonTexts.parse(source.joinpath("en.toml").read_text("utf-8"))
    assert set(texts.words) == set(english.words)
    for reason in ReviewReason:
        assert fields_of(texts.review[reason]) == fields_of(english.review[reason])
    for code in RefusalCode:
        assert fields_of(texts.refusal[code]) == fields_of(english.refusal[code])


def test_every_finding_has_the_values_that_its_sentence_needs() -> None:
    texts = ReasonTexts.parse(files("policy").joinpath("reasons", "en.toml").read_text("utf-8"))
    told = {finding.reason for review in EVERY_FINDING if review.decision for finding in review.decision.findings}
    without_values = {reason for reason in ReviewReason if not fields_of(texts.review[reason])}
    assert told | without_values == set(ReviewReason)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("window_passed =", "window_pased =", "window_pased"),
        ("window_passed =", "# window_passed =", "no sentence for window_passed"),
        ("order_not_found =", "# order_not_found =", "no sentence for order_not_found"),
    ],
)
def test_a_language_that_lacks_a_sentence_is_refused(old: str, new: str, told: str) -> None:
    text = files("policy").joinpath("reasons", "en.toml").read_text("utf-8")
    with pytest.raises(ValueError, match=told):
        ReasonTexts.parse(text.replace(old, new))
