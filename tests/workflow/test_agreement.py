"""Offers inside a review: nothing is imposed, silence has an outcome, and what is agreed is carried out."""

from datetime import timedelta
from typing import Any

import pytest

from domain.actions import Action, Role
from domain.application import Remedy
from domain.clocks import ClockName, ClockState
from domain.offers import OfferState
from domain.status import Approval, Header, Logistics
from starters.errors import ActionNotAllowed, InvalidAction, RoleNotPermitted
from testkit.pipeline import Pipeline
from tests.workflow.reviews import DAY, HOUR, MINUTE, USED
from workflows.contracts import ReturnStatus

AGENT = Role.AGENT_TIER_2


def terms(**changes: Any) -> dict[str, Any]:
    """Take it back and refund it, with the freight on the shop, unless told otherwise."""
    fixed: dict[str, Any] = {
        "remedy": "return_and_refund",
        "basis": "The seam is loose.",
        "process": "The courier collects it, then it is inspected.",
        "time_limits": "Paid within 3 business days of the inspection.",
        "freight": "merchant",
    }
    return fixed | changes


async def reviewed(pipeline: Pipeline, **changes: Any) -> str:
    """A return that waits for a person."""
    rma_id = (await pipeline.apply(await pipeline.order(), lines=[USED], **changes)).rma_id
    await pipeline.until(rma_id, lambda status: status.needs == AGENT)
    return rma_id


async def offered(pipeline: Pipeline, rma_id: str, **changes: Any) -> ReturnStatus:
    """An offer that waits for the customer."""
    await pipeline.act(rma_id, Action.MAKE_OFFER, AGENT, terms=terms(**changes))
    return await pipeline.until(rma_id, lambda status: status.needs == Role.CUSTOMER)


def states(status: ReturnStatus) -> list[OfferState]:
    return [offer.state for offer in status.offers]


async def test_an_offer_that_is_accepted_approves_and_is_carried_out(pipeline: Pipeline) -> None:
    rma_id = await reviewed(pipeline)
    status = await offered(pipeline, rma_id)
    assert status.next_deadline is not None
    assert status.next_deadline.clock is ClockName.OFFER
    assert set(status.allowed_actions) == {
        Action.CANCEL,
        Action.COMPLAIN,
        Action.PAUSE_CLOCKS,
        Action.REPORT_CHARGEBACK,
        Action.SUBMIT_EVIDENCE,
        Action.ACCEPT_OFFER,
        Action.COUNTER_OFFER,
        Action.DECLINE_OFFER,
    }
    await pipeline.act(rma_id, Action.ACCEPT_OFFER, Role.CUSTOMER, offer_number=1)
    await pipeline.to_the_warehouse(rma_id)
    await pipeline.inspect(rma_id)
    assert (await pipeline.end(rma_id)).refunded_minor == 10_000
    status = await pipeline.returns.status(rma_id)
    (offer,) = status.offers
    assert offer.answered_by is not None
    assert (offer.state, offer.answered_by.role, offer.number) == (OfferState.ACCEPTED, Role.CUSTOMER, 1)
    told = await pipeline.told(rma_id)
    assert told[:3] == ["manual_review", "offer_made", "offer_agreed"]
    assert "approved" not in told


async def test_an_offer_countered_thrice_lapses_and_the_review_goes_on(pipeline: Pipeline) -> None:
    rma_id = await reviewed(pipeline)
    await offered(pipeline, rma_id)
    for number, role in ((1, Role.CUSTOMER), (2, AGENT), (3, Role.CUSTOMER)):
        await pipeline.act(rma_id, Action.COUNTER_OFFER, role, offer_number=number, terms=terms())
    status = await pipeline.until(rma_id, lambda status: status.needs == AGENT)
    with pytest.raises(InvalidAction, match="All 3 rounds are used"):
        await pipeline.act(rma_id, Action.COUNTER_OFFER, AGENT, offer_number=4, terms=terms())
    assert Action.REVIEW in status.allowed_actions
    # The shop has to answer now, so its own clock runs meanwhile.
    await pipeline.lapse(rma_id, DAY + MINUTE)
    await pipeline.until(rma_id, lambda status: status.needs == Role.AGENT_TIER_3)
    await pipeline.lapse(rma_id, 2 * DAY)
    status = await pipeline.until(rma_id, lambda status: states(status)[-1] is OfferState.LAPSED)
    assert states(status) == [OfferState.COUNTERED] * 3 + [OfferState.LAPSED]
    assert status.approval is Approval.MANUAL_REVIEW
    with pytest.raises(InvalidAction, match="All 3 rounds are used"):
        await pipeline.act(rma_id, Action.MAKE_OFFER, AGENT, terms=terms())
    await pipeline.act(rma_id, Action.REVIEW, AGENT, approve=True, note="as applied for")
    await pipeline.until(rma_id, lambda status: status.logistics is Logistics.PICKUP_BOOKED)
    assert (await pipeline.told(rma_id)).count("offer_lapsed") == 1
    assert "staff_offer_countered" in await pipeline.told(rma_id, "staff_alert")


async def test_the_shops_clock_rests_while_the_customer_is_awaited(pipeline: Pipeline) -> None:
    rma_id = await reviewed(pipeline)
    await offered(pipeline, rma_id)
    await pipeline.lapse(rma_id, 72 * HOUR - MINUTE)
    status = await pipeline.returns.status(rma_id)
    assert (states(status), status.needs) == ([OfferState.PROPOSED], Role.CUSTOMER)
    await pipeline.lapse(rma_id, 2 * MINUTE)
    status = await pipeline.until(rma_id, lambda status: status.needs == AGENT)
    assert states(status) == [OfferState.LAPSED]
    review = [clock for clock in status.clocks if clock.name is ClockName.MANUAL_REVIEW]
    assert [clock.state for clock in review] == [ClockState.RUNNING]
    rested = review[0].due_at - review[0].started_at - timedelta(hours=24)
    assert abs(rested - timedelta(hours=72)) < MINUTE
    assert await pipeline.told(rma_id) == ["manual_review", "offer_made", "offer_lapsed"]
    answer: dict[str, Any] = {"offer_number": 1}
    with pytest.raises(InvalidAction, match="Offer 1 has lapsed"):
        await pipeline.act(rma_id, Action.ACCEPT_OFFER, Role.CUSTOMER, **answer)
    with pytest.raises(InvalidAction, match="Offer 1 has lapsed"):
        await pipeline.act(rma_id, Action.COUNTER_OFFER, Role.CUSTOMER, **answer, terms=terms())
    with pytest.raises(InvalidAction, match="Offer 1 has lapsed"):
        await pipeline.act(rma_id, Action.DECLINE_OFFER, Role.CUSTOMER, **answer)


async def test_what_cannot_be_answered_is_refused_and_changes_nothing(pipeline: Pipeline) -> None:
    rma_id = await reviewed(pipeline)
    await offered(pipeline, rma_id)
    before = await pipeline.returns.status(rma_id)
    with pytest.raises(RoleNotPermitted, match="made by the shop"):
        await pipeline.act(rma_id, Action.ACCEPT_OFFER, AGENT, offer_number=1)
    with pytest.raises(InvalidAction, match="There is no offer 7"):
        await pipeline.act(rma_id, Action.ACCEPT_OFFER, Role.CUSTOMER, offer_number=7)
    with pytest.raises(ActionNotAllowed):
        await pipeline.act(rma_id, Action.MAKE_OFFER, AGENT, terms=terms())
    with pytest.raises(ActionNotAllowed):
        await pipeline.act(rma_id, Action.REVIEW, AGENT, approve=False, note="I changed my mind")
    with pytest.raises(ActionNotAllowed):
        await pipeline.act(rma_id, Action.REQUEST_EVIDENCE, AGENT, note="another photo")
    too_much = terms(remedy="price_compensation", amount_minor=10_001)
    with pytest.raises(InvalidAction, match="cannot be above") as refused:
        await pipeline.act(rma_id, Action.COUNTER_OFFER, Role.CUSTOMER, offer_number=1, terms=too_much)
    assert refused.value.field == "terms.amount_minor"
    swap = terms(remedy="exchange", item_ids=["SHIRT-L"])
    with pytest.raises(InvalidAction, match="variants that were applied for"):
        await pipeline.act(rma_id, Action.COUNTER_OFFER, Role.CUSTOMER, offer_number=1, terms=swap)
    assert await pipeline.returns.status(rma_id) == before


async def test_an_offer_is_accepted_once(pipeline: Pipeline) -> None:
    rma_id = await reviewed(pipeline)
    await offered(pipeline, rma_id)
    await pipeline.act(rma_id, Action.ACCEPT_OFFER, Role.CUSTOMER, offer_number=1)
    with pytest.raises(InvalidAction, match="Offer 1 was accepted on"):
        await pipeline.act(rma_id, Action.ACCEPT_OFFER, Role.CUSTOMER, offer_number=1)
    status = await pipeline.until(rma_id, lambda status: status.logistics is Logistics.PICKUP_BOOKED)
    assert states(status) == [OfferState.ACCEPTED]


async def test_a_declined_offer_leaves_the_return_as_it_was(pipeline: Pipeline) -> None:
    rma_id = await reviewed(pipeline)
    await offered(pipeline, rma_id)
    await pipeline.act(rma_id, Action.DECLINE_OFFER, Role.CUSTOMER, offer_number=1, note="no")
    status = await pipeline.until(rma_id, lambda status: status.needs == AGENT)
    assert (states(status), status.remedy) == ([OfferState.DECLINED], Remedy.RETURN_AND_REFUND)
    await pipeline.act(rma_id, Action.REVIEW, AGENT, approve=False, note="worn")
    assert await pipeline.messages(rma_id, 4) == ["manual_review", "offer_made", "offer_declined", "declined"]


async def test_a_withdrawal_ends_the_talks(pipeline: Pipeline) -> None:
    rma_id = await reviewed(pipeline)
    await offered(pipeline, rma_id)
    await pipeline.act(rma_id, Action.CANCEL, Role.CUSTOMER, note="never mind")
    assert (await pipeline.end(rma_id)).header is Header.CANCELED
    assert states(await pipeline.returns.status(rma_id)) == [OfferState.LAPSED]
    assert await pipeline.told(rma_id) == ["manual_review", "offer_made", "return_canceled"]


async def test_a_verdict_takes_the_place_of_the_customers_counter(pipeline: Pipeline) -> None:
    rma_id = await reviewed(pipeline)
    await offered(pipeline, rma_id)
    await pipeline.act(rma_id, Action.COUNTER_OFFER, Role.CUSTOMER, offer_number=1, terms=terms())
    await pipeline.act(rma_id, Action.REVIEW, AGENT, approve=True, note="as applied for")
    status = await pipeline.until(rma_id, lambda status: status.logistics is Logistics.PICKUP_BOOKED)
    assert states(status) == [OfferState.COUNTERED, OfferState.LAPSED]


async def test_while_an_appeal_is_open_a_supervisor_speaks_for_the_shop(pipeline: Pipeline) -> None:
    rma_id = await reviewed(pipeline)
    await pipeline.act(rma_id, Action.REVIEW, AGENT, approve=False, note="worn")
    await pipeline.until(rma_id, lambda status: status.approval is Approval.DECLINED)
    await pipeline.act(rma_id, Action.APPEAL, Role.CUSTOMER, note="not so")
    with pytest.raises(RoleNotPermitted, match="a supervisor speaks"):
        await pipeline.act(rma_id, Action.MAKE_OFFER, AGENT, terms=terms())
    await pipeline.act(rma_id, Action.MAKE_OFFER, Role.SUPERVISOR, terms=terms())
    await pipeline.act(rma_id, Action.ACCEPT_OFFER, Role.CUSTOMER, offer_number=1)
    await pipeline.until(rma_id, lambda status: status.logistics is Logistics.PICKUP_BOOKED)


@pytest.mark.parametrize("remedy", ["price_compensation", "coupon_compensation"])
async def test_a_compensation_that_is_asked_for_is_answered_with_an_offer(pipeline: Pipeline, remedy: str) -> None:
    decision = await pipeline.apply(await pipeline.order(), desired_resolution=remedy)
    assert decision.approval is Approval.MANUAL_REVIEW
    assert "amount_to_agree" in decision.reasons
    with pytest.raises(InvalidAction, match="make_offer"):
        await pipeline.act(decision.rma_id, Action.REVIEW, AGENT, approve=True, note="granted")
    await offered(pipeline, decision.rma_id, remedy=remedy, amount_minor=2_000)
    assert "offer_made" in await pipeline.told(decision.rma_id)
    sent = await pipeline.books("messages", decision.rma_id)
    assert any("¥20.00" in message["body"] for message in sent if message["template"] == "offer_made")
