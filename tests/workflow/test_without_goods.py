"""Remedies that bring nothing back: a refund, a coupon, the missing parts."""

from datetime import timedelta
from typing import Any

import pytest

from domain.actions import Action, Actor, Role
from domain.refusals import RefusalCode
from domain.status import Approval, Header, Logistics, Stage, derive_stage
from starters.errors import ActionNotAllowed, InvalidAction
from testkit.pipeline import Pipeline, line, variant
from tests.workflow.payouts import DAY, HOUR, MINUTE, PHOTO, exactly_once
from tests.workflow.test_agreement import terms
from workflows.contracts import ReviewVerdict

FAULTY = {"line_id": "SHIRT-M", "quantity": 1, "reason": "quality_defect", "evidence": [PHOTO]}


async def granted(pipeline: Pipeline, order: dict[str, Any], remedy: str, **changes: Any) -> str:
    """A remedy that a person approved, as one always has to, whose day has not begun."""
    asked = {"desired_resolution": remedy, "lines": [FAULTY]} | changes
    decision = await pipeline.apply(order, **asked)
    assert decision.approval is Approval.MANUAL_REVIEW, decision.refusal
    assert "remedy_needs_a_person" in decision.reasons
    reviewer = Actor(role=Role.AGENT_TIER_2, id=f"agent-{decision.rma_id}")
    verdict = ReviewVerdict(actor=reviewer, approve=True, note="it is so")
    await pipeline.returns.act(decision.rma_id, Action.REVIEW, verdict)
    return decision.rma_id


async def agreed(pipeline: Pipeline, order: dict[str, Any], remedy: str, amount_minor: int) -> str:
    """A compensation that the shop offered and the customer consented to."""
    decision = await pipeline.apply(order, desired_resolution=remedy, lines=[FAULTY])
    assert "amount_to_agree" in decision.reasons
    offer = terms(remedy=remedy, amount_minor=amount_minor)
    await pipeline.act(decision.rma_id, Action.MAKE_OFFER, Role.AGENT_TIER_2, terms=offer)
    await pipeline.act(decision.rma_id, Action.ACCEPT_OFFER, Role.CUSTOMER, offer_number=1)
    return decision.rma_id


async def parts(pipeline: Pipeline, stock: int = 5) -> tuple[dict[str, Any], str]:
    """An order, and a part of its goods with so many in stock."""
    order = await pipeline.order()
    part = f"SCREWS-{order['order_id']}"
    await pipeline.product(variant(part, 100, stock=stock), product_id=f"P-{part}")
    return order, part


async def missing(pipeline: Pipeline, order: dict[str, Any], part: str) -> str:
    lines = [FAULTY | {"reason": "missing_parts", "part_item_ids": [part]}]
    return await granted(pipeline, order, "reissue_parts", lines=lines)


async def test_a_refund_without_the_goods_is_paid_at_once(pipeline: Pipeline) -> None:
    order = await pipeline.order()
    rma_id = await granted(pipeline, order, "refund_only")
    result = await pipeline.end(rma_id)
    assert (result.header, result.refunded_minor) == (Header.COMPLETED, 10_000)
    await exactly_once(pipeline, rma_id, order, 10_000)
    status = await pipeline.returns.status(rma_id)
    assert (status.logistics, status.money_settled, status.lines[0].refunded) == (Logistics.NOT_REQUIRED, True, 1)
    assert await pipeline.books("pickups", rma_id) == []
    assert await pipeline.told(rma_id) == ["manual_review", "refund_without_return", "refund_paid"]
    again = await pipeline.apply(order, lines=[FAULTY])
    assert again.refusal is not None
    assert again.refusal.code is RefusalCode.UNITS_ALREADY_CLAIMED


async def test_goods_that_never_came_are_paid_from_a_shipped_order(pipeline: Pipeline) -> None:
    order = await pipeline.order(status="processed")
    rma_id = await granted(pipeline, order, "refund_only", lines=[FAULTY | {"reason": "other"}])
    assert (await pipeline.end(rma_id)).refunded_minor == 10_000


async def test_a_return_below_the_limit_is_paid_without_coming_back(pipeline: Pipeline) -> None:
    order = await pipeline.order(lines=[line(unit_price_minor=1_500)])
    broken = FAULTY | {"reason": "damaged_in_transit"}
    decision = await pipeline.apply(order, lines=[broken])
    assert decision.approval is Approval.MANUAL_REVIEW
    await pipeline.act(decision.rma_id, Action.REVIEW, Role.AGENT_TIER_2, approve=True, note="it is so")
    assert (await pipeline.end(decision.rma_id)).refunded_minor == 1_500
    assert await pipeline.books("pickups", decision.rma_id) == []
    assert await pipeline.told(decision.rma_id) == ["manual_review", "refund_without_return", "refund_paid"]
    status = await pipeline.returns.status(decision.rma_id)
    assert (status.header, status.logistics) == (Header.COMPLETED, Logistics.NOT_REQUIRED)


@pytest.mark.parametrize("kind", ["lost_response", "error_after", "error_before", "pending"])
async def test_a_refund_only_whose_answer_is_lost_is_paid_once(pipeline: Pipeline, kind: str) -> None:
    order = await pipeline.order()
    await pipeline.fault(
        target="payments.refund", kind=kind, times=2, match={"payment_id": f"{order['order_id']}-p1"}
    )
    rma_id = await granted(pipeline, order, "refund_only")
    await pipeline.lapse(rma_id, MINUTE)
    await pipeline.end(rma_id)
    await exactly_once(pipeline, rma_id, order, 10_000)


@pytest.mark.parametrize("remedy", ["refund_only", "coupon_compensation"])
async def test_what_a_person_declines_gives_nothing(pipeline: Pipeline, remedy: str) -> None:
    order = await pipeline.order()
    rma_id = (await pipeline.apply(order, desired_resolution=remedy, lines=[FAULTY])).rma_id
    await pipeline.act(rma_id, Action.REVIEW, Role.AGENT_TIER_2, approve=False, note="worn")
    await pipeline.lapse(rma_id, 7 * DAY + HOUR)
    assert (await pipeline.end(rma_id)).header is Header.DECLINED
    for book in ("refunds", "coupons"):
        assert await pipeline.books(book, rma_id) == []
    assert pipeline.ledger.order_balance(order["order_id"]).lines[0].held == 0


async def test_a_remedy_without_goods_has_no_parcel_to_act_on(pipeline: Pipeline) -> None:
    order, part = await parts(pipeline, stock=0)
    rma_id = await missing(pipeline, order, part)
    status = await pipeline.until(rma_id, lambda now: bool(now.substitutes))
    assert {Action.CANCEL, Action.CHOOSE_SUBSTITUTE} <= set(status.allowed_actions)
    assert not {Action.RECEIVE, Action.INSPECT, Action.BOOK_PICKUP} & set(status.allowed_actions)
    stage = derive_stage(status.approval, status.logistics, status.inspection, status.reimbursement, False)
    assert stage is Stage.SETTLEMENT
    with pytest.raises(ActionNotAllowed):
        await pipeline.receive(rma_id)
    with pytest.raises(InvalidAction, match="return_and_refund"):
        await pipeline.act(rma_id, Action.CHOOSE_SUBSTITUTE, Role.CUSTOMER, remedy="exchange")
    await pipeline.act(rma_id, Action.CANCEL, Role.CUSTOMER)
    assert (await pipeline.end(rma_id)).header is Header.CANCELED


@pytest.mark.parametrize("kind", [None, "lost_response", "error_after", "error_before"])
async def test_a_coupon_is_given_once_and_the_goods_are_kept(pipeline: Pipeline, kind: str | None) -> None:
    order = await pipeline.order()
    if kind:
        await pipeline.fault(
            target="coupons.issue", kind=kind, times=2, match={"customer_id": order["customer_id"]}
        )
    rma_id = await agreed(pipeline, order, "coupon_compensation", 2_000)
    await pipeline.lapse(rma_id, MINUTE)
    assert (await pipeline.end(rma_id)).refunded_minor == 0
    (coupon,) = await pipeline.books("coupons", rma_id)
    assert (coupon["key"], coupon["amount_minor"]) == (f"{rma_id}-compensation", 2_000)
    status = await pipeline.returns.status(rma_id)
    assert [(each.amount_minor, each.coupon_id) for each in status.coupons] == [(2_000, coupon["coupon_id"])]
    assert status.money_settled
    assert (await pipeline.told(rma_id))[-1] == "compensation_coupon"
    assert (await pipeline.end(await pipeline.inspected(order))).refunded_minor == 10_000


async def test_a_coupon_service_that_is_down_is_asked_until_it_answers(pipeline: Pipeline) -> None:
    order = await pipeline.order()
    await pipeline.fault(
        target="coupons.issue",
        kind="too_busy",
        seconds=600,
        times=3,
        match={"customer_id": order["customer_id"]},
    )
    rma_id = await agreed(pipeline, order, "coupon_compensation", 2_000)
    status = await pipeline.until(rma_id, lambda now: bool(now.coupons))
    assert (status.coupons[0].coupon_id, status.money_settled) == ("", False)
    await pipeline.lapse(rma_id, HOUR)
    await pipeline.end(rma_id)
    assert len(await pipeline.books("coupons", rma_id)) == 1


@pytest.mark.parametrize("kind", [None, "lost_response", "error_after"])
async def test_an_agreed_price_reduction_is_paid_once_and_takes_its_part_off_a_later_return(
    pipeline: Pipeline, kind: str | None
) -> None:
    order = await pipeline.order(lines=[line(quantity=2)])
    if kind:
        await pipeline.fault(
            target="payments.refund", kind=kind, times=2, match={"payment_id": f"{order['order_id']}-p1"}
        )
    rma_id = await agreed(pipeline, order, "price_compensation", 1_500)
    await pipeline.lapse(rma_id, MINUTE)
    result = await pipeline.end(rma_id)
    assert (result.header, result.refunded_minor) == (Header.COMPLETED, 1_500)
    await exactly_once(pipeline, rma_id, order, 1_500)
    balance = await pipeline.balance(order["order_id"])
    assert (balance.lines[0].held, balance.lines[0].settled) == (0, 0)
    assert "price_compensation" in await pipeline.told(rma_id)
    later = await pipeline.inspected(order, lines=[{"line_id": "SHIRT-M", "quantity": 2, "condition": "unopened"}])
    assert (await pipeline.end(later)).refunded_minor == 18_500
    assert (await pipeline.balance(order["order_id"])).refunded_minor == 20_000


@pytest.mark.parametrize("remedy", ["price_compensation", "coupon_compensation"])
async def test_an_amount_has_to_be_agreed_before_it_is_given(pipeline: Pipeline, remedy: str) -> None:
    order = await pipeline.order()
    rma_id = (await pipeline.apply(order, desired_resolution=remedy, lines=[FAULTY])).rma_id
    with pytest.raises(InvalidAction, match="make_offer"):
        await pipeline.act(rma_id, Action.REVIEW, Role.AGENT_TIER_2, approve=True, note="fine")


@pytest.mark.parametrize(
    ("target", "kind"),
    [
        (None, ""),
        ("inventory.hold", "lost_response"),
        ("orders.replacement", "lost_response"),
        ("orders.replacement", "error_after"),
        ("orders.replacement", "error_before"),
    ],
)
async def test_missing_parts_are_sent_once(pipeline: Pipeline, target: str | None, kind: str) -> None:
    order, part = await parts(pipeline)
    lines = [FAULTY | {"reason": "missing_parts", "part_item_ids": [part]}]
    rma_id = (await pipeline.apply(order, desired_resolution="reissue_parts", lines=lines)).rma_id
    if target:
        await pipeline.fault(target=target, kind=kind, times=2, match={"reference": f"{rma_id}-parts"})
    await pipeline.act(rma_id, Action.REVIEW, Role.AGENT_TIER_2, approve=True, note="so it is")
    await pipeline.lapse(rma_id, MINUTE)
    assert (await pipeline.end(rma_id)).header is Header.COMPLETED
    ending = await pipeline.ending(rma_id, order["order_id"])
    assert ending.replacements == ((part,),)
    assert ending.refunds == ()
    assert await pipeline.told(rma_id) == ["manual_review", "parts_sent"]
    assert pipeline.ledger.order_balance(order["order_id"]).lines[0].held == 0


async def test_missing_parts_need_evidence_and_a_known_part(pipeline: Pipeline) -> None:
    order, part = await parts(pipeline)
    asked = {"line_id": "SHIRT-M", "quantity": 1, "part_item_ids": [part]}
    decision = await pipeline.apply(order, desired_resolution="reissue_parts", lines=[asked])
    assert decision.approval is Approval.EVIDENCE_REQUESTED
    asked["part_item_ids"] = [f"{part}-X"]
    refused = await pipeline.apply(await pipeline.order(), desired_resolution="reissue_parts", lines=[asked])
    assert refused.refusal is not None
    assert (refused.refusal.code, refused.refusal.field) == (
        RefusalCode.PART_UNKNOWN,
        "lines[0].part_item_ids[0]",
    )


async def test_parts_out_of_stock_give_way_to_a_return_by_choice(pipeline: Pipeline) -> None:
    order, part = await parts(pipeline, stock=0)
    rma_id = await missing(pipeline, order, part)
    await pipeline.until(rma_id, lambda status: bool(status.substitutes))
    await pipeline.act(rma_id, Action.CHOOSE_SUBSTITUTE, Role.CUSTOMER, remedy="return_and_refund")
    await pipeline.to_the_warehouse(rma_id)
    await pipeline.inspect(rma_id)
    assert (await pipeline.end(rma_id)).refunded_minor == 10_000
    assert (await pipeline.ending(rma_id, order["order_id"])).replacements == ()
    assert "parts_out_of_stock" in await pipeline.told(rma_id)


async def test_silence_about_parts_reaches_a_supervisor_and_the_stock_is_tried_again(pipeline: Pipeline) -> None:
    order, part = await parts(pipeline, stock=0)
    rma_id = await missing(pipeline, order, part)
    await pipeline.until(rma_id, lambda status: status.needs == Role.CUSTOMER)
    await pipeline.lapse(rma_id, timedelta(hours=72) + MINUTE)
    await pipeline.until(rma_id, lambda status: status.needs == Role.SUPERVISOR)
    assert await pipeline.messages(rma_id, 1, "staff_alert") == ["staff_substitute_needed"]
    await pipeline.product(variant(part, 100, stock=3), product_id=f"P-{part}")
    await pipeline.lapse(rma_id, 25 * HOUR)
    assert (await pipeline.end(rma_id)).header is Header.COMPLETED
    assert (await pipeline.ending(rma_id, order["order_id"])).replacements == ((part,),)
