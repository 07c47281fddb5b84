"""The application: what is refused before anyone looks at the order (section 3)."""

from typing import Any

import pytest
from pydantic import ValidationError

from domain.application import PickupWindow, Remedy, ReturnApplication, ShipBackMethod
from domain.terms import Terms

LINE = {"line_id": "1", "quantity": 1}


def application(resolution: str = "return_and_refund", **fields: Any) -> ReturnApplication:
    return ReturnApplication.model_validate(
        {"order_id": "O-1", "customer_id": "C-1", "desired_resolution": resolution, "lines": [LINE], **fields}
    )


@pytest.mark.parametrize(
    ("resolution", "fields", "location", "words"),
    [
        ("return_and_refund", {"lines": [{**LINE, "quantity": 0}]}, ("lines", 0, "quantity"), "greater than"),
        ("return_and_refund", {"lines": [{**LINE, "quantity": -1}]}, ("lines", 0, "quantity"), "greater than"),
        ("return_and_refund", {"lines": [{**LINE, "quantity": 1.5}]}, ("lines", 0, "quantity"), "integer"),
        ("return_and_refund", {"lines": [{**LINE, "quantity": 100_001}]}, ("lines", 0, "quantity"), "less than"),
        (
            "return_and_refund",
            {"lines": [LINE, {**LINE, "line_id": "2"}, LINE]},
            ("lines",),
            "line 1 is named twice",
        ),
        ("exchange", {"lines": [LINE, LINE]}, ("lines",), "line 1 is named twice"),
        ("cancel_order", {}, ("lines",), "takes no lines"),
        ("return_and_refund", {"lines": []}, ("lines",), "at least one line"),
        ("exchange", {"lines": []}, ("lines",), "at least one line"),
        (
            "return_and_refund",
            {"lines": [{**LINE, "replacement_item_ids": ["i"]}]},
            ("lines",),
            "belong to an exchange",
        ),
        ("refund_only", {"lines": []}, ("lines",), "at least one line"),
        ("repair", {"lines": [{**LINE, "replacement_item_ids": ["i"]}]}, ("lines",), "belong to an exchange"),
        ("exchange", {"lines": [{**LINE, "part_item_ids": ["i"]}]}, ("lines",), "belong to reissue_parts"),
        ("reissue_parts", {}, ("lines",), "name the part_item_ids"),
        ("coupon_compensation", {"payment_method_id": "c"}, ("payment_method_id",), "takes no means of payment"),
        ("price_compensation", {"payment_method_id": "c"}, ("payment_method_id",), "takes no means of payment"),
        ("repossess", {}, ("desired_resolution",), "return_and_refund"),
        ("return_and_refund", {"lines": [{**LINE, "reason": "whim"}]}, ("lines", 0, "reason"), "changed_mind"),
        ("return_and_refund", {"lines": [{**LINE, "line_id": "a b"}]}, ("lines", 0, "line_id"), "pattern"),
        ("return_and_refund", {"order_id": ""}, ("order_id",), "at least 1"),
        ("return_and_refund", {"order_id": "O-1\n"}, ("order_id",), "pattern"),
        ("return_and_refund", {"order_id": "../1"}, ("order_id",), "pattern"),
        ("return_and_refund", {"customer_id": "x" * 129}, ("customer_id",), "at most 128"),
        ("return_and_refund", {"payment_method_id": ""}, ("payment_method_id",), "at least 1"),
        (
            "return_and_refund",
            {"pickup_window": {"start": "2026-11-22T09:00:00", "end": "2026-11-22T11:00:00+08:00"}},
            ("pickup_window", "start"),
            "timezone",
        ),
        (
            "return_and_refund",
            {"pickup_window": {"start": "2026-11-22T09:00:00+08:00", "end": "2026-11-22T11:00:00"}},
            ("pickup_window", "end"),
            "timezone",
        ),
        (
            # The same moment, written in two zones.
            "return_and_refund",
            {"pickup_window": {"start": "2026-11-22T09:00:00+08:00", "end": "2026-11-22T01:00:00Z"}},
            ("pickup_window",),
            "end after it starts",
        ),
    ],
)
def test_a_wrong_application_is_refused_by_its_field(
    resolution: str, fields: dict[str, Any], location: tuple[str | int, ...], words: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        application(resolution, **fields)
    (error,) = caught.value.errors()
    assert error["loc"] == location
    assert words in error["msg"]


def test_lines_that_are_left_out_altogether_are_missed_too() -> None:
    body = {"order_id": "O-1", "customer_id": "C-1", "desired_resolution": "return_and_refund"}
    with pytest.raises(ValidationError, match="at least one line"):
        ReturnApplication.model_validate(body)
    assert ReturnApplication.model_validate({**body, "desired_resolution": "cancel_order"}).lines == ()


def test_moments_are_kept_in_utc() -> None:
    window = PickupWindow.model_validate(
        {"start": "2026-11-22T09:00:00+08:00", "end": "2026-11-22T11:00:00+08:00"}
    )
    assert (window.start.isoformat(), window.end.isoformat()) == (
        "2026-11-22T01:00:00+00:00",
        "2026-11-22T03:00:00+00:00",
    )


def test_an_exchange_names_its_replacements_by_unit() -> None:
    exchange = application(
        "exchange",
        lines=[
            {"line_id": "1", "quantity": 2, "replacement_item_ids": ["a", "a"]},
            {"line_id": "2", "quantity": 1, "replacement_item_ids": ["b"]},
        ],
    )
    assert exchange.replacement_item_ids() == ("a", "a", "b")


def test_an_application_survives_its_own_json() -> None:
    full = application(
        lines=[{**LINE, "reason": "quality_defect", "evidence": [{"kind": "video", "reference": "v/1"}]}],
        pickup_window={"start": "2026-11-22T09:00:00+08:00", "end": "2026-11-22T11:00:00+08:00"},
        payment_method_id="card-1",
    )
    assert ReturnApplication.model_validate_json(full.model_dump_json()) == full


def test_the_terms_begin_as_what_is_asked_for() -> None:
    coupon = Terms.applied_for(application("coupon_compensation"))
    assert (coupon.remedy, coupon.amount_minor, coupon.item_ids) == (Remedy.COUPON_COMPENSATION, 0, ())
    parts = Terms.applied_for(application("reissue_parts", lines=[{**LINE, "part_item_ids": ["screw", "nut"]}]))
    assert (parts.remedy, parts.item_ids) == (Remedy.REISSUE_PARTS, ("screw", "nut"))


@pytest.mark.parametrize("resolution", ["return_and_refund", "store_credit"])
def test_goods_that_come_back_need_a_way(resolution: str) -> None:
    with pytest.raises(ValidationError, match="come back: choose how"):
        application(resolution, ship_back="none")
    assert application("refund_only", ship_back="none").ship_back is ShipBackMethod.NONE


def test_parcels_hold_exactly_the_units_of_the_lines() -> None:
    lines = [{"line_id": "1", "quantity": 3}]
    plan = [{"lines": [{"line_id": "1", "quantity": count}]} for count in (1, 2)]
    assert len(application(lines=lines, parcels=plan).parcels) == 2
    for wrong in (plan[:1], [*plan, plan[0]], [*plan, {"lines": [{"line_id": "2", "quantity": 1}]}]):
        with pytest.raises(ValidationError, match="the parcels hold"):
            application(lines=lines, parcels=wrong)
