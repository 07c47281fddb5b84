"""Evidence that a reviewer asks for: the customer is awaited, so the review's clock rests; and liability."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from domain.actions import Action, Role
from domain.clocks import Clock, ClockName, ClockState
from domain.liability import Liability
from domain.reasons import LiableParty
from domain.status import Approval, Header, Logistics
from starters.errors import ActionNotAllowed, InvalidAction
from testkit.pipeline import Pipeline, line
from tests.workflow.reviews import DAY, FAULTY, HOUR, MINUTE, PHOTO, USED, held


async def asked(pipeline: Pipeline, order: dict[str, Any], after: timedelta = timedelta(0)) -> str:
    """A return whose reviewer has asked the customer for more, so long after it went to a person."""
    rma_id = (await pipeline.apply(order, lines=[USED])).rma_id
    if after:
        await pipeline.lapse(rma_id, after)
    await pipeline.act(rma_id, Action.REQUEST_EVIDENCE, Role.AGENT_TIER_2, note="the label, please")
    await pipeline.until(
        rma_id,
        lambda status: status.next_deadline is not None and status.next_deadline.clock is ClockName.EVIDENCE,
    )
    return rma_id


async def show(pipeline: Pipeline, rma_id: str, *references: str) -> None:
    evidence = [{"kind": "image", "reference": reference} for reference in references or ("media/label.jpg",)]
    lines = [{"line_id": "SHIRT-M", "evidence": evidence}]
    await pipeline.act(rma_id, Action.SUBMIT_EVIDENCE, Role.CUSTOMER, lines=lines)


async def review_clock(pipeline: Pipeline, rma_id: str) -> Clock:
    clocks = (await pipeline.returns.status(rma_id)).clocks
    return [entry for entry in clocks if entry.name is ClockName.MANUAL_REVIEW][-1]


async def test_the_review_rests_while_the_customer_is_awaited(pipeline: Pipeline) -> None:
    rma_id = await asked(pipeline, await pipeline.order(), after=20 * HOUR)
    status = await pipeline.returns.status(rma_id)
    assert (status.approval, status.needs) == (Approval.EVIDENCE_REQUESTED, Role.CUSTOMER)
    with pytest.raises(ActionNotAllowed):
        await pipeline.act(rma_id, Action.REVIEW, Role.AGENT_TIER_2, approve=True, note="never mind")
    promised_at = (await review_clock(pipeline, rma_id)).due_at
    await pipeline.lapse(rma_id, 3 * DAY)
    await show(pipeline, rma_id)
    status = await pipeline.until(rma_id, lambda status: status.needs == Role.AGENT_TIER_2)
    assert status.approval is Approval.MANUAL_REVIEW
    clock = await review_clock(pipeline, rma_id)
    assert abs(clock.due_at - promised_at - 3 * DAY) < MINUTE
    assert [(pause.author, pause.reason) for pause in clock.pauses] == [
        (f"agent_tier_2-{rma_id}", "customer awaited: evidence")
    ]
    await pipeline.lapse(rma_id, 4 * HOUR - MINUTE)
    assert (await pipeline.returns.status(rma_id)).needs == Role.AGENT_TIER_2, "24 hours of its own, not of ours"
    await pipeline.lapse(rma_id, 2 * MINUTE)
    await pipeline.until(rma_id, lambda status: status.needs == Role.AGENT_TIER_3)
    await pipeline.act(rma_id, Action.REVIEW, Role.AGENT_TIER_3, approve=True, note="the label is on")
    await pipeline.until(rma_id, lambda status: status.logistics is Logistics.PICKUP_BOOKED)
    assert "evidence_wanted" in await pipeline.told(rma_id)


async def test_a_reviewer_may_ask_again(pipeline: Pipeline) -> None:
    rma_id = await asked(pipeline, await pipeline.order())
    await show(pipeline, rma_id)
    await pipeline.until(rma_id, lambda status: status.approval is Approval.MANUAL_REVIEW)
    await pipeline.act(rma_id, Action.REQUEST_EVIDENCE, Role.AGENT_TIER_2, note="the seam as well")
    await pipeline.until(rma_id, lambda status: status.needs == Role.CUSTOMER)
    await pipeline.lapse(rma_id, DAY)
    await show(pipeline, rma_id, "media/seam.jpg")
    await pipeline.until(rma_id, lambda status: status.approval is Approval.MANUAL_REVIEW)
    assert len((await review_clock(pipeline, rma_id)).pauses) == 2


async def test_a_customer_who_shows_nothing_closes_the_return_and_may_apply_again(pipeline: Pipeline) -> None:
    order = await pipeline.order()
    rma_id = await asked(pipeline, order)
    await pipeline.lapse(rma_id, 7 * DAY - HOUR)
    assert not (await pipeline.returns.status(rma_id)).is_final
    await pipeline.lapse(rma_id, HOUR + MINUTE)
    assert (await pipeline.end(rma_id)).header is Header.EXPIRED
    assert (await review_clock(pipeline, rma_id)).state is ClockState.STOPPED
    assert await held(pipeline, order) == [0]
    assert (await pipeline.told(rma_id)) == ["manual_review", "evidence_wanted", "evidence_lapsed"]
    assert (await pipeline.apply(order)).approval is Approval.APPROVED


async def test_a_withdrawal_ends_the_wait_for_evidence(pipeline: Pipeline) -> None:
    order = await pipeline.order()
    rma_id = await asked(pipeline, order)
    await pipeline.act(rma_id, Action.CANCEL, Role.CUSTOMER)
    assert (await pipeline.end(rma_id)).header is Header.CANCELED
    assert await held(pipeline, order) == [0]


async def test_of_submissions_that_come_together_none_is_lost(pipeline: Pipeline) -> None:
    """A line takes twenty pieces: what a later submission is refused for shows that the earlier ones count."""
    order = await pipeline.order(lines=[line(), line("SOCKS", product_id="P-SOCKS")])
    lines = [FAULTY, FAULTY | {"line_id": "SOCKS", "evidence": [PHOTO]}]
    rma_id = (await pipeline.apply(order, lines=lines)).rma_id
    together = [[f"media/{number}-{piece}.jpg" for piece in range(5)] for number in range(4)]
    await asyncio.gather(*(show(pipeline, rma_id, *references) for references in together))
    await pipeline.until(rma_id, lambda status: status.approval is Approval.MANUAL_REVIEW)
    with pytest.raises(InvalidAction, match="20 are there already"):
        await show(pipeline, rma_id)


async def test_evidence_may_be_added_while_a_person_decides(pipeline: Pipeline) -> None:
    rma_id = (await pipeline.apply(await pipeline.order(), lines=[USED])).rma_id
    await show(pipeline, rma_id)
    status = await pipeline.returns.status(rma_id)
    assert status.approval is Approval.MANUAL_REVIEW
    assert [entry.what for entry in status.timeline].count("evidence submitted") == 1


async def test_a_liability_in_shares_pays_outbound_shipping(pipeline: Pipeline) -> None:
    order = await pipeline.order(shipping_minor=1_000)
    rma_id = (await pipeline.apply(order, lines=[USED])).rma_id
    shares = {"customer": 5_000, "merchant": 5_000}
    verdict: dict[str, Any] = {"approve": True, "note": "both", "liability": {"SHIRT-M": {"shares": shares}}}
    await pipeline.act(rma_id, Action.REVIEW, Role.AGENT_TIER_2, **verdict)
    await pipeline.to_the_warehouse(rma_id)
    status = await pipeline.returns.status(rma_id)
    assert status.liability["SHIRT-M"].shares == {LiableParty.CUSTOMER: 5_000, LiableParty.MERCHANT: 5_000}
    await pipeline.inspect(rma_id)
    assert (await pipeline.end(rma_id)).refunded_minor == 11_000


async def test_a_supervisor_decides_the_liability_again_before_money_moves(pipeline: Pipeline) -> None:
    order = await pipeline.order(shipping_minor=1_000)
    rma_id = (await pipeline.apply(order)).rma_id
    await pipeline.until(rma_id, lambda status: status.logistics is Logistics.PICKUP_BOOKED)
    assert (await pipeline.returns.status(rma_id)).liability["SHIRT-M"] == Liability.of(LiableParty.CUSTOMER)
    with pytest.raises(InvalidAction) as refused:
        await pipeline.act(
            rma_id, Action.DECIDE_LIABILITY, Role.SUPERVISOR, note="x", liability={"SOCKS": "carrier"}
        )
    assert refused.value.field == "liability.SOCKS"
    await pipeline.act(
        rma_id, Action.DECIDE_LIABILITY, Role.SUPERVISOR, note="it came late", liability={"SHIRT-M": "carrier"}
    )
    await pipeline.to_the_warehouse(rma_id)
    await pipeline.inspect(rma_id)
    assert (await pipeline.end(rma_id)).refunded_minor == 11_000
