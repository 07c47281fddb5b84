"""An application: facts that are wrong, units that are taken, requests that are repeated."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from domain.actions import Action, Role
from domain.refusals import RefusalCode
from domain.status import Approval, Header
from ledger.errors import OrderNotFound
from starters.errors import RequestIdReused
from testkit.pipeline import Pipeline, line, variant
from tests.workflow.reviews import USED, held

Wrong = tuple[dict[str, Any], dict[str, Any]]


async def unknown_order(pipeline: Pipeline) -> Wrong:
    return await pipeline.order(), {"order_id": "O-NOWHERE"}


async def order_of_somebody_else(pipeline: Pipeline) -> Wrong:
    return await pipeline.order(), {"customer_id": "C-STRANGER"}


async def currency_without_amounts(pipeline: Pipeline) -> Wrong:
    return await pipeline.order(currency="GBP"), {}


async def order_on_its_way(pipeline: Pipeline) -> Wrong:
    return await pipeline.order(status="processed"), {}


async def return_of_an_unshipped_order(pipeline: Pipeline) -> Wrong:
    return await pipeline.order(status="pending"), {}


async def cancellation_of_a_shipped_order(pipeline: Pipeline) -> Wrong:
    return await pipeline.order(status="processed"), {"desired_resolution": "cancel_order", "lines": []}


async def unknown_line(pipeline: Pipeline) -> Wrong:
    return await pipeline.order(), {"lines": [{"line_id": "HAT", "quantity": 1, "condition": "unopened"}]}


async def too_many_units(pipeline: Pipeline) -> Wrong:
    return await pipeline.order(), {"lines": [{"line_id": "SHIRT-M", "quantity": 2, "condition": "unopened"}]}


async def means_of_somebody_else(pipeline: Pipeline) -> Wrong:
    return await pipeline.order(), {"payment_method_id": "CARD-STRANGER"}


async def another_card_of_the_customer(pipeline: Pipeline) -> Wrong:
    order = await pipeline.order()
    cards = [order["payments"][0]["payment_method_id"], f"CARD-NEW-{order['order_id']}"]
    order = await pipeline.order(payment_methods=[{"id": card, "source": "credit_card"} for card in cards])
    return order, {"payment_method_id": cards[1]}


async def fewer_replacements_than_units(pipeline: Pipeline) -> Wrong:
    order = await pipeline.order(lines=[line(quantity=2)])
    await pipeline.product(variant("SHIRT-L"))
    return order, exchange_for("SHIRT-L", quantity=2)


async def unknown_replacement(pipeline: Pipeline) -> Wrong:
    return await pipeline.order(), exchange_for("SHIRT-XXXL")


async def replacement_of_another_product(pipeline: Pipeline) -> Wrong:
    await pipeline.product(variant("MUG-BLUE"), product_id="P-MUG")
    return await pipeline.order(), exchange_for("MUG-BLUE")


async def replacement_out_of_stock(pipeline: Pipeline) -> Wrong:
    await pipeline.product(variant("SHIRT-GONE", stock=0))
    return await pipeline.order(), exchange_for("SHIRT-GONE")


async def gift_card_without_cover(pipeline: Pipeline) -> Wrong:
    await pipeline.product(variant("SHIRT-SILK", 15_000))
    order = await pipeline.order()
    card, gift = order["payments"][0]["payment_method_id"], f"GIFT-{order['order_id']}"
    methods = [
        {"id": card, "source": "credit_card"},
        {"id": gift, "source": "gift_card", "balance_minor": 4_999},
    ]
    return await pipeline.order(payment_methods=methods), exchange_for("SHIRT-SILK", payment_method_id=gift)


def exchange_for(item_id: str, quantity: int = 1, **more: Any) -> dict[str, Any]:
    asked = {"line_id": "SHIRT-M", "quantity": quantity, "condition": "unopened"}
    return {
        "desired_resolution": "exchange",
        "lines": [asked | {"replacement_item_ids": [item_id]}],
    } | more


@pytest.mark.parametrize(
    ("code", "wrong"),
    [
        (RefusalCode.ORDER_NOT_FOUND, unknown_order),
        (RefusalCode.CUSTOMER_MISMATCH, order_of_somebody_else),
        (RefusalCode.CURRENCY_NOT_SUPPORTED, currency_without_amounts),
        (RefusalCode.ORDER_NOT_DELIVERED, order_on_its_way),
        (RefusalCode.ORDER_NOT_DELIVERED, return_of_an_unshipped_order),
        (RefusalCode.ORDER_NOT_PENDING, cancellation_of_a_shipped_order),
        (RefusalCode.ITEM_NOT_IN_ORDER, unknown_line),
        (RefusalCode.ITEM_NOT_IN_ORDER, too_many_units),
        (RefusalCode.PAYMENT_METHOD_UNKNOWN, means_of_somebody_else),
        (RefusalCode.REFUND_METHOD_NOT_ALLOWED, another_card_of_the_customer),
        (RefusalCode.ITEM_COUNT_MISMATCH, fewer_replacements_than_units),
        (RefusalCode.REPLACEMENT_UNAVAILABLE, unknown_replacement),
        (RefusalCode.REPLACEMENT_UNAVAILABLE, replacement_of_another_product),
        (RefusalCode.REPLACEMENT_UNAVAILABLE, replacement_out_of_stock),
        (RefusalCode.GIFT_CARD_BALANCE_TOO_LOW, gift_card_without_cover),
    ],
    ids=lambda part: getattr(part, "__name__", None),
)
async def test_what_is_wrong_in_fact_is_refused_and_holds_nothing(
    pipeline: Pipeline, code: RefusalCode, wrong: Callable[[Pipeline], Awaitable[Wrong]]
) -> None:
    order, changes = await wrong(pipeline)
    decision = await pipeline.apply(order, **changes)
    assert decision.approval is Approval.REFUSED
    assert decision.refusal is not None
    assert decision.refusal.code is code
    assert decision.refusal.field
    assert decision.refusal.detail
    result = await pipeline.end(decision.rma_id)
    assert result.header is Header.REFUSED
    status = await pipeline.returns.status(decision.rma_id)
    assert (status.is_final, status.money_settled, status.allowed_actions) == (True, True, ())
    asked_for = str(changes.get("order_id", order["order_id"]))
    assert pipeline.ledger.open_returns(asked_for) == []
    with pytest.raises(OrderNotFound):
        pipeline.ledger.order_balance(asked_for)
    ending = await pipeline.ending(decision.rma_id, asked_for)
    assert (ending.refunds, ending.charges, ending.pickups_booked) == ((), (), 0)
    assert await pipeline.books("holds", decision.rma_id) == []


async def test_units_in_another_return_are_refused(pipeline: Pipeline) -> None:
    order = await pipeline.order(lines=[line(quantity=2)])
    first = await pipeline.apply(order)
    both = {"line_id": "SHIRT-M", "quantity": 2, "condition": "unopened"}
    second = await pipeline.apply(order, lines=[both])
    assert second.refusal is not None
    assert second.refusal.code is RefusalCode.UNITS_ALREADY_CLAIMED
    assert (await pipeline.end(second.rma_id)).header is Header.REFUSED
    assert pipeline.ledger.open_returns(order["order_id"]) == [first.rma_id]
    assert await held(pipeline, order) == [1]
    third = await pipeline.apply(order)
    assert third.approval is Approval.APPROVED
    assert await held(pipeline, order) == [2]


async def test_settled_units_cannot_be_returned_again(pipeline: Pipeline) -> None:
    order = await pipeline.order()
    rma_id = await pipeline.inspected(order)
    await pipeline.end(rma_id)
    again = await pipeline.apply(order)
    assert again.refusal is not None
    assert again.refusal.code is RefusalCode.UNITS_ALREADY_CLAIMED
    assert (await pipeline.balance(order["order_id"])).refunded_minor == 10_000


async def test_two_returns_of_one_unit_at_once_give_one(pipeline: Pipeline) -> None:
    order = await pipeline.order()
    with pipeline.skipper.with_time_skipping_disabled():
        decisions = await asyncio.gather(*(pipeline.apply(order) for _ in range(4)))
    accepted = [decision.rma_id for decision in decisions if decision.refusal is None]
    refused = [decision.refusal.code for decision in decisions if decision.refusal]
    assert refused == [RefusalCode.UNITS_ALREADY_CLAIMED] * 3
    assert pipeline.ledger.open_returns(order["order_id"]) == accepted
    assert await held(pipeline, order) == [1]


async def test_the_same_request_at_once_is_one_return(pipeline: Pipeline) -> None:
    order = await pipeline.order()
    with pipeline.skipper.with_time_skipping_disabled():
        decisions = await asyncio.gather(*(pipeline.apply(order, request_id="once") for _ in range(4)))
    assert len({decision.model_dump_json() for decision in decisions}) == 1
    assert decisions[0].approval is Approval.APPROVED
    assert pipeline.ledger.open_returns(order["order_id"]) == [decisions[0].rma_id]


async def test_a_repeated_request_gets_the_first_decision(pipeline: Pipeline) -> None:
    order = await pipeline.order()
    first = await pipeline.apply(order, request_id="again", lines=[USED])
    assert first.approval is Approval.MANUAL_REVIEW
    await pipeline.act(first.rma_id, Action.REVIEW, Role.AGENT_TIER_2, approve=True, note="fine")
    assert await pipeline.apply(order, request_id="again", lines=[USED]) == first
    with pytest.raises(RequestIdReused):
        await pipeline.apply(order, request_id="again")
    assert pipeline.ledger.open_returns(order["order_id"]) == [first.rma_id]


@pytest.mark.parametrize("refused", [False, True])
async def test_a_request_that_is_repeated_after_the_end_gets_the_decision_again(
    pipeline: Pipeline, refused: bool
) -> None:
    order = await pipeline.order()
    changes = {"customer_id": "C-STRANGER"} if refused else {}
    first = await pipeline.apply(order, request_id="late", **changes)
    if not refused:
        await pipeline.to_the_warehouse(first.rma_id)
        await pipeline.inspect(first.rma_id)
    await pipeline.end(first.rma_id)
    assert await pipeline.apply(order, request_id="late", **changes) == first
    with pytest.raises(RequestIdReused):
        await pipeline.apply(order, request_id="late", locale="en", **changes)


async def test_a_repeat_after_the_end_gets_the_first_decision_not_the_last_state(pipeline: Pipeline) -> None:
    order = await pipeline.order()
    first = await pipeline.apply(order, request_id="late", lines=[USED])
    await pipeline.act(first.rma_id, Action.CANCEL, Role.CUSTOMER)
    await pipeline.end(first.rma_id)
    assert await pipeline.apply(order, request_id="late", lines=[USED]) == first


async def test_the_sixth_application_on_a_line_is_refused(pipeline: Pipeline) -> None:
    order = await pipeline.order()
    for _ in range(5):
        decision = await pipeline.apply(order, lines=[USED])
        assert decision.approval is Approval.MANUAL_REVIEW
        await pipeline.act(decision.rma_id, Action.CANCEL, Role.CUSTOMER)
        await pipeline.end(decision.rma_id)
    sixth = await pipeline.apply(order)
    assert sixth.refusal is not None
    assert sixth.refusal.code is RefusalCode.TOO_MANY_APPLICATIONS
    assert pipeline.ledger.open_returns(order["order_id"]) == []
    assert await held(pipeline, order) == [0]
