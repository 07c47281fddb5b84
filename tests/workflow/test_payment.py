"""One movement of money: provider trouble, declined tenders, where it goes."""

import pytest

from domain.actions import Action, Role
from domain.clocks import ClockName, ClockState
from domain.intents import IntentState
from domain.status import NOTHING_AUTHORIZED, Reimbursement
from starters.errors import InvalidAction
from testkit.pipeline import Pipeline, line, outage
from tests.workflow.payouts import DAY, HOUR, MINUTE, exactly_once, means, paid_to, shipped_back, with_means


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
    await pipeline.until(rma_id, lambda status: status.reimbursement not in NOTHING_AUTHORIZED)
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
    status = await pipeline.until(
        rma_id, lambda status: sum(clock.name is ClockName.PAYMENT_METHOD for clock in status.clocks) == 2
    )
    waiting = [clock for clock in status.clocks if clock.name is ClockName.PAYMENT_METHOD]
    assert [(clock.subject, clock.state) for clock in sorted(waiting, key=lambda clock: clock.subject)] == [
        ("", ClockState.RUNNING),
        ("t1", ClockState.RUNNING),
    ]
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
