"""What is owed: partial returns, deductions, shipping, currencies, ceilings."""

import pytest

from domain.actions import Action, Role
from domain.status import Header
from starters.errors import ActionNotAllowed, InvalidAction
from testkit.pipeline import Pipeline, line
from tests.workflow.payouts import MINUTE, PHOTO, exactly_once, means, paid_to, shipped_back, with_means


@pytest.mark.parametrize("splits", [(1, 1, 1), (2, 1), (1, 2), (3,)])
async def test_partial_returns_sum_to_what_was_paid(pipeline: Pipeline, splits: tuple[int, ...]) -> None:
    paid = 999
    order = await pipeline.order(lines=[line(quantity=3, unit_price_minor=1_000, discount_minor=2_001)])
    refunded = []
    for quantity in splits:
        asked = {"line_id": "SHIRT-M", "quantity": quantity, "condition": "unopened"}
        rma_id = await pipeline.inspected(order, lines=[asked])
        refunded.append((await pipeline.end(rma_id)).refunded_minor)
    assert sum(refunded) == paid
    assert all(amount == paid * count // 3 for amount, count in zip(refunded, splits, strict=True))
    balance = await pipeline.balance(order["order_id"])
    assert (balance.refunded_minor, balance.lines[0].settled) == (paid, 3)


async def _accepted_by_the_customer(pipeline: Pipeline, rma_id: str) -> None:
    await pipeline.until(rma_id, lambda status: Action.ACCEPT_RESULT in status.allowed_actions)
    await pipeline.act(rma_id, Action.ACCEPT_RESULT, Role.CUSTOMER)


@pytest.mark.parametrize(("bps", "owed"), [(1500, 10_494), (1, 12_344), (9_999, 2)])
async def test_diminished_value_is_taken_off(pipeline: Pipeline, bps: int, owed: int) -> None:
    order = await pipeline.order(lines=[line(unit_price_minor=12_345)])
    found = {
        "line_id": "SHIRT-M",
        "quantity": 1,
        "verdict": "accepted",
        "grade": "C",
        "deduction_bps": bps,
        "checks": [{"code": "scratches", "passed": False, "photos": ["media/scratch.jpg"]}],
    }
    rma_id = await pipeline.inspected(order, found)
    await _accepted_by_the_customer(pipeline, rma_id)
    assert (await pipeline.end(rma_id)).refunded_minor == owed
    await exactly_once(pipeline, rma_id, order, owed)


async def test_goods_without_any_value_left_end_without_a_refund(pipeline: Pipeline) -> None:
    order = await pipeline.order()
    found = {
        "line_id": "SHIRT-M",
        "quantity": 1,
        "verdict": "accepted",
        "grade": "D",
        "deduction_bps": 10_000,
        "checks": [{"code": "torn", "passed": False, "photos": ["media/torn.jpg"]}],
    }
    rma_id = await pipeline.inspected(order, found)
    await _accepted_by_the_customer(pipeline, rma_id)
    result = await pipeline.end(rma_id)
    assert (result.header, result.refunded_minor) == (Header.COMPLETED, 0)
    assert await pipeline.books("refunds", rma_id) == []
    assert (await pipeline.returns.status(rma_id)).money_settled


async def test_a_free_gift_comes_back_for_nothing(pipeline: Pipeline) -> None:
    order = await pipeline.order(lines=[line(), line("STICKER", unit_price_minor=0, product_id="P-STICKER")])
    asked = [{"line_id": "STICKER", "quantity": 1, "condition": "unopened"}]
    rma_id = await pipeline.inspected(order, lines=asked)
    assert (await pipeline.end(rma_id)).refunded_minor == 0


async def test_a_cancelled_order_goes_back_to_every_payment(pipeline: Pipeline) -> None:
    order = await with_means(
        pipeline,
        {"CARD": 7_500, "OTHER": 3_300},
        status="pending",
        shipping_minor=800,
    )
    decision = await pipeline.apply(order, desired_resolution="cancel_order", lines=[])
    result = await pipeline.end(decision.rma_id)
    assert (result.header, result.refunded_minor) == (Header.COMPLETED, 10_800)
    assert await paid_to(pipeline, decision.rma_id, order) == {
        means(order, "CARD"): 7_500,
        means(order, "OTHER"): 3_300,
    }
    ending = await pipeline.ending(decision.rma_id, order["order_id"])
    assert (ending.fulfilment_stopped, ending.pickups_booked) == (True, 0)
    balance = await pipeline.balance(order["order_id"])
    assert balance.refunded_minor == balance.captured_minor
    again = await pipeline.apply(order, desired_resolution="cancel_order", lines=[])
    assert again.refusal is not None


async def test_a_cancellation_at_an_order_system_that_loses_its_answer_is_one(pipeline: Pipeline) -> None:
    order = await pipeline.order(status="pending")
    match = {"order_id": order["order_id"]}
    for kind in ("lost_response", "error_after"):
        await pipeline.fault(target="orders.cancel_fulfilment", kind=kind, match=match)
    rma_id, deciding = await pipeline.begin(order, desired_resolution="cancel_order", lines=[])
    await pipeline.lapse(rma_id, MINUTE)
    await deciding
    await pipeline.end(rma_id)
    await exactly_once(pipeline, rma_id, order, 10_000)


async def test_outbound_shipping_is_paid_back_once_for_an_order(pipeline: Pipeline) -> None:
    order = await pipeline.order(
        lines=[line(), line("SOCKS", unit_price_minor=2_000, product_id="P-SOCKS")], shipping_minor=1_200
    )
    refunded = []
    for line_id in ("SHIRT-M", "SOCKS"):
        asked = [
            {
                "line_id": line_id,
                "quantity": 1,
                "reason": "quality_defect",
                "condition": "opened",
                "evidence": [PHOTO],
            }
        ]
        rma_id = (await pipeline.apply(order, lines=asked)).rma_id
        await pipeline.act(rma_id, Action.REVIEW, Role.AGENT_TIER_2, approve=True, note="torn")
        await pipeline.to_the_warehouse(rma_id)
        await pipeline.inspect(rma_id)
        refunded.append((await pipeline.end(rma_id)).refunded_minor)
    assert refunded == [11_200, 2_000]
    balance = await pipeline.balance(order["order_id"])
    assert (balance.refunded_minor, balance.shipping_granted_minor) == (13_200, 1_200)


async def test_a_customer_who_changed_their_mind_keeps_paying_for_the_outbound_shipping(
    pipeline: Pipeline,
) -> None:
    order = await pipeline.order(shipping_minor=1_200)
    rma_id = await pipeline.inspected(order)
    assert (await pipeline.end(rma_id)).refunded_minor == 10_000


async def test_a_reviewer_who_finds_the_shop_liable_pays_the_outbound_shipping(pipeline: Pipeline) -> None:
    order = await pipeline.order(shipping_minor=1_200)
    asked = [{"line_id": "SHIRT-M", "quantity": 1, "condition": "used"}]
    rma_id = (await pipeline.apply(order, lines=asked)).rma_id
    with pytest.raises(InvalidAction):
        await pipeline.act(
            rma_id, Action.REVIEW, Role.SUPERVISOR, approve=True, note="x", liability={"HAT": "merchant"}
        )
    await pipeline.act(
        rma_id,
        Action.REVIEW,
        Role.SUPERVISOR,
        approve=True,
        note="we sent the wrong size",
        liability={"SHIRT-M": "merchant"},
    )
    await pipeline.to_the_warehouse(rma_id)
    await pipeline.inspect(rma_id)
    assert (await pipeline.end(rma_id)).refunded_minor == 11_200


async def test_a_rejected_fault_does_not_pay_the_outbound_shipping(pipeline: Pipeline) -> None:
    """One line was returned without a reason and is accepted; the fault of the other was not found."""
    order = await pipeline.order(
        lines=[line(), line("SOCKS", unit_price_minor=2_000, product_id="P-SOCKS")], shipping_minor=1_200
    )
    asked = [
        {"line_id": "SHIRT-M", "quantity": 1, "condition": "unopened"},
        {
            "line_id": "SOCKS",
            "quantity": 1,
            "reason": "quality_defect",
            "condition": "opened",
            "evidence": [PHOTO],
        },
    ]
    rma_id = (await pipeline.apply(order, lines=asked)).rma_id
    await pipeline.act(rma_id, Action.REVIEW, Role.AGENT_TIER_2, approve=True, note="let us see")
    await pipeline.to_the_warehouse(rma_id)
    await pipeline.inspect(
        rma_id,
        {"line_id": "SHIRT-M", "quantity": 1, "verdict": "accepted", "grade": "A"},
        {"line_id": "SOCKS", "quantity": 1, "verdict": "rejected", "grade": "D", "note": "no fault, worn"},
    )
    await pipeline.settled(rma_id)
    await pipeline.act(rma_id, Action.ACCEPT_RESULT, Role.CUSTOMER)
    assert (await pipeline.end(rma_id)).refunded_minor == 10_000


@pytest.mark.parametrize(("currency", "price"), [("JPY", 6_801), ("USD", 10_001), ("KWD", 12_345)])
async def test_the_refund_is_in_the_currency_of_the_order(pipeline: Pipeline, currency: str, price: int) -> None:
    order = await pipeline.order(currency=currency, lines=[line(unit_price_minor=price)], shipping_minor=0)
    rma_id = await pipeline.inspected(order)
    result = await pipeline.end(rma_id)
    assert (result.refunded_minor, result.currency) == (price, currency)
    (refund,) = (await pipeline.ending(rma_id, order["order_id"])).refunds
    assert (refund.amount_minor, refund.currency) == (price, currency)


async def test_what_was_paid_back_before_is_not_paid_again(pipeline: Pipeline) -> None:
    """The order system paid a part back before; the return of the whole is held to what is left."""
    order = await pipeline.order()
    card = order["payments"][0]["payment_method_id"]
    order = await pipeline.order(
        customer_id=order["customer_id"],
        payment_methods=[{"id": card, "source": "credit_card"}],
        payments=[
            {"kind": "payment", "amount_minor": 10_000, "payment_method_id": card},
            {"kind": "refund", "amount_minor": 4_000, "payment_method_id": card},
        ],
    )
    rma_id = await shipped_back(pipeline, order)
    await pipeline.inspect(rma_id)
    await pipeline.until(rma_id, lambda status: status.needs == Role.SUPERVISOR or status.is_final)
    assert await pipeline.books("refunds", rma_id) == []
    assert await pipeline.messages(rma_id, 1, "staff_alert") == ["staff_ledger_refused"]


async def test_a_means_of_payment_is_not_chosen_before_one_is_declined(pipeline: Pipeline) -> None:
    order = await with_means(pipeline, {"CARD": 10_000})
    rma_id = await shipped_back(pipeline, order)
    with pytest.raises(ActionNotAllowed):
        await pipeline.act(rma_id, Action.CHOOSE_PAYMENT_METHOD, Role.CUSTOMER, method_id=means(order, "GIFT"))
