"""Store credit and trade-in: what goes to the customer's account with the shop, and what beside it."""

from typing import Any

import pytest

from domain.actions import Action, Role
from domain.refusals import RefusalCode
from domain.status import Approval, Header, Logistics
from starters.errors import InvalidAction
from testkit.pipeline import Pipeline, line
from tests.workflow.payouts import MINUTE, paid_to
from tests.workflow.test_agreement import terms

OLD = {"line_id": "FRIDGE", "quantity": 2, "condition": "used"}
ACCEPTED = {"line_id": "FRIDGE", "quantity": 1, "verdict": "accepted", "grade": "B"}
REJECTED = {"line_id": "FRIDGE", "quantity": 1, "verdict": "rejected", "grade": "D", "note": "no compressor"}


async def fridges(pipeline: Pipeline, **changes: Any) -> dict[str, Any]:
    old = line("FRIDGE", 2, 150_000, product_id="P-FRIDGE", category="appliances")
    return await pipeline.order(**{"lines": [old], "delivered_at": "2020-01-01T00:00:00Z"} | changes)


async def account(pipeline: Pipeline, order: dict[str, Any]) -> dict[str, Any]:
    """The customer's store credit as the service has it."""
    asked = {"customer_id": order["customer_id"], "currency": order["currency"]}
    answer = (await pipeline.sandbox.get("/store-credit/accounts", params=asked)).raise_for_status()
    (found,) = answer.json()["accounts"]
    return dict(found)


async def granted(pipeline: Pipeline, rma_id: str) -> dict[str, int]:
    """What was granted for a return, by key."""
    entries = await pipeline.books("store_credit", rma_id)
    grants = [entry for entry in entries if entry["kind"] == "grant"]
    amounts = {entry["reference"]: int(entry["amount_minor"]) for entry in grants}
    assert len(amounts) == len(grants), "granted twice"
    return amounts


async def test_the_refund_goes_to_the_account_and_the_bonus_beside_it(pipeline: Pipeline) -> None:
    order = await pipeline.order()
    rma_id = await pipeline.inspected(order, desired_resolution="store_credit")
    result = await pipeline.end(rma_id)
    assert (result.header, result.refunded_minor) == (Header.COMPLETED, 10_000)
    credit = await account(pipeline, order)
    assert credit["balance_minor"] == 10_300
    assert await paid_to(pipeline, rma_id, order) == {credit["account_id"]: 10_000}
    assert await granted(pipeline, rma_id) == {f"{rma_id}-bonus-1": 300}
    balance = await pipeline.balance(order["order_id"])
    assert (balance.refunded_minor, balance.lines[0].settled) == (10_000, 1)
    status = await pipeline.returns.status(rma_id)
    assert [(each.amount_minor, bool(each.grant_id)) for each in status.credits] == [(300, True)]
    assert (await pipeline.told(rma_id))[-2:] == ["store_credit_paid", "store_credit_bonus"]


async def test_a_currency_without_a_bonus_has_none(pipeline: Pipeline) -> None:
    order = await pipeline.order(currency="USD")
    rma_id = await pipeline.inspected(order, desired_resolution="store_credit")
    await pipeline.end(rma_id)
    assert (await account(pipeline, order))["balance_minor"] == 10_000
    assert await granted(pipeline, rma_id) == {}


@pytest.mark.parametrize("kind", ["lost_response", "error_after", "error_before", "too_busy"])
@pytest.mark.parametrize("target", ["store_credit.account", "payments.refund", "store_credit.grant"])
async def test_credit_whose_answer_is_lost_is_given_once(pipeline: Pipeline, target: str, kind: str) -> None:
    order = await pipeline.order()
    rma_id = (await pipeline.apply(order, desired_resolution="store_credit")).rma_id
    match = {
        "store_credit.account": {"customer_id": order["customer_id"]},
        "payments.refund": {"rma_id": rma_id},
        "store_credit.grant": {"rma_id": rma_id},
    }[target]
    await pipeline.fault(target=target, kind=kind, times=2, match=match)
    await pipeline.to_the_warehouse(rma_id)
    await pipeline.inspect(rma_id)
    await pipeline.lapse(rma_id, MINUTE)
    await pipeline.end(rma_id)
    assert (await account(pipeline, order))["balance_minor"] == 10_300
    assert await granted(pipeline, rma_id) == {f"{rma_id}-bonus-1": 300}


async def test_a_parcel_lost_on_the_way_to_store_credit_is_paid_there(pipeline: Pipeline) -> None:
    order = await pipeline.order()
    rma_id = (await pipeline.apply(order, desired_resolution="store_credit")).rma_id
    await pipeline.until(rma_id, lambda status: status.logistics is Logistics.PICKUP_BOOKED)
    await pipeline.scan(rma_id, "picked_up")
    await pipeline.scan(rma_id, "lost")
    await pipeline.end(rma_id)
    assert (await account(pipeline, order))["balance_minor"] == 10_300


async def test_what_is_rejected_earns_no_credit(pipeline: Pipeline) -> None:
    order = await pipeline.order()
    worn = {"line_id": "SHIRT-M", "quantity": 1, "verdict": "rejected", "grade": "D", "note": "worn"}
    rma_id = await pipeline.inspected(order, worn, desired_resolution="store_credit")
    await pipeline.act(rma_id, Action.ACCEPT_RESULT, Role.CUSTOMER)
    await pipeline.end(rma_id)
    assert await pipeline.books("store_credit", rma_id) == []
    assert pipeline.ledger.order_balance(order["order_id"]).lines[0].held == 0


async def test_an_old_appliance_is_taken_at_the_offer_and_is_no_refund(pipeline: Pipeline) -> None:
    order = await fridges(pipeline)
    decision = await pipeline.apply(order, desired_resolution="trade_in", lines=[OLD])
    assert (decision.approval, decision.reasons) == (Approval.APPROVED, ("trade_in_offered",))
    rma_id = decision.rma_id
    await pipeline.to_the_warehouse(rma_id)
    await pipeline.inspect(rma_id)
    assert (await pipeline.end(rma_id)).refunded_minor == 0
    assert (await account(pipeline, order))["balance_minor"] == 40_000
    assert await granted(pipeline, rma_id) == {f"{rma_id}-trade-in-1": 40_000}
    assert "trade_in_paid" in await pipeline.told(rma_id)
    status = await pipeline.returns.status(rma_id)
    assert status.money_settled
    again = await pipeline.apply(order, lines=[OLD])
    assert again.refusal is not None
    assert again.refusal.code is RefusalCode.UNITS_ALREADY_CLAIMED
    assert (await pipeline.balance(order["order_id"])).refunded_minor == 0


async def test_the_accepted_part_of_a_trade_in_is_paid_its_share(pipeline: Pipeline) -> None:
    order = await fridges(pipeline)
    rma_id = await pipeline.inspected(order, ACCEPTED, REJECTED, desired_resolution="trade_in", lines=[OLD])
    await pipeline.until(rma_id, lambda status: "contest" in status.allowed_actions)
    await pipeline.act(rma_id, Action.CONTEST, Role.CUSTOMER, note="it ran when it left")
    taken = [{"line_id": "FRIDGE", "quantity": 1}]
    await pipeline.act(rma_id, Action.DECIDE_CONTEST, Role.SUPERVISOR, note="so it did", accepted=taken)
    await pipeline.end(rma_id)
    assert await granted(pipeline, rma_id) == {f"{rma_id}-trade-in-1": 20_000, f"{rma_id}-trade-in-2": 20_000}


@pytest.mark.parametrize("kind", ["lost_response", "error_after"])
async def test_a_trade_in_whose_answer_is_lost_is_paid_once(pipeline: Pipeline, kind: str) -> None:
    order = await fridges(pipeline)
    rma_id = (await pipeline.apply(order, desired_resolution="trade_in", lines=[OLD])).rma_id
    await pipeline.fault(target="store_credit.grant", kind=kind, times=2, match={"rma_id": rma_id})
    await pipeline.to_the_warehouse(rma_id)
    await pipeline.inspect(rma_id)
    await pipeline.lapse(rma_id, MINUTE)
    await pipeline.end(rma_id)
    assert (await account(pipeline, order))["balance_minor"] == 40_000


async def test_goods_without_an_offer_are_traded_in_by_agreement(pipeline: Pipeline) -> None:
    order = await pipeline.order()
    decision = await pipeline.apply(order, desired_resolution="trade_in")
    assert (decision.approval, decision.reasons) == (Approval.MANUAL_REVIEW, ("remedy_needs_a_person",))
    rma_id = decision.rma_id
    with pytest.raises(InvalidAction, match="make_offer"):
        await pipeline.act(rma_id, Action.REVIEW, Role.SUPERVISOR, approve=True, note="fine")
    offer = terms(remedy="trade_in", amount_minor=3_000)
    await pipeline.act(rma_id, Action.MAKE_OFFER, Role.AGENT_TIER_2, terms=offer)
    await pipeline.act(rma_id, Action.ACCEPT_OFFER, Role.CUSTOMER, offer_number=1)
    await pipeline.to_the_warehouse(rma_id)
    await pipeline.inspect(rma_id)
    await pipeline.end(rma_id)
    assert await granted(pipeline, rma_id) == {f"{rma_id}-trade-in-1": 3_000}


async def test_a_bonus_that_was_agreed_takes_the_place_of_the_policys(pipeline: Pipeline) -> None:
    order = await pipeline.order()
    used = [{"line_id": "SHIRT-M", "quantity": 1, "condition": "used"}]
    rma_id = (await pipeline.apply(order, lines=used)).rma_id
    offer = terms(remedy="store_credit", amount_minor=1_000)
    await pipeline.act(rma_id, Action.MAKE_OFFER, Role.AGENT_TIER_2, terms=offer)
    await pipeline.act(rma_id, Action.ACCEPT_OFFER, Role.CUSTOMER, offer_number=1)
    await pipeline.to_the_warehouse(rma_id)
    await pipeline.inspect(rma_id)
    await pipeline.end(rma_id)
    assert (await account(pipeline, order))["balance_minor"] == 11_000
    assert await granted(pipeline, rma_id) == {f"{rma_id}-bonus-1": 1_000}


async def test_a_trade_in_is_paid_as_agreed_or_not_at_all(pipeline: Pipeline) -> None:
    order = await fridges(pipeline)
    rma_id = (await pipeline.apply(order, desired_resolution="trade_in", lines=[OLD])).rma_id
    await pipeline.to_the_warehouse(rma_id)
    scratched = ACCEPTED | {
        "deduction_bps": 500,
        "checks": [{"code": "scratches", "passed": False, "photos": ["media/scratch.jpg"]}],
    }
    with pytest.raises(InvalidAction, match="no deduction"):
        await pipeline.inspect(rma_id, scratched)
