"""Where two parts of a return meet: nothing waits for what the other made impossible, nothing accepted is lost."""

from typing import Any

import pytest

from domain.actions import Action, Actor, Role
from domain.offers import OfferState
from domain.status import Header, Logistics, Reimbursement
from starters.errors import ActionNotAllowed
from testkit.pipeline import Pipeline, line
from tests.workflow.parcels import DAY, HOUR, MINUTE, at_hand
from tests.workflow.reviews import USED
from tests.workflow.swaps import swap
from tests.workflow.test_advance_refund import wished
from tests.workflow.test_authority import LARGE, act, approve, reviewed, somebody, terms
from tests.workflow.test_chargeback import accept, release, report
from tests.workflow.test_complaint import answered, complain
from tests.workflow.test_parcels import accepted, delivered, found, two_parcels


async def declined(pipeline: Pipeline) -> str:
    order = await pipeline.order()
    rma_id = (await pipeline.apply(order, lines=[USED])).rma_id
    await pipeline.act(rma_id, Action.REVIEW, Role.AGENT_TIER_2, approve=False, note="worn")
    await pipeline.until(rma_id, lambda status: Action.APPEAL in status.allowed_actions)
    return rma_id


async def noted(pipeline: Pipeline, rma_id: str, what: str) -> None:
    await pipeline.until(rma_id, lambda status: any(what in entry.what for entry in status.timeline))


async def two_labels(pipeline: Pipeline, order: dict[str, Any], **changes: Any) -> str:
    """Two shirts, each in a parcel with a label of its own."""
    one = {"lines": [{"line_id": "SHIRT-M", "quantity": 1}]}
    asked = {"lines": [{"line_id": "SHIRT-M", "quantity": 2, "condition": "unopened"}]} | changes
    rma_id = (await pipeline.apply(order, parcels=[one, one], ship_back="label", **asked)).rma_id
    await pipeline.until(rma_id, lambda status: [bool(each.tracking_no) for each in status.parcels] == [True] * 2)
    return rma_id


async def test_a_chargeback_is_decided_after_the_end_of_the_way(pipeline: Pipeline) -> None:
    order = await pipeline.order()
    rma_id = await at_hand(pipeline, order)
    await report(pipeline, rma_id, order, 10_000)
    await pipeline.lapse(rma_id, 8 * DAY)
    await pipeline.until(rma_id, lambda status: status.logistics is Logistics.EXPIRED)
    status = await pipeline.until(rma_id, lambda status: Action.RELEASE_HOLD in status.allowed_actions)
    assert Action.COMPLAIN in status.allowed_actions
    assert Action.RECEIVE not in status.allowed_actions
    await release(pipeline, rma_id)
    assert (await pipeline.end(rma_id)).header is Header.EXPIRED


async def test_what_only_a_complaint_keeps_open_takes_no_appeal(pipeline: Pipeline) -> None:
    rma_id = await declined(pipeline)
    await pipeline.lapse(rma_id, 6 * DAY + 12 * HOUR)
    await complain(pipeline, rma_id)
    await pipeline.lapse(rma_id, 13 * HOUR)
    await answered(pipeline, rma_id)
    with pytest.raises(ActionNotAllowed):
        await pipeline.act(rma_id, Action.APPEAL, Role.CUSTOMER, note="look again")
    await pipeline.lapse(rma_id, 8 * DAY)
    assert (await pipeline.end(rma_id)).header is Header.DECLINED


async def test_an_advance_that_a_lost_chargeback_covers(pipeline: Pipeline) -> None:
    case = await wished(pipeline)
    await pipeline.until(case.rma_id, lambda status: status.logistics is Logistics.PICKUP_BOOKED)
    await report(pipeline, case.rma_id, case.order, 10_000)
    await pipeline.scan(case.rma_id, "picked_up")
    await noted(pipeline, case.rma_id, "waits for a chargeback")
    await accept(pipeline, case.rma_id)
    await pipeline.scan(case.rma_id, "delivered")
    await pipeline.until(case.rma_id, lambda status: status.logistics is Logistics.DELIVERED)
    await pipeline.inspect(case.rma_id)
    result = await pipeline.end(case.rma_id)
    assert result.refunded_minor == 0
    await pipeline.balance(case.order["order_id"])


async def test_a_given_up_parcel_that_comes_collect_stays_given_up(pipeline: Pipeline) -> None:
    rma_id = await two_parcels(pipeline)
    await pipeline.scan(rma_id, "picked_up")
    await pipeline.scan(rma_id, "lost")
    await pipeline.until(rma_id, lambda status: status.parcels[0].logistics is Logistics.LOST)
    await pipeline.receive(rma_id, parcel=1, freight_collect=True)
    status = await pipeline.returns.status(rma_id)
    assert status.parcels[0].logistics is Logistics.LOST
    assert Action.RECORD_HANDOVER not in status.parcels[0].allowed_actions
    await delivered(pipeline, rma_id, 2)
    await found(pipeline, rma_id, accepted(1), parcel=2)
    result = await pipeline.end(rma_id)
    assert result.refunded_minor == 20_000
    assert (await pipeline.returns.status(rma_id)).money_settled


async def test_a_lost_parcel_that_comes_while_it_is_paid_keeps_the_return_open(pipeline: Pipeline) -> None:
    order = await pipeline.order(lines=[line(quantity=2)])
    rma_id = await two_labels(pipeline, order)
    await report(pipeline, rma_id, order, 1_000)
    await pipeline.scan(rma_id, "accepted", parcel=1)
    await pipeline.scan(rma_id, "lost", parcel=1)
    await noted(pipeline, rma_id, "waits for a chargeback")
    await pipeline.lapse(rma_id, 6 * DAY + 23 * HOUR)
    await pipeline.receive(rma_id, parcel=1)
    await release(pipeline, rma_id)
    await pipeline.settled(rma_id)
    await pipeline.lapse(rma_id, 2 * HOUR)
    await pipeline.until(rma_id, lambda status: status.parcels[1].logistics is Logistics.EXPIRED)
    await found(pipeline, rma_id, accepted(1), parcel=1)
    assert (await pipeline.end(rma_id)).refunded_minor == 10_000


async def half_earned(pipeline: Pipeline) -> str:
    """Two shirts were paid in advance and one came back: the customer has notice of a recovery."""
    seed = await pipeline.order()
    order = await pipeline.order(customer_id=f"V-{seed['order_id']}", tier="high_value", lines=[line(quantity=2)])
    rma_id = await two_labels(pipeline, order, advance=True)
    await pipeline.scan(rma_id, "accepted")
    await pipeline.until(rma_id, lambda status: status.reimbursement is Reimbursement.PROVISIONAL)
    await pipeline.scan(rma_id, "delivered")
    await found(pipeline, rma_id, accepted(1), parcel=1)
    await pipeline.lapse(rma_id, 7 * DAY + HOUR)
    await pipeline.until(rma_id, lambda status: Action.APPEAL_RECOVERY in status.allowed_actions)
    return rma_id


async def test_a_parcel_that_comes_during_the_notice_of_a_recovery_earns_the_advance(pipeline: Pipeline) -> None:
    rma_id = await half_earned(pipeline)
    await pipeline.receive(rma_id, parcel=2)
    await pipeline.lapse(rma_id, 20 * HOUR)
    await found(pipeline, rma_id, accepted(1), parcel=2)
    await pipeline.lapse(rma_id, 10 * DAY)
    result = await pipeline.end(rma_id)
    assert (result.refunded_minor, result.charged_minor) == (20_000, 0)


async def test_goods_that_came_are_inspected_before_they_are_charged(pipeline: Pipeline) -> None:
    rma_id = await half_earned(pipeline)
    deadline = (await pipeline.returns.status(rma_id)).next_deadline
    assert deadline is not None
    await pipeline.lapse(rma_id, deadline.due_at - await pipeline.now(rma_id) - HOUR)
    await pipeline.receive(rma_id, parcel=2)
    await pipeline.lapse(rma_id, 2 * HOUR)
    await found(pipeline, rma_id, accepted(1), parcel=2)
    result = await pipeline.end(rma_id)
    assert (result.refunded_minor, result.charged_minor) == (20_000, 0)


async def test_an_exchange_that_is_carried_out_waits_for_the_one_before(pipeline: Pipeline) -> None:
    case = await swap(pipeline, 2)
    rma_id = await two_labels(pipeline, case.order, **case.asking("CHEAP", "CHEAP"))
    await report(pipeline, rma_id, case.order, 1_000)
    await pipeline.scan(rma_id, "delivered")
    await found(pipeline, rma_id, accepted(1), parcel=1)
    await pipeline.lapse(rma_id, 7 * DAY + HOUR)
    await noted(pipeline, rma_id, "waits for a chargeback")
    await pipeline.receive(rma_id, parcel=2)
    await found(pipeline, rma_id, accepted(1), parcel=2)
    await pipeline.lapse(rma_id, MINUTE)
    await release(pipeline, rma_id)
    await pipeline.until(rma_id, lambda status: Action.CHOOSE_SUBSTITUTE in status.allowed_actions)
    await pipeline.act(rma_id, Action.CHOOSE_SUBSTITUTE, Role.CUSTOMER, remedy="return_and_refund")
    await pipeline.end(rma_id)
    (sent,) = await pipeline.books("replacements", rma_id)
    paid = sorted(entry["amount_minor"] for entry in await pipeline.books("refunds", rma_id))
    assert (len(sent["item_ids"]), paid) == (1, [2_500, 10_000])


async def test_an_approval_that_came_too_late_for_its_offer_leaves_nothing_pending(pipeline: Pipeline) -> None:
    rma_id, boss = await reviewed(pipeline, 1_000_000), somebody(Role.SUPERVISOR)
    await act(pipeline, rma_id, Action.MAKE_OFFER, boss, terms=terms(1_000))
    customer = Actor(role=Role.CUSTOMER, id="customer-1")
    await act(pipeline, rma_id, Action.COUNTER_OFFER, customer, offer_number=1, terms=terms(LARGE))
    await pipeline.lapse(rma_id, 71 * HOUR)
    answer = await act(pipeline, rma_id, Action.ACCEPT_OFFER, boss, offer_number=2)
    assert answer.awaits_approval
    await pipeline.lapse(rma_id, 2 * HOUR)
    status = await pipeline.until(rma_id, lambda status: status.pending_payout is None)
    assert status.offers[-1].state is OfferState.LAPSED
    with pytest.raises(ActionNotAllowed):
        await approve(pipeline, status, somebody(Role.SUPERVISOR))
