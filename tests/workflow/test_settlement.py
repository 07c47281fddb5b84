"""Settlement: what is owed is paid exactly once, wherever it can be paid, whatever the provider does."""

from datetime import timedelta
from typing import Any

import pytest

from domain.actions import Action, Role
from domain.intents import IntentState
from domain.status import Header, Reimbursement
from starters.errors import ActionNotAllowed, InvalidAction
from tests.pipeline import Pipeline, line, outage

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
PHOTO = {"kind": "image", "reference": "media/seam.jpg"}


async def with_means(
    pipeline: Pipeline, payments: dict[str, int], gift: int = 0, **changes: Any
) -> dict[str, Any]:
    """An order paid by so much from each named card; the customer has a gift card as well, with a balance."""
    order = await pipeline.order()
    own = order["order_id"].removeprefix("O-")
    methods: list[dict[str, Any]] = [{"id": f"{name}-{own}", "source": "credit_card"} for name in payments]
    methods.append({"id": f"GIFT-{own}", "source": "gift_card", "balance_minor": gift})
    paid = [
        {"kind": "payment", "amount_minor": amount, "payment_method_id": f"{name}-{own}"}
        for name, amount in payments.items()
    ]
    return await pipeline.order(
        **{"customer_id": order["customer_id"], "payment_methods": methods, "payments": paid} | changes
    )


def means(order: dict[str, Any], name: str) -> str:
    """The id of a means of payment of `with_means`."""
    own = order["payments"][0]["payment_method_id"].split("-", 1)[1]
    return f"{name}-{own}"


async def paid_to(pipeline: Pipeline, rma_id: str, order: dict[str, Any]) -> dict[str, int]:
    """What the provider's books say was paid back, by means of payment."""
    paid: dict[str, int] = {}
    for refund in (await pipeline.ending(rma_id, order["order_id"])).refunds:
        paid[refund.method_id] = paid.get(refund.method_id, 0) + refund.amount_minor
    return paid


async def exactly_once(pipeline: Pipeline, rma_id: str, order: dict[str, Any], amount_minor: int) -> None:
    """One refund in the provider's books, and the same in the ledger."""
    succeeded = [entry for entry in await pipeline.books("refunds", rma_id) if entry["status"] == "succeeded"]
    assert [entry["amount_minor"] for entry in succeeded] == [amount_minor]
    assert (await pipeline.balance(order["order_id"])).refunded_minor == amount_minor


async def shipped_back(pipeline: Pipeline, order: dict[str, Any], **changes: Any) -> str:
    """A return whose parcel is at the warehouse."""
    rma_id = (await pipeline.apply(order, **changes)).rma_id
    await pipeline.to_the_warehouse(rma_id)
    return rma_id


@pytest.mark.parametrize(
    ("kind", "times"),
    [
        ("lost_response", 1),
        ("lost_response", 3),
        ("error_after", 1),
        ("error_before", 1),
        ("error_before", 3),
        ("too_busy", 1),
        ("pending", 1),
    ],
)
async def test_a_refund_that_is_troubled_is_paid_once(pipeline: Pipeline, kind: str, times: int) -> None:
    order = await pipeline.order()
    rma_id = await shipped_back(pipeline, order)
    payment = {"payment_id": f"{order['order_id']}-p1"}
    await pipeline.fault(target="payments.refund", kind=kind, times=times, match=payment)
    await pipeline.inspect(rma_id)
    await pipeline.lapse(rma_id, 5 * MINUTE)
    result = await pipeline.end(rma_id)
    assert result.refunded_minor == 10_000
    await exactly_once(pipeline, rma_id, order, 10_000)
    assert (await pipeline.messages(rma_id, 5)).count("refund_paid") == 1


async def test_a_refund_is_paid_once_although_its_look_up_fails_as_well(pipeline: Pipeline) -> None:
    order = await pipeline.order()
    rma_id = await shipped_back(pipeline, order)
    reference = {"reference": f"{rma_id}-refund-1-t0"}
    await pipeline.fault(target="payments.refund", kind="lost_response", match=reference)
    for kind in ("error_before", "error_after", "lost_response"):
        await pipeline.fault(target="payments.find_refund", kind=kind, match=reference)
    await pipeline.inspect(rma_id)
    await pipeline.lapse(rma_id, 5 * MINUTE)
    await pipeline.end(rma_id)
    await exactly_once(pipeline, rma_id, order, 10_000)
    assert pipeline.ledger.payment_intent(reference["reference"]).state is IntentState.RECONCILED


async def test_a_refund_without_an_outcome_for_an_hour_is_known_to_people_and_paid_later(
    pipeline: Pipeline,
) -> None:
    order = await pipeline.order()
    rma_id = await shipped_back(pipeline, order)
    payment = {"payment_id": f"{order['order_id']}-p1"}
    await pipeline.fault(target="payments.refund", match=payment, **outage(10))
    await pipeline.inspect(rma_id)
    await pipeline.until(rma_id, lambda status: status.reimbursement is Reimbursement.EXECUTING)
    await pipeline.lapse(rma_id, 45 * MINUTE)
    assert (await pipeline.returns.status(rma_id)).reimbursement is Reimbursement.EXECUTING
    await pipeline.lapse(rma_id, 16 * MINUTE)
    status = await pipeline.until(rma_id, lambda status: status.reimbursement is Reimbursement.UNKNOWN)
    assert (status.needs, status.money_settled) == (Role.SUPERVISOR, False)
    assert await pipeline.messages(rma_id, 1, "staff_alert") == ["staff_refund_unknown"]
    assert await pipeline.books("refunds", rma_id) == []
    await pipeline.lapse(rma_id, 4 * HOUR)
    assert (await pipeline.end(rma_id)).refunded_minor == 10_000
    await exactly_once(pipeline, rma_id, order, 10_000)


async def test_a_provider_that_asks_for_patience_is_not_taken_for_unknown(pipeline: Pipeline) -> None:
    order = await pipeline.order()
    rma_id = await shipped_back(pipeline, order)
    payment = {"payment_id": f"{order['order_id']}-p1"}
    await pipeline.fault(target="payments.refund", kind="too_busy", seconds=3600, match=payment)
    await pipeline.inspect(rma_id)
    await pipeline.until(rma_id, lambda status: status.reimbursement is not Reimbursement.NONE)
    await pipeline.lapse(rma_id, 40 * MINUTE)
    assert await pipeline.told(rma_id, "staff_alert") == []
    if not (await pipeline.returns.status(rma_id)).is_final:
        await pipeline.lapse(rma_id, 40 * MINUTE)
    await pipeline.end(rma_id)
    await exactly_once(pipeline, rma_id, order, 10_000)


async def test_a_broken_settlement_promise_is_told_daily(pipeline: Pipeline) -> None:
    order = await with_means(pipeline, {"CARD": 10_000})
    rma_id = await shipped_back(pipeline, order)
    payment = {"payment_id": f"{order['order_id']}-p1"}
    await pipeline.fault(target="payments.refund", kind="closed_method", match=payment)
    await pipeline.inspect(rma_id)
    status = await pipeline.until(rma_id, lambda status: "choose_payment_method" in status.allowed_actions)
    (promise,) = [clock for clock in status.clocks if clock.name == "settlement"]
    due_at = promise.due_at
    assert due_at - promise.started_at > 3 * DAY - MINUTE
    await pipeline.lapse(rma_id, due_at - await pipeline.now(rma_id) - MINUTE)
    before = len(await pipeline.told(rma_id, "staff_alert"))
    for days in range(3):
        await pipeline.lapse(rma_id, 2 * MINUTE if days == 0 else DAY)
        await pipeline.until(
            rma_id,
            lambda status, days=days: (  # type: ignore[misc]
                sum(entry.what == "settlement promise broken" for entry in status.timeline) == days + 1
            ),
        )
    assert len(await pipeline.messages(rma_id, before + 3, "staff_alert")) >= before + 3
    await pipeline.act(rma_id, Action.CHOOSE_PAYMENT_METHOD, Role.CUSTOMER, method_id=means(order, "GIFT"))
    await pipeline.end(rma_id)
    await exactly_once(pipeline, rma_id, order, 10_000)


async def test_a_closed_card_is_replaced_by_what_the_customer_chooses(pipeline: Pipeline) -> None:
    order = await with_means(pipeline, {"CARD": 10_000}, gift=500)
    rma_id = await shipped_back(pipeline, order)
    payment = {"payment_id": f"{order['order_id']}-p1"}
    await pipeline.fault(target="payments.refund", kind="closed_method", match=payment)
    await pipeline.inspect(rma_id)
    status = await pipeline.until(rma_id, lambda status: status.reimbursement is Reimbursement.ALTERNATE_TENDER)
    assert (status.needs, status.money_settled) == (Role.CUSTOMER, False)
    with pytest.raises(InvalidAction):
        await pipeline.act(rma_id, Action.CHOOSE_PAYMENT_METHOD, Role.CUSTOMER, method_id="CARD-STRANGER")
    await pipeline.act(rma_id, Action.CHOOSE_PAYMENT_METHOD, Role.CUSTOMER, method_id=means(order, "GIFT"))
    assert (await pipeline.end(rma_id)).refunded_minor == 10_000
    assert await paid_to(pipeline, rma_id, order) == {means(order, "GIFT"): 10_000}
    await exactly_once(pipeline, rma_id, order, 10_000)
    assert (await pipeline.books("gift_cards", rma_id)) == []
    cards = (await pipeline.sandbox.get("/books/gift_cards", params={"method_id": means(order, "GIFT")})).json()
    assert cards["entries"][-1]["data"]["balance_minor"] == 10_500
    assert "payment_method_needed" in await pipeline.messages(rma_id, 6)


async def test_a_customer_who_does_not_choose_is_asked_again(pipeline: Pipeline) -> None:
    order = await with_means(pipeline, {"CARD": 10_000})
    rma_id = await shipped_back(pipeline, order)
    payment = {"payment_id": f"{order['order_id']}-p1"}
    await pipeline.fault(target="payments.refund", kind="closed_method", times=2, match=payment)
    await pipeline.inspect(rma_id)
    await pipeline.until(rma_id, lambda status: "choose_payment_method" in status.allowed_actions)
    await pipeline.lapse(rma_id, 72 * HOUR + MINUTE)
    assert (await pipeline.messages(rma_id, 6)).count("payment_method_needed") == 2
    await pipeline.act(rma_id, Action.CHOOSE_PAYMENT_METHOD, Role.CUSTOMER, method_id=means(order, "CARD"))
    assert (await pipeline.messages(rma_id, 7)).count("payment_method_needed") == 3
    await pipeline.until(rma_id, lambda status: "choose_payment_method" in status.allowed_actions)
    await pipeline.act(rma_id, Action.CHOOSE_PAYMENT_METHOD, Role.AGENT_TIER_1, method_id=means(order, "GIFT"))
    await pipeline.end(rma_id)
    assert await paid_to(pipeline, rma_id, order) == {means(order, "GIFT"): 10_000}


async def test_a_pending_refund_that_fails_at_last_asks_for_another_way(pipeline: Pipeline) -> None:
    order = await with_means(pipeline, {"CARD": 10_000})
    rma_id = await shipped_back(pipeline, order)
    payment = {"payment_id": f"{order['order_id']}-p1"}
    for kind in ("pending", "closed_method"):
        await pipeline.fault(target="payments.refund", kind=kind, match=payment)
    await pipeline.inspect(rma_id)
    await pipeline.until(rma_id, lambda status: status.reimbursement is Reimbursement.EXECUTING)
    await pipeline.lapse(rma_id, MINUTE)
    await pipeline.until(rma_id, lambda status: "choose_payment_method" in status.allowed_actions)
    await pipeline.act(rma_id, Action.CHOOSE_PAYMENT_METHOD, Role.CUSTOMER, method_id=means(order, "GIFT"))
    await pipeline.end(rma_id)
    assert await paid_to(pipeline, rma_id, order) == {means(order, "GIFT"): 10_000}


async def test_two_tenders_are_paid_back_as_they_paid(pipeline: Pipeline) -> None:
    order = await with_means(
        pipeline,
        {"CARD": 7_000, "OTHER": 3_000},
        lines=[line(quantity=3, unit_price_minor=3334, discount_minor=2)],
    )
    rma_id = await pipeline.inspected(order)
    assert (await pipeline.end(rma_id)).refunded_minor == 3_333
    assert await paid_to(pipeline, rma_id, order) == {means(order, "CARD"): 2_333, means(order, "OTHER"): 1_000}
    await pipeline.balance(order["order_id"])


async def test_one_choice_serves_both_tenders_that_were_declined(pipeline: Pipeline) -> None:
    order = await with_means(pipeline, {"CARD": 7_000, "OTHER": 3_000})
    rma_id = await shipped_back(pipeline, order)
    for number in (1, 2):
        payment = {"payment_id": f"{order['order_id']}-p{number}"}
        await pipeline.fault(target="payments.refund", kind="closed_method", match=payment)
    await pipeline.inspect(rma_id)
    await pipeline.until(
        rma_id,
        lambda status: [payment.state for payment in status.payments] == [IntentState.DECLINED] * 2,
    )
    await pipeline.act(rma_id, Action.CHOOSE_PAYMENT_METHOD, Role.CUSTOMER, method_id=means(order, "GIFT"))
    assert (await pipeline.end(rma_id)).refunded_minor == 10_000
    assert await paid_to(pipeline, rma_id, order) == {means(order, "GIFT"): 10_000}
    await pipeline.balance(order["order_id"])


async def test_a_tender_that_was_declined_can_be_replaced_while_another_has_no_answer(pipeline: Pipeline) -> None:
    order = await with_means(pipeline, {"CARD": 7_000, "OTHER": 3_000})
    rma_id = await shipped_back(pipeline, order)
    first, second = ({"payment_id": f"{order['order_id']}-p{number}"} for number in (1, 2))
    await pipeline.fault(target="payments.refund", kind="closed_method", match=first)
    await pipeline.fault(target="payments.refund", match=second, **outage(9))
    await pipeline.inspect(rma_id)
    await pipeline.until(rma_id, lambda status: "choose_payment_method" in status.allowed_actions)
    await pipeline.lapse(rma_id, 70 * MINUTE)
    assert await pipeline.messages(rma_id, 1, "staff_alert") == ["staff_refund_unknown"]
    await pipeline.act(rma_id, Action.CHOOSE_PAYMENT_METHOD, Role.CUSTOMER, method_id=means(order, "GIFT"))
    await pipeline.lapse(rma_id, 2 * HOUR)
    assert (await pipeline.end(rma_id)).refunded_minor == 10_000
    assert await paid_to(pipeline, rma_id, order) == {means(order, "GIFT"): 7_000, means(order, "OTHER"): 3_000}
    await pipeline.balance(order["order_id"])


async def test_a_refund_goes_to_the_gift_card_that_the_customer_named(pipeline: Pipeline) -> None:
    order = await with_means(pipeline, {"CARD": 10_000})
    rma_id = await pipeline.inspected(order, payment_method_id=means(order, "GIFT"))
    await pipeline.end(rma_id)
    assert await paid_to(pipeline, rma_id, order) == {means(order, "GIFT"): 10_000}
    await exactly_once(pipeline, rma_id, order, 10_000)


async def test_a_named_tender_is_filled_first_as_far_as_it_paid(pipeline: Pipeline) -> None:
    order = await with_means(pipeline, {"CARD": 7_000, "OTHER": 3_000})
    rma_id = await pipeline.inspected(order, payment_method_id=means(order, "OTHER"))
    await pipeline.end(rma_id)
    assert await paid_to(pipeline, rma_id, order) == {means(order, "OTHER"): 3_000, means(order, "CARD"): 7_000}


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
    assert await pipeline.messages(rma_id, 1, "staff_alert") == ["staff_settlement_late"]


async def test_a_means_of_payment_is_not_chosen_before_one_is_declined(pipeline: Pipeline) -> None:
    order = await with_means(pipeline, {"CARD": 10_000})
    rma_id = await shipped_back(pipeline, order)
    with pytest.raises(ActionNotAllowed):
        await pipeline.act(rma_id, Action.CHOOSE_PAYMENT_METHOD, Role.CUSTOMER, method_id=means(order, "GIFT"))
