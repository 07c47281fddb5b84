"""Review: evidence, people, appeals, and an order system that does not answer."""

import asyncio
from typing import Any

import pytest

from domain.actions import Action, Actor, Role
from domain.clocks import ClockName
from domain.keys import rma_id_for
from domain.status import Approval, Header, Logistics
from ledger.engine import writing
from starters.errors import ActionNotAllowed, RoleNotPermitted
from testkit.pipeline import Pipeline, line, outage
from tests.workflow.reviews import DAY, FAULTY, HOUR, MINUTE, PHOTO, USED, held
from workflows.contracts import ReviewVerdict


async def test_evidence_is_asked_for_and_then_a_person_decides(pipeline: Pipeline) -> None:
    order = await pipeline.order()
    decision = await pipeline.apply(order, lines=[FAULTY])
    assert decision.approval is Approval.EVIDENCE_REQUESTED
    assert await held(pipeline, order) == [1]
    await pipeline.act(
        decision.rma_id,
        Action.SUBMIT_EVIDENCE,
        Role.CUSTOMER,
        lines=[{"line_id": "SHIRT-M", "evidence": [PHOTO]}],
    )
    await pipeline.until(decision.rma_id, lambda status: status.needs == Role.AGENT_TIER_2)
    await pipeline.act(decision.rma_id, Action.REVIEW, Role.AGENT_TIER_2, approve=True, note="a torn seam")
    await pipeline.to_the_warehouse(decision.rma_id)
    await pipeline.inspect(decision.rma_id)
    assert (await pipeline.end(decision.rma_id)).refunded_minor == 10_000
    sent = await pipeline.messages(decision.rma_id, 7)
    assert sent == [
        "evidence_requested",
        "manual_review",
        "approved",
        "pickup_booked",
        "parcel_received",
        "inspection_passed",
        "refund_paid",
    ]


async def test_evidence_for_one_line_leaves_the_other_to_be_asked_for(pipeline: Pipeline) -> None:
    order = await pipeline.order(lines=[line(), line("SOCKS", product_id="P-SOCKS")])
    lines = [FAULTY, FAULTY | {"line_id": "SOCKS"}]
    decision = await pipeline.apply(order, lines=lines)
    for line_id, then in (("SHIRT-M", Approval.EVIDENCE_REQUESTED), ("SOCKS", Approval.MANUAL_REVIEW)):
        await pipeline.act(
            decision.rma_id,
            Action.SUBMIT_EVIDENCE,
            Role.CUSTOMER,
            lines=[{"line_id": line_id, "evidence": [PHOTO]}],
        )
        await pipeline.until(
            decision.rma_id,
            lambda status, then=then: status.approval is then and status.next_deadline is not None,  # type: ignore[misc]
        )
    assert (await pipeline.messages(decision.rma_id, 3)) == [
        "evidence_requested",
        "evidence_requested",
        "manual_review",
    ]


async def test_evidence_beyond_what_a_line_can_hold_does_not_stop_the_return(pipeline: Pipeline) -> None:
    """Twenty pieces per line: one more is either refused at once or taken, never a return that stands still."""
    order = await pipeline.order(lines=[line(), line("SOCKS", product_id="P-SOCKS")])
    lines = [FAULTY | {"evidence": [PHOTO] * 20}, FAULTY | {"line_id": "SOCKS"}]
    decision = await pipeline.apply(order, lines=lines)
    evidence = [{"line_id": "SHIRT-M", "evidence": [PHOTO]}, {"line_id": "SOCKS", "evidence": [PHOTO]}]
    try:
        await pipeline.act(decision.rma_id, Action.SUBMIT_EVIDENCE, Role.CUSTOMER, lines=evidence)
    except Exception:
        await pipeline.act(decision.rma_id, Action.SUBMIT_EVIDENCE, Role.CUSTOMER, lines=evidence[1:])
    await pipeline.until(decision.rma_id, lambda status: status.approval is Approval.MANUAL_REVIEW)


async def test_without_evidence_the_return_closes_after_a_week_and_may_be_applied_for_again(
    pipeline: Pipeline,
) -> None:
    order = await pipeline.order()
    decision = await pipeline.apply(order, lines=[FAULTY])
    await pipeline.lapse(decision.rma_id, 7 * DAY - HOUR)
    assert (await pipeline.returns.status(decision.rma_id)).approval is Approval.EVIDENCE_REQUESTED
    await pipeline.lapse(decision.rma_id, HOUR + MINUTE)
    assert (await pipeline.end(decision.rma_id)).header is Header.EXPIRED
    assert pipeline.ledger.open_returns(order["order_id"]) == []
    assert await held(pipeline, order) == [0]
    assert (await pipeline.messages(decision.rma_id, 2)) == ["evidence_requested", "evidence_lapsed"]
    assert (await pipeline.apply(order)).approval is Approval.APPROVED


async def test_a_review_that_waits_goes_up_a_tier_each_day(pipeline: Pipeline) -> None:
    order = await pipeline.order()
    rma_id = (await pipeline.apply(order, lines=[USED])).rma_id
    applied_at = await pipeline.now(rma_id)
    tiers = [Role.AGENT_TIER_2, Role.AGENT_TIER_3, Role.SUPERVISOR, Role.SUPERVISOR]
    await pipeline.lapse(rma_id, 24 * HOUR - MINUTE)
    assert (await pipeline.returns.status(rma_id)).needs == tiers[0]
    await pipeline.lapse(rma_id, 2 * MINUTE)
    for days, tier in enumerate(tiers[1:], start=1):
        status = await pipeline.until(
            rma_id,
            lambda status, days=days: (  # type: ignore[misc]
                status.next_deadline is not None and status.next_deadline.due_at > applied_at + (days + 0.5) * DAY
            ),
        )
        assert status.needs == tier
        assert status.next_deadline is not None
        assert abs(status.next_deadline.due_at - applied_at - (days + 1) * DAY) < MINUTE
        await pipeline.lapse(rma_id, DAY)
    await pipeline.messages(rma_id, 3, "staff_alert")
    sent = await pipeline.books("messages", rma_id)
    told = [message["recipient"] for message in sent if message["template"] == "staff_review_overdue"]
    assert told[:3] == tiers[1:]
    await pipeline.act(rma_id, Action.REVIEW, Role.SUPERVISOR, approve=True, note="at last")
    await pipeline.until(rma_id, lambda status: status.logistics is Logistics.PICKUP_BOOKED)


async def declined(pipeline: Pipeline, order: dict[str, Any]) -> str:
    rma_id = (await pipeline.apply(order, lines=[USED])).rma_id
    await pipeline.act(rma_id, Action.REVIEW, Role.AGENT_TIER_2, approve=False, note="worn for a season")
    await pipeline.until(rma_id, lambda status: status.approval is Approval.DECLINED)
    return rma_id


async def test_an_appeal_is_decided_by_a_supervisor_who_may_approve(pipeline: Pipeline) -> None:
    rma_id = await declined(pipeline, await pipeline.order())
    await pipeline.act(rma_id, Action.APPEAL, Role.CUSTOMER, note="the label is still on")
    await pipeline.until(rma_id, lambda status: status.needs == Role.SUPERVISOR)
    with pytest.raises(RoleNotPermitted):
        await pipeline.act(rma_id, Action.REVIEW, Role.AGENT_TIER_3, approve=True, note="not mine to say")
    with pytest.raises(ActionNotAllowed):
        await pipeline.act(rma_id, Action.APPEAL, Role.CUSTOMER, note="twice")
    await pipeline.act(rma_id, Action.REVIEW, Role.SUPERVISOR, approve=True, note="so it is")
    status = await pipeline.until(rma_id, lambda status: status.logistics is Logistics.PICKUP_BOOKED)
    assert (status.approval, status.needs) == (Approval.APPROVED, "")
    assert (await pipeline.messages(rma_id, 5)) == [
        "manual_review",
        "declined",
        "appeal_received",
        "approved",
        "pickup_booked",
    ]


async def test_an_appeal_that_a_supervisor_declines_is_final(pipeline: Pipeline) -> None:
    order = await pipeline.order()
    rma_id = await declined(pipeline, order)
    await pipeline.act(rma_id, Action.APPEAL, Role.CUSTOMER, note="please")
    await pipeline.act(rma_id, Action.REVIEW, Role.SUPERVISOR, approve=False, note="it was worn")
    assert (await pipeline.end(rma_id)).header is Header.DECLINED
    assert await held(pipeline, order) == [0]
    with pytest.raises(ActionNotAllowed):
        await pipeline.act(rma_id, Action.APPEAL, Role.CUSTOMER, note="again")
    told = await pipeline.told(rma_id)
    assert told == ["manual_review", "declined", "appeal_received", "appeal_dismissed"]


async def test_an_appeal_is_not_decided_by_the_person_who_declined(pipeline: Pipeline) -> None:
    rma_id = (await pipeline.apply(await pipeline.order(), lines=[USED])).rma_id
    await pipeline.act(rma_id, Action.REVIEW, Role.SUPERVISOR, approve=False, note="worn")
    await pipeline.until(rma_id, lambda status: status.approval is Approval.DECLINED)
    await pipeline.act(rma_id, Action.APPEAL, Role.CUSTOMER, note="not so")
    await pipeline.until(rma_id, lambda status: status.needs == Role.SUPERVISOR)
    before = await pipeline.returns.status(rma_id)
    with pytest.raises(RoleNotPermitted) as refused:
        await pipeline.act(rma_id, Action.REVIEW, Role.SUPERVISOR, approve=False, note="I said so")
    assert refused.value.field == "actor.id"
    assert await pipeline.returns.status(rma_id) == before
    other = {"actor": Actor(role=Role.SUPERVISOR, id="supervisor-2"), "approve": True, "note": "it is not worn"}
    await pipeline.returns.act(rma_id, Action.REVIEW, ReviewVerdict.model_validate(other))
    await pipeline.until(rma_id, lambda status: status.approval is Approval.APPROVED)


async def test_a_supervisor_who_waits_with_an_appeal_is_reminded(pipeline: Pipeline) -> None:
    rma_id = await declined(pipeline, await pipeline.order())
    await pipeline.act(rma_id, Action.APPEAL, Role.CUSTOMER, note="please")
    await pipeline.until(rma_id, lambda status: status.needs == Role.SUPERVISOR)
    await pipeline.lapse(rma_id, DAY + MINUTE)
    assert await pipeline.messages(rma_id, 1, "staff_alert") == ["staff_review_overdue"]


async def test_a_decline_is_final_when_the_appeal_window_has_passed(pipeline: Pipeline) -> None:
    order = await pipeline.order()
    rma_id = await declined(pipeline, order)
    status = await pipeline.returns.status(rma_id)
    assert (status.is_final, status.allowed_actions) == (
        False,
        (Action.APPEAL, Action.COMPLAIN, Action.REPORT_CHARGEBACK, Action.PAUSE_CLOCKS),
    )
    assert status.next_deadline is not None
    assert status.next_deadline.clock is ClockName.APPEAL
    await pipeline.lapse(rma_id, 7 * DAY + MINUTE)
    assert (await pipeline.end(rma_id)).header is Header.DECLINED
    assert pipeline.ledger.open_returns(order["order_id"]) == []
    assert await held(pipeline, order) == [0]


async def test_a_verdict_that_was_taken_counts_even_while_the_appeal_is_written_down(pipeline: Pipeline) -> None:
    """The ledger is slow, so that appeal and verdict reach the return together."""
    rma_id = (await pipeline.apply(await pipeline.order(), lines=[USED])).rma_id

    async def decides() -> None:
        while True:
            try:
                await pipeline.act(rma_id, Action.REVIEW, Role.SUPERVISOR, approve=True, note="so it is")
            except (ActionNotAllowed, RoleNotPermitted):
                continue
            return

    with writing(pipeline.ledger.engine):
        declining = asyncio.create_task(
            pipeline.act(rma_id, Action.REVIEW, Role.AGENT_TIER_2, approve=False, note="worn")
        )
        await asyncio.sleep(0.1)
        appealing = asyncio.create_task(pipeline.act(rma_id, Action.APPEAL, Role.CUSTOMER, note="not so"))
        await asyncio.sleep(0.1)
        deciding = asyncio.create_task(decides())
        await asyncio.sleep(0.1)
    await asyncio.gather(declining, appealing, deciding)
    await pipeline.until(rma_id, lambda status: status.logistics is Logistics.PICKUP_BOOKED)


async def test_only_one_of_two_verdicts_at_once_is_taken(pipeline: Pipeline) -> None:
    """The ledger is slow with the first decision, so that both verdicts reach the return together."""
    order = await pipeline.order()
    request_id = "two-verdicts"
    rma_id = rma_id_for(order["order_id"], request_id)
    with writing(pipeline.ledger.engine):
        applying = asyncio.create_task(pipeline.apply(order, request_id, lines=[USED]))
        await asyncio.sleep(0.1)
        verdicts = [
            asyncio.create_task(pipeline.act(rma_id, Action.REVIEW, role, approve=approve, note="so it is"))
            for role, approve in ((Role.AGENT_TIER_2, True), (Role.AGENT_TIER_3, False))
        ]
        await asyncio.sleep(0.1)
    await applying
    answers = await asyncio.gather(*verdicts, return_exceptions=True)
    taken = [answer for answer in answers if not isinstance(answer, BaseException)]
    assert len(taken) <= 1
    assert all(isinstance(answer, ActionNotAllowed) for answer in answers if answer not in taken)


@pytest.mark.parametrize("role", [Role.CUSTOMER, Role.ORDER_SYSTEM, Role.WAREHOUSE])
async def test_a_verdict_by_the_wrong_role_changes_nothing(pipeline: Pipeline, role: Role) -> None:
    rma_id = (await pipeline.apply(await pipeline.order(), lines=[USED])).rma_id
    before = await pipeline.returns.status(rma_id)
    for approve in (True, False):
        with pytest.raises(RoleNotPermitted) as refused:
            await pipeline.act(rma_id, Action.REVIEW, role, approve=approve, note="I say so")
        assert refused.value.field == "actor.role"
    assert await pipeline.returns.status(rma_id) == before


@pytest.mark.parametrize("asked", [USED, FAULTY], ids=["a person", "evidence"])
async def test_a_return_that_waits_for_people_can_be_withdrawn(pipeline: Pipeline, asked: dict[str, Any]) -> None:
    order = await pipeline.order()
    rma_id = (await pipeline.apply(order, lines=[asked])).rma_id
    await pipeline.act(rma_id, Action.CANCEL, Role.CUSTOMER, note="never mind")
    assert (await pipeline.end(rma_id)).header is Header.CANCELED
    assert pipeline.ledger.open_returns(order["order_id"]) == []
    assert await held(pipeline, order) == [0]
    assert (await pipeline.messages(rma_id, 2))[-1] == "return_canceled"
    assert (await pipeline.apply(order)).approval is Approval.APPROVED


async def test_an_order_system_that_is_down_for_an_hour_brings_in_a_person(pipeline: Pipeline) -> None:
    order = await pipeline.order()
    await pipeline.fault(target="orders.get", match={"order_id": order["order_id"]}, **outage())
    rma_id, deciding = await pipeline.begin(order)
    await pipeline.until(rma_id, lambda status: status.approval is Approval.AUTO_REVIEW)
    await pipeline.lapse(rma_id, 45 * MINUTE)
    assert (await pipeline.returns.status(rma_id)).needs == ""
    await pipeline.lapse(rma_id, 20 * MINUTE)
    decision = await deciding
    assert decision.approval is Approval.MANUAL_REVIEW
    assert "auto_review_late" in decision.reasons
    assert await pipeline.messages(rma_id, 1, "staff_alert") == ["staff_auto_review_late"]
    await pipeline.act(rma_id, Action.REVIEW, Role.AGENT_TIER_2, approve=True, note="within the window")
    await pipeline.to_the_warehouse(rma_id)
    await pipeline.inspect(rma_id)
    assert (await pipeline.end(rma_id)).refunded_minor == 10_000


async def test_an_order_system_that_asks_for_patience_is_not_taken_for_down(pipeline: Pipeline) -> None:
    """It may be asked again in an hour: until then nobody is late, and no person is needed."""
    order = await pipeline.order()
    await pipeline.fault(target="orders.get", kind="too_busy", seconds=3600, match={"order_id": order["order_id"]})
    rma_id, deciding = await pipeline.begin(order)
    await pipeline.until(rma_id, lambda status: status.approval is Approval.AUTO_REVIEW)
    await pipeline.lapse(rma_id, 40 * MINUTE)
    told = [message["template"] for message in await pipeline.books("messages", rma_id)]
    assert "staff_auto_review_late" not in told
    await pipeline.lapse(rma_id, 40 * MINUTE)
    await deciding


async def test_short_trouble_of_the_order_system_is_not_noticed(pipeline: Pipeline) -> None:
    order = await pipeline.order()
    match = {"order_id": order["order_id"]}
    for kind in ("error_before", "error_after", "lost_response"):
        await pipeline.fault(target="orders.get", kind=kind, match=match)
    rma_id, deciding = await pipeline.begin(order)
    await pipeline.lapse(rma_id, MINUTE)
    assert (await deciding).approval is Approval.APPROVED


async def test_a_video_or_a_high_value_customer_is_reviewed_first(pipeline: Pipeline) -> None:
    video = {"kind": "video", "reference": "media/seam.mp4"}
    decision = await pipeline.apply(await pipeline.order(), lines=[FAULTY | {"evidence": [video]}])
    assert decision.approval is Approval.MANUAL_REVIEW
    assert decision.reasons == ("fault_to_verify",)
    assert decision.policy_version
