"""A settled return that is reopened: a follow-up case with a number of its own, decided by a person."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from pydantic import ValidationError

from domain.actions import Action, Actor, Role
from domain.application import ReturnApplication
from domain.follow_up import KeptCase
from domain.orders import OrderSnapshot
from domain.status import Approval, Header
from starters.errors import (
    ActionNotAllowed,
    InvalidAction,
    RequestIdReused,
    ReturnNotFound,
    RoleNotPermitted,
)
from testkit.pipeline import Pipeline, line
from tests.unit.ledger_builders import NOW, a_closing, an_opening, an_order
from tests.workflow.test_authority import act, somebody
from tests.workflow.test_contest import found
from workflows.contracts import ReopeningOrder, ReopeningVerdict

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
ACCEPTED = {"line_id": "SHIRT-M", "verdict": "accepted", "grade": "A"}


async def settled(pipeline: Pipeline, order: dict[str, Any]) -> str:
    """A return of three shirts of which one was accepted and paid; the customer kept silent."""
    asked = [{"line_id": "SHIRT-M", "quantity": 3, "condition": "unopened"}]
    rma_id = await pipeline.inspected(order, found(1, True), found(2, False), lines=asked)
    await pipeline.until(rma_id, lambda status: "accept_result" in status.allowed_actions)
    await pipeline.act(rma_id, Action.ACCEPT_RESULT, Role.CUSTOMER)
    assert (await pipeline.end(rma_id)).refunded_minor == 3_333
    return rma_id


async def three_shirts(pipeline: Pipeline) -> dict[str, Any]:
    return await pipeline.order(lines=[line(quantity=3, unit_price_minor=10_000, discount_minor=20_000)])


async def waiting(pipeline: Pipeline, rma_id: str) -> str:
    """A follow-up that waits for a supervisor."""
    opened = await pipeline.reopen(rma_id)
    await pipeline.until(opened.rma_id, lambda status: "decide_reopening" in status.allowed_actions)
    return opened.rma_id


async def test_another_look_pays_what_is_accepted_after_all_and_nothing_twice(pipeline: Pipeline) -> None:
    order = await three_shirts(pipeline)
    first = await settled(pipeline, order)
    rma_id = await waiting(pipeline, first)
    assert rma_id == f"{first}-2"
    status = await pipeline.returns.status(rma_id)
    assert (status.header, status.needs, status.paid_before_minor) == (Header.REOPENED, Role.SUPERVISOR, 3_333)
    assert status.follows is not None
    assert status.follows.of == first
    assert status.lines[0].authorized == 2
    assert (await pipeline.returns.status(first)).followed_by == rma_id

    decide = {"order": "inspect_again", "note": "The photo shows it."}
    await pipeline.act(rma_id, Action.DECIDE_REOPENING, Role.SUPERVISOR, **decide)
    await pipeline.until(rma_id, lambda status: "inspect" in status.allowed_actions)
    # One more than the follow-up holds is a surplus, which is not paid.
    await pipeline.inspect(rma_id, ACCEPTED | {"quantity": 3})
    result = await pipeline.end(rma_id)
    assert (result.header, result.refunded_minor) == (Header.COMPLETED, 6_667)
    balance = await pipeline.balance(order["order_id"])
    assert (balance.refunded_minor, balance.lines[0].settled, balance.lines[0].held) == (10_000, 3, 0)
    assert await pipeline.messages(rma_id, 3) == ["return_reopened", "contest_decided", "refund_paid"]


async def test_a_supervisor_may_leave_it_as_it_is(pipeline: Pipeline) -> None:
    order = await three_shirts(pipeline)
    rma_id = await waiting(pipeline, await settled(pipeline, order))
    with pytest.raises(RoleNotPermitted):
        await pipeline.act(rma_id, Action.DECIDE_REOPENING, Role.AGENT_TIER_3, order="dismiss", note="no")
    with pytest.raises(ActionNotAllowed):
        await pipeline.act(rma_id, Action.REVIEW, Role.SUPERVISOR, approve=True, note="by another door")
    await pipeline.act(rma_id, Action.DECIDE_REOPENING, Role.SUPERVISOR, order="dismiss", note="They were worn.")
    assert (await pipeline.end(rma_id)).header is Header.DECLINED
    assert await pipeline.messages(rma_id, 2) == ["return_reopened", "reopening_dismissed"]
    assert (await pipeline.balance(order["order_id"])).lines[0].held == 0


async def test_a_reopening_that_nobody_decides_is_told_each_day_and_may_be_withdrawn(pipeline: Pipeline) -> None:
    rma_id = await waiting(pipeline, await settled(pipeline, await three_shirts(pipeline)))
    await pipeline.lapse(rma_id, DAY + HOUR)
    await pipeline.lapse(rma_id, DAY)
    assert await pipeline.messages(rma_id, 3, "staff_alert") == ["staff_return_reopened"] * 3
    await pipeline.act(rma_id, Action.CANCEL, Role.CUSTOMER)
    assert (await pipeline.end(rma_id)).header is Header.CANCELED


async def test_where_everything_was_paid_there_is_nothing_to_inspect(pipeline: Pipeline) -> None:
    order = await pipeline.order()
    first = await pipeline.inspected(order)
    await pipeline.end(first)
    rma_id = await waiting(pipeline, first)
    with pytest.raises(InvalidAction, match="each was paid for") as refused:
        await pipeline.act(rma_id, Action.DECIDE_REOPENING, Role.SUPERVISOR, order="inspect_again", note="look")
    assert refused.value.field == "order"
    assert (await pipeline.returns.status(rma_id)).approval is Approval.MANUAL_REVIEW
    await pipeline.act(rma_id, Action.DECIDE_REOPENING, Role.SUPERVISOR, order="dismiss", note="paid")
    await pipeline.end(rma_id)
    assert (await pipeline.balance(order["order_id"])).refunded_minor == 10_000


async def test_the_same_request_finds_the_same_case_and_another_one_is_refused(pipeline: Pipeline) -> None:
    first = await settled(pipeline, await three_shirts(pipeline))
    same = await asyncio.gather(*(pipeline.reopen(first, "q-1") for _ in range(3)))
    assert {opened.rma_id for opened in same} == {f"{first}-2"}
    with pytest.raises(RequestIdReused):
        await pipeline.reopen(first, "q-1", note="Something else.")
    with pytest.raises(ActionNotAllowed, match=f"{first}-2 follows"):
        await pipeline.reopen(first, "q-2")
    await pipeline.until(f"{first}-2", lambda status: "decide_reopening" in status.allowed_actions)
    await pipeline.act(f"{first}-2", Action.DECIDE_REOPENING, Role.SUPERVISOR, order="dismiss", note="no")
    await pipeline.end(f"{first}-2")
    assert (await pipeline.reopen(first, "q-1")).rma_id == f"{first}-2"
    with pytest.raises(ActionNotAllowed, match="reopened once already"):
        await pipeline.reopen(first, "q-3")


async def test_what_has_not_ended_or_does_not_exist_is_not_reopened(pipeline: Pipeline) -> None:
    with pytest.raises(ReturnNotFound):
        await pipeline.reopen("RMA-UNKNOWN")
    rma_id = (await pipeline.apply(await pipeline.order())).rma_id
    with pytest.raises(ActionNotAllowed, match="has not ended"):
        await pipeline.reopen(rma_id)


async def test_a_return_that_ended_more_than_a_week_ago_stays_closed(pipeline: Pipeline) -> None:
    """Its end lies in the year 2026 of the ledger's tests, long before this one is asked."""
    own = uuid4().hex[:8]
    order: OrderSnapshot = an_order(order_id=f"O-{own}")
    rma_id = f"R-{own}"
    pipeline.ledger.open_return(an_opening(rma_id, order, {"L1": 1}))
    application = ReturnApplication.model_validate(
        {
            "order_id": order.order_id,
            "customer_id": "C-1",
            "desired_resolution": "return_and_refund",
            "lines": [{"line_id": "L1", "quantity": 1}],
        }
    )
    pipeline.ledger.close_return(a_closing(rma_id, at=NOW, kept=KeptCase(application=application)))
    with pytest.raises(ActionNotAllowed, match="could be reopened for 7 days"):
        await pipeline.reopen(rma_id)
    assert pipeline.ledger.open_returns(order.order_id) == []


async def deducted(pipeline: Pipeline, price_minor: int = 10_000) -> tuple[dict[str, Any], str]:
    """A return whose only shirt was paid at half its price: nothing is left to inspect, half is left to pay."""
    order = await pipeline.order(lines=[line(unit_price_minor=price_minor)])
    stained = ACCEPTED | {
        "quantity": 1,
        "deduction_bps": 5_000,
        "checks": [{"code": "stain", "passed": False, "photos": ["media/stain.jpg"]}],
    }
    first = await pipeline.inspected(order, stained)
    await pipeline.until(first, lambda status: Action.ACCEPT_RESULT in status.allowed_actions)
    await pipeline.act(first, Action.ACCEPT_RESULT, Role.CUSTOMER)
    assert (await pipeline.end(first)).refunded_minor == price_minor // 2
    return order, await waiting(pipeline, first)


async def test_goodwill_is_paid_once_and_never_beyond_what_is_left(pipeline: Pipeline) -> None:
    order, rma_id = await deducted(pipeline)
    decide = {"order": "pay", "note": "The stain came off."}
    before = await pipeline.returns.status(rma_id)
    refused: list[tuple[dict[str, Any], str, str]] = [
        ({"amount_minor": 5_001}, "amount_minor", "5000 CNY minor units are left .* coupon_minor"),
        ({}, "amount_minor", "Name what is paid"),
        ({"order": "dismiss", "coupon_minor": 100}, "coupon_minor", "dismiss pays nothing"),
    ]
    for changes, field, words in refused:
        with pytest.raises(InvalidAction, match=words) as error:
            await pipeline.act(rma_id, Action.DECIDE_REOPENING, Role.SUPERVISOR, **(decide | changes))
        assert error.value.field == field
    assert await pipeline.returns.status(rma_id) == before

    await pipeline.fault(target="payments.refund", kind="lost_response", match={"rma_id": rma_id})
    pays: dict[str, Any] = decide | {"amount_minor": 2_000, "coupon_minor": 1_000}
    await act(pipeline, rma_id, Action.DECIDE_REOPENING, somebody(Role.SUPERVISOR), **pays)
    with pytest.raises(ActionNotAllowed):
        await pipeline.act(rma_id, Action.DECIDE_REOPENING, Role.SUPERVISOR, **pays)
    await pipeline.lapse(rma_id, HOUR)
    result = await pipeline.end(rma_id)
    assert (result.header, result.refunded_minor) == (Header.COMPLETED, 2_000)
    assert (await pipeline.balance(order["order_id"])).refunded_minor == 7_000
    coupons = [(entry["key"], entry["amount_minor"]) for entry in await pipeline.books("coupons", rma_id)]
    assert coupons == [(f"{rma_id}-goodwill", 1_000)]
    told = await pipeline.messages(rma_id, 4)
    assert told[0] == "return_reopened"
    assert sorted(told[1:]) == ["goodwill_coupon", "goodwill_paid", "refund_paid"]
    explained = await pipeline.returns.explain(rma_id)
    assert [(row.rule, row.amount_minor) for row in explained.refunds[0].rows] == [("compensation", 2_000)]
    (granted,) = pipeline.ledger.audit_entries(rma_id)
    assert (granted.action, granted.outcome) == ("decide_reopening", "granted")


async def test_goodwill_above_the_supervisors_cap_takes_a_second_person(pipeline: Pipeline) -> None:
    order, rma_id = await deducted(pipeline, 2_000_000)
    pays = {"order": "pay", "amount_minor": 600_000, "note": "The stain came off."}
    answer = await act(pipeline, rma_id, Action.DECIDE_REOPENING, somebody(Role.SUPERVISOR), **pays)
    assert answer.awaits_approval
    status = await pipeline.until(rma_id, lambda status: status.pending_payout is not None)
    assert (status.approval, status.payments) == (Approval.MANUAL_REVIEW, ())
    approval = {"amount_minor": 600_000, "expected_version": status.version}
    await act(pipeline, rma_id, Action.APPROVE_PAYOUT, somebody(Role.SUPERVISOR), **approval)
    assert (await pipeline.end(rma_id)).refunded_minor == 600_000
    assert (await pipeline.balance(order["order_id"])).refunded_minor == 1_600_000


async def test_goodwill_that_is_above_what_is_left_by_then_is_decided_anew(pipeline: Pipeline) -> None:
    """While a second person thinks about it, another return of the order is paid."""
    order = await pipeline.order(lines=[line(quantity=2, unit_price_minor=2_000_000)])
    stained = {"deduction_bps": 5_000, "checks": [{"code": "stain", "passed": False, "photos": ["media/1.jpg"]}]}
    first = await pipeline.inspected(order, ACCEPTED | {"quantity": 1} | stained)
    await pipeline.until(first, lambda status: Action.ACCEPT_RESULT in status.allowed_actions)
    await pipeline.act(first, Action.ACCEPT_RESULT, Role.CUSTOMER)
    await pipeline.end(first)
    rma_id = await waiting(pipeline, first)
    pays = {"order": "pay", "amount_minor": 1_500_000, "coupon_minor": 5_000, "note": "The stain came off."}
    await act(pipeline, rma_id, Action.DECIDE_REOPENING, somebody(Role.SUPERVISOR), **pays)
    status = await pipeline.until(rma_id, lambda status: status.pending_payout is not None)
    assert (await pipeline.end(await pipeline.inspected(order))).refunded_minor == 2_000_000
    approval = {"amount_minor": 1_505_000, "expected_version": status.version}
    await act(pipeline, rma_id, Action.APPROVE_PAYOUT, somebody(Role.SUPERVISOR), **approval)
    status = await pipeline.until(rma_id, lambda status: Action.DECIDE_REOPENING in status.allowed_actions)
    assert (status.needs, status.payments, status.coupons) == (Role.SUPERVISOR, (), ())
    assert (await pipeline.told(rma_id, "staff_alert"))[-1] == "staff_goodwill_refused"
    fits = pays | {"amount_minor": 100_000}
    await act(pipeline, rma_id, Action.DECIDE_REOPENING, somebody(Role.SUPERVISOR), **fits)
    assert (await pipeline.end(rma_id)).refunded_minor == 100_000
    assert [entry["amount_minor"] for entry in await pipeline.books("coupons", rma_id)] == [5_000]
    assert (await pipeline.balance(order["order_id"])).refunded_minor == 3_100_000


async def test_a_unit_that_never_came_back_is_not_paid_when_a_lost_one_turns_up(pipeline: Pipeline) -> None:
    order = await pipeline.order(lines=[line(quantity=2)])
    first = (await pipeline.apply(order)).rma_id
    await pipeline.until(first, lambda status: bool(status.tracking_no))
    await pipeline.scan(first, "picked_up")
    await pipeline.scan(first, "lost")
    assert (await pipeline.end(first)).refunded_minor == 10_000
    rma_id = await waiting(pipeline, first)
    with pytest.raises(InvalidAction, match="each was paid for"):
        await pipeline.act(rma_id, Action.DECIDE_REOPENING, Role.SUPERVISOR, order="inspect_again", note="look")
    assert (await pipeline.apply(order)).refusal is None, "the other one may still be returned"


def test_what_is_granted_together_is_an_amount_as_well() -> None:
    actor = Actor(role=Role.SUPERVISOR, id="s-1")
    with pytest.raises(ValidationError, match="coupon_minor"):
        ReopeningVerdict(actor=actor, order=ReopeningOrder.PAY, note="x", amount_minor=1, coupon_minor=10**15)
