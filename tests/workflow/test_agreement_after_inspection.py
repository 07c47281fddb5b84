"""Offers about what an inspection did not accept: they take the place of the contest, or leave it as it was."""

from datetime import timedelta
from typing import Any

import pytest

from domain.actions import Action, Role
from domain.clocks import ClockName, ClockState
from domain.offers import OfferState
from domain.status import Header, InspectionStatus
from starters.errors import AboveAuthority, ActionNotAllowed, InvalidAction
from testkit.pipeline import Pipeline, line
from tests.workflow.payouts import paid_to
from tests.workflow.test_advance_refund import advanced
from tests.workflow.test_agreement import states, terms
from tests.workflow.test_authority import act, somebody
from tests.workflow.test_contest import HOUR, MINUTE, Disputed, disputed, found
from tests.workflow.test_parcels import accepted, delivered, two_parcels
from tests.workflow.test_parcels import found as inspected
from tests.workflow.test_store_credit import account, granted
from workflows.contracts import ReturnStatus

AGENT = Role.AGENT_TIER_2
TWO = [{"line_id": "SHIRT-M", "quantity": 2, "condition": "unopened"}]


def keep(amount_minor: int = 2_000, remedy: str = "price_compensation") -> dict[str, Any]:
    return terms(remedy=remedy, amount_minor=amount_minor)


async def offered(case: Disputed, proposed: dict[str, Any] | None = None) -> ReturnStatus:
    """Two of four shirts were accepted, two were not; the customer has an offer about these to answer."""
    await case.act(Action.MAKE_OFFER, AGENT, terms=proposed or keep())
    return await case.pipeline.until(case.rma_id, lambda status: status.needs == Role.CUSTOMER)


def contest_clock(status: ReturnStatus) -> tuple[ClockState, bool, timedelta]:
    (clock,) = [clock for clock in status.clocks if clock.name is ClockName.CONTEST]
    return clock.state, clock.held, clock.due_at - clock.started_at


async def test_a_compensation_is_paid_beside_what_was_accepted(pipeline: Pipeline) -> None:
    case = await disputed(pipeline)
    status = await offered(case)
    assert status.next_deadline is not None
    assert status.next_deadline.clock is ClockName.OFFER
    assert contest_clock(status)[:2] == (ClockState.RUNNING, True)
    assert Action.MAKE_OFFER not in status.allowed_actions
    await pipeline.settled(case.rma_id)
    assert await case.refunds() == [4_999], "what was accepted waits for nothing"
    before = await pipeline.returns.status(case.rma_id)
    await case.act(Action.ACCEPT_OFFER, offer_number=1)
    await case.ended([4_999, 2_000], settled=2)
    status = await pipeline.returns.status(case.rma_id)
    assert (states(status), status.offers[0].parcel) == ([OfferState.ACCEPTED], 1)
    assert status.version > before.version
    with pytest.raises(ActionNotAllowed):
        await case.act(Action.CONTEST, note="after all")
    told = await pipeline.told(case.rma_id)
    assert told[-4:] == ["offer_agreed", "rejected_goods_returned", "price_compensation", "refund_paid"]
    explained = await pipeline.returns.explain(case.rma_id)
    assert [(row.rule, row.amount_minor) for row in explained.refunds[-1].rows] == [("compensation", 2_000)]


async def test_store_credit_takes_the_goods_after_all(pipeline: Pipeline) -> None:
    case = await disputed(pipeline)
    with pytest.raises(AboveAuthority, match=r"this adds CN¥54\.99"):
        await act(
            pipeline,
            case.rma_id,
            Action.MAKE_OFFER,
            somebody(Role.AGENT_TIER_1),
            terms=keep(500, "store_credit"),
        )
    await offered(case, keep(500, "store_credit"))
    await case.act(Action.ACCEPT_OFFER, offer_number=1)
    await case.ended([4_999, 5_000], settled=4)
    credit = await account(pipeline, case.order)
    assert credit["balance_minor"] == 5_500
    assert await granted(pipeline, case.rma_id) == {f"{case.rma_id}-bonus-1": 500}
    status = await pipeline.returns.status(case.rma_id)
    assert (status.inspection, status.lines[0].accepted) == (InspectionStatus.ACCEPTED, 4)
    paid_to = [payment.method_id for payment in status.payments]
    assert paid_to == [case.order["payments"][0]["payment_method_id"], credit["account_id"]]
    told = await pipeline.told(case.rma_id)
    assert "rejected_goods_returned" not in told
    assert told[-3:] == ["offer_agreed", "store_credit_paid", "store_credit_bonus"]


async def test_a_coupon_ends_a_contest_that_waits_for_its_supervisor(pipeline: Pipeline) -> None:
    case = await disputed(pipeline)
    await pipeline.fault(target="coupons.issue", kind="lost_response", match={"key": f"{case.rma_id}-offer-1"})
    await case.act(Action.CONTEST, note="they were never worn")
    await pipeline.until(case.rma_id, lambda status: status.needs == Role.SUPERVISOR)
    status = await offered(case, keep(1_500, "coupon_compensation"))
    assert not {Action.DECIDE_CONTEST, Action.REQUEST_EXPERT} & set(status.allowed_actions)
    await pipeline.lapse(case.rma_id, 48 * HOUR)
    assert await pipeline.told(case.rma_id, "staff_alert") == ["staff_contest_overdue"], "the customer is awaited"
    await case.act(Action.ACCEPT_OFFER, offer_number=1)
    await pipeline.lapse(case.rma_id, MINUTE)
    await case.ended([4_999], settled=2)
    coupons = [(entry["key"], entry["amount_minor"]) for entry in await pipeline.books("coupons", case.rma_id)]
    assert coupons == [(f"{case.rma_id}-offer-1", 1_500)]
    status = await pipeline.returns.status(case.rma_id)
    assert [(coupon.amount_minor, bool(coupon.coupon_id)) for coupon in status.coupons] == [(1_500, True)]


async def test_after_a_refusal_the_contest_goes_on_by_its_own_clock(pipeline: Pipeline) -> None:
    case = await disputed(pipeline)
    await pipeline.lapse(case.rma_id, 20 * HOUR)
    await offered(case)
    await pipeline.lapse(case.rma_id, 60 * HOUR)
    await case.act(Action.DECLINE_OFFER, offer_number=1, note="no")
    status = await pipeline.until(case.rma_id, lambda status: not contest_clock(status)[1])
    state, _, time = contest_clock(status)
    assert (state, status.needs) == (ClockState.RUNNING, "")
    assert abs(time - 132 * HOUR) < MINUTE, "it rested while the customer was awaited"
    await pipeline.lapse(case.rma_id, 52 * HOUR - MINUTE)
    assert Action.CONTEST in (await pipeline.returns.status(case.rma_id)).allowed_actions
    await pipeline.lapse(case.rma_id, 2 * MINUTE)
    await case.ended([4_999], settled=2)
    assert (await pipeline.told(case.rma_id))[-1] == "offer_declined"
    outcomes = [entry.outcome for entry in pipeline.ledger.audit_entries(case.rma_id)]
    assert outcomes == ["released", "granted"]


async def test_an_offer_that_lapses_leaves_the_contest_open(pipeline: Pipeline) -> None:
    case = await disputed(pipeline)
    await offered(case)
    await pipeline.lapse(case.rma_id, 72 * HOUR + MINUTE)
    status = await pipeline.until(case.rma_id, lambda status: states(status) == [OfferState.LAPSED])
    assert Action.CONTEST in status.allowed_actions
    await case.act(Action.CONTEST, note="they were never worn")
    await pipeline.until(case.rma_id, lambda status: status.needs == Role.SUPERVISOR)
    await case.act(
        Action.DECIDE_CONTEST, Role.SUPERVISOR, note="so", accepted=[{"line_id": "SHIRT-M", "quantity": 2}]
    )
    await case.ended([4_999, 5_000], settled=4)
    assert "offer_lapsed" in await pipeline.told(case.rma_id)


async def test_who_waits_for_the_shops_answer_is_not_silent(pipeline: Pipeline) -> None:
    case = await disputed(pipeline)
    await offered(case)
    await case.act(Action.COUNTER_OFFER, offer_number=1, terms=keep(3_000))
    status = await pipeline.until(case.rma_id, lambda status: status.needs == AGENT)
    assert not contest_clock(status)[1], "it never rests for a delay of the shop"
    await pipeline.lapse(case.rma_id, 72 * HOUR - 2 * MINUTE)
    too_much = keep(5_000)
    with pytest.raises(InvalidAction, match="cannot be above"):
        await case.act(Action.COUNTER_OFFER, AGENT, offer_number=2, terms=too_much)
    await case.act(Action.COUNTER_OFFER, AGENT, offer_number=2, terms=keep(2_500))
    await case.act(Action.COUNTER_OFFER, offer_number=3, terms=keep(2_800))
    await pipeline.lapse(case.rma_id, HOUR)
    await pipeline.until(case.rma_id, lambda status: contest_clock(status)[0] is ClockState.BREACHED)
    await case.act(Action.ACCEPT_OFFER, AGENT, offer_number=4)
    await case.ended([4_999, 2_800], settled=2)


async def test_a_verdict_and_an_acceptance_end_the_talks(pipeline: Pipeline) -> None:
    case = await disputed(pipeline)
    await offered(case)
    await case.act(Action.CONTEST, note="they were never worn")
    await case.act(Action.COUNTER_OFFER, offer_number=1, terms=keep(3_000))
    await pipeline.until(case.rma_id, lambda status: status.needs == Role.SUPERVISOR)
    await case.act(Action.DECIDE_CONTEST, Role.SUPERVISOR, note="They were worn.")
    await case.ended([4_999], settled=2)
    assert states(await pipeline.returns.status(case.rma_id)) == [OfferState.COUNTERED, OfferState.LAPSED]
    case = await disputed(pipeline)
    await offered(case)
    await case.act(Action.ACCEPT_RESULT)
    await case.ended([4_999], settled=2)
    assert states(await pipeline.returns.status(case.rma_id)) == [OfferState.LAPSED]


async def test_what_makes_no_sense_after_an_inspection_is_refused_by_name(pipeline: Pipeline) -> None:
    case = await disputed(pipeline)
    await pipeline.settled(case.rma_id)
    before = await pipeline.returns.status(case.rma_id)
    refused: list[tuple[dict[str, Any], str, str]] = [
        (terms(), "terms.remedy", "A return_and_refund cannot be offered .* Possible: price_compensation, "),
        (terms(remedy="exchange", item_ids=["SHIRT-M"]), "terms.remedy", "A exchange cannot be offered"),
        (keep(5_000), "terms.amount_minor", "were paid 4999 CNY"),
        (keep() | {"item_ids": ["SHIRT-M"]}, "terms.item_ids", "nothing is sent"),
    ]
    for proposed, field, words in refused:
        with pytest.raises(InvalidAction, match=words) as error:
            await case.act(Action.MAKE_OFFER, AGENT, terms=proposed)
        assert error.value.field == field
    with pytest.raises(AboveAuthority, match=r"may grant CN¥30\.00") as above:
        await act(pipeline, case.rma_id, Action.MAKE_OFFER, somebody(Role.AGENT_TIER_1), terms=keep(3_001))
    assert above.value.field == "terms.amount_minor"
    assert await pipeline.returns.status(case.rma_id) == before
    await case.act(Action.CONTEST, note="they were never worn")
    await case.act(Action.REQUEST_EXPERT, Role.SUPERVISOR, note="look")
    with pytest.raises(ActionNotAllowed):
        await case.act(Action.MAKE_OFFER, AGENT, terms=keep())
    await case.act(Action.EXPERT_OPINION, AGENT, finding="misuse", note="washed hot")
    with pytest.raises(InvalidAction, match="misuse"):
        await case.act(Action.MAKE_OFFER, AGENT, terms=keep(0, "store_credit"))
    await case.act(Action.MAKE_OFFER, AGENT, terms=keep())


async def test_an_offer_is_about_one_parcel_and_leaves_the_other_alone(pipeline: Pipeline) -> None:
    rma_id = await two_parcels(pipeline)
    torn = {"line_id": "SHIRT-M", "quantity": 1, "verdict": "rejected", "grade": "C", "note": "torn"}
    for parcel in (1, 2):
        await delivered(pipeline, rma_id, parcel)
    for parcel in (1, 2):
        await inspected(pipeline, rma_id, torn, parcel=parcel)
    await pipeline.until(rma_id, lambda status: all(p.inspection == "REJECTED" for p in status.parcels))
    with pytest.raises(InvalidAction, match="name one of them") as refused:
        await pipeline.act(rma_id, Action.MAKE_OFFER, AGENT, terms=keep())
    assert refused.value.field == "parcel"
    with pytest.raises(InvalidAction, match="were paid 10000"):
        await pipeline.act(rma_id, Action.MAKE_OFFER, AGENT, parcel=2, terms=keep(10_001))
    await pipeline.act(rma_id, Action.MAKE_OFFER, AGENT, parcel=2, terms=keep())
    with pytest.raises(ActionNotAllowed):
        await pipeline.act(rma_id, Action.MAKE_OFFER, AGENT, parcel=1, terms=keep())
    await pipeline.act(rma_id, Action.ACCEPT_RESULT, Role.CUSTOMER, parcel=1)
    await pipeline.act(rma_id, Action.ACCEPT_OFFER, Role.CUSTOMER, offer_number=1)
    result = await pipeline.end(rma_id)
    assert (result.header, result.refunded_minor) == (Header.COMPLETED, 2_000)
    await pipeline.told(rma_id)
    (made,) = [
        message
        for message in await pipeline.books("messages", rma_id)
        if message["template"] == "offer_made" and message["channel"] == "in_app"
    ]
    assert "第 2 个包裹" in made["body"]


async def test_a_unit_that_is_accepted_later_is_paid_in_full(pipeline: Pipeline) -> None:
    rma_id = await two_parcels(pipeline)
    torn = {"line_id": "SHIRT-M", "quantity": 1, "verdict": "rejected", "grade": "C", "note": "torn"}
    for parcel in (1, 2):
        await delivered(pipeline, rma_id, parcel)
    await inspected(pipeline, rma_id, torn, parcel=1)
    await pipeline.act(rma_id, Action.MAKE_OFFER, AGENT, terms=keep())
    await pipeline.act(rma_id, Action.ACCEPT_OFFER, Role.CUSTOMER, offer_number=1)
    await pipeline.settled(rma_id)
    await inspected(pipeline, rma_id, accepted(1), parcel=2)
    assert (await pipeline.end(rma_id)).refunded_minor == 12_000


async def test_a_trade_in_is_only_made_good_by_a_coupon(pipeline: Pipeline) -> None:
    old = line("FRIDGE", 1, 150_000, product_id="P-FRIDGE", category="appliances")
    order = await pipeline.order(lines=[old], delivered_at="2020-01-01T00:00:00Z")
    broken = found(1, False) | {"line_id": "FRIDGE"}
    asked = [{"line_id": "FRIDGE", "quantity": 1, "condition": "used"}]
    rma_id = await pipeline.inspected(order, broken, desired_resolution="trade_in", lines=asked)
    await pipeline.until(rma_id, lambda status: Action.MAKE_OFFER in status.allowed_actions)
    with pytest.raises(InvalidAction, match=r"of this trade_in. Possible: coupon_compensation\."):
        await pipeline.act(rma_id, Action.MAKE_OFFER, AGENT, terms=keep())
    await pipeline.act(rma_id, Action.MAKE_OFFER, AGENT, terms=keep(1_000, "coupon_compensation"))
    await pipeline.act(rma_id, Action.ACCEPT_OFFER, Role.CUSTOMER, offer_number=1)
    assert (await pipeline.end(rma_id)).refunded_minor == 0
    assert len(await pipeline.books("coupons", rma_id)) == 1


async def test_a_compensation_goes_back_to_how_they_paid_where_the_rest_is_store_credit(
    pipeline: Pipeline,
) -> None:
    asked: dict[str, Any] = {"desired_resolution": "store_credit", "lines": TWO}
    order = await pipeline.order(lines=[line(quantity=2)])
    rma_id = (await pipeline.apply(order, **asked)).rma_id
    await pipeline.to_the_warehouse(rma_id)
    await pipeline.inspect(rma_id, found(1, True), found(1, False))
    case = Disputed(pipeline, order, rma_id)
    await offered(case, keep(1_000))
    await case.act(Action.ACCEPT_OFFER, offer_number=1)
    await pipeline.end(rma_id)
    credit = await account(pipeline, order)
    card = order["payments"][0]["payment_method_id"]
    assert await paid_to(pipeline, rma_id, order) == {credit["account_id"]: 10_000, card: 1_000}


async def test_an_offer_whose_clock_is_paused_may_be_answered_until_that_is_due(pipeline: Pipeline) -> None:
    case, late = await disputed(pipeline), await disputed(pipeline)
    for each in (case, late):
        await offered(each)
        until = await pipeline.now(each.rma_id) + 10 * 24 * HOUR
        await each.act(Action.PAUSE_CLOCKS, Role.SUPERVISOR, cause="strike", note="a strike", until=until)
        await pipeline.lapse(each.rma_id, 100 * HOUR)
    (offer,) = (await pipeline.returns.status(case.rma_id)).offers
    assert 13 * 24 * HOUR - MINUTE < offer.expires_at - offer.proposed_at <= 13 * 24 * HOUR
    await case.act(Action.ACCEPT_OFFER, offer_number=1)
    await late.act(Action.RESUME_CLOCKS, Role.SUPERVISOR, note="over")
    (offer,) = (await pipeline.returns.status(late.rma_id)).offers
    assert 172 * HOUR - MINUTE < offer.expires_at - offer.proposed_at < 172 * HOUR + MINUTE
    await pipeline.lapse(late.rma_id, 73 * HOUR)
    assert states(await pipeline.returns.status(late.rma_id)) == [OfferState.LAPSED]
    await case.ended([4_999, 2_000], settled=2)


async def test_a_compensation_is_set_against_what_was_paid_in_advance(pipeline: Pipeline) -> None:
    case = await advanced(pipeline, 2)
    await case.found(found(1, True), found(1, False))
    await case.until_allowed(Action.MAKE_OFFER)
    with pytest.raises(InvalidAction, match="Possible: price_compensation, coupon_compensation"):
        await case.act(Action.MAKE_OFFER, AGENT, terms=keep(0, "store_credit"))
    await case.act(Action.MAKE_OFFER, AGENT, terms=keep())
    await case.act(Action.ACCEPT_OFFER, Role.CUSTOMER, offer_number=1)
    await case.until_allowed(Action.APPEAL_RECOVERY)
    await pipeline.lapse(case.rma_id, 8 * 24 * HOUR)
    result = await pipeline.end(case.rma_id)
    assert (result.refunded_minor, result.charged_minor) == (20_000, 8_000)


async def test_a_compensation_is_within_what_an_earlier_one_left_of_the_line(pipeline: Pipeline) -> None:
    """The shirt was rejected, kept for a compensation and sent in once more: most of its price is paid back."""
    order = await pipeline.order()
    torn = {"line_id": "SHIRT-M", "quantity": 1, "verdict": "rejected", "grade": "C", "note": "torn"}
    first = await pipeline.inspected(order, torn)
    await pipeline.until(first, lambda status: Action.MAKE_OFFER in status.allowed_actions)
    await pipeline.act(first, Action.MAKE_OFFER, AGENT, terms=keep(6_000))
    await pipeline.act(first, Action.ACCEPT_OFFER, Role.CUSTOMER, offer_number=1)
    await pipeline.end(first)
    second = await pipeline.inspected(order, torn)
    await pipeline.until(second, lambda status: Action.MAKE_OFFER in status.allowed_actions)
    with pytest.raises(InvalidAction, match="SHIRT-M has 4000 CNY") as refused:
        await pipeline.act(second, Action.MAKE_OFFER, AGENT, terms=keep(4_001))
    assert refused.value.field == "terms.amount_minor"
    await pipeline.act(second, Action.MAKE_OFFER, AGENT, terms=keep(1_000))
    with pytest.raises(InvalidAction, match="SHIRT-M has 4000 CNY"):
        await pipeline.act(second, Action.COUNTER_OFFER, Role.CUSTOMER, offer_number=1, terms=keep(4_001))
    await pipeline.act(second, Action.COUNTER_OFFER, Role.CUSTOMER, offer_number=1, terms=keep(4_000))
    await pipeline.act(second, Action.ACCEPT_OFFER, AGENT, offer_number=2)
    assert (await pipeline.end(second)).refunded_minor == 4_000
    assert (await pipeline.balance(order["order_id"])).refunded_minor == 10_000
