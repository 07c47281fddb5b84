"""Repair: diagnosed, made and sent back in time, or replaced or paid by the customer's choice."""

from datetime import timedelta
from typing import Any

import pytest

from domain.actions import Action, Role
from domain.status import Approval, Header, Logistics
from starters.errors import ActionNotAllowed, InvalidAction
from testkit.pipeline import Pipeline, line, variant
from tests.workflow.payouts import HOUR, MINUTE, PHOTO, exactly_once, paid_to

ACCEPTED = {"line_id": "SHIRT-M", "quantity": 1, "verdict": "accepted", "grade": "C"}
REPAIRED: dict[str, Any] = {"repaired": True, "carrier": "swift", "tracking_no": "BACK-1"}
BROKEN: dict[str, Any] = {"repaired": False, "note": "the frame is broken"}


async def came_for_repair(
    pipeline: Pipeline, order: dict[str, Any], *units: dict[str, Any], quantity: int = 1
) -> str:
    """A return for repair that a person approved and the warehouse diagnosed; all repairable unless told."""
    broken = {"line_id": "SHIRT-M", "quantity": quantity, "reason": "quality_defect", "evidence": [PHOTO]}
    decision = await pipeline.apply(order, desired_resolution="repair", lines=[broken])
    assert decision.approval is Approval.MANUAL_REVIEW, decision.refusal
    await pipeline.act(decision.rma_id, Action.REVIEW, Role.AGENT_TIER_2, approve=True, note="it is so")
    await pipeline.to_the_warehouse(decision.rma_id)
    await pipeline.inspect(decision.rma_id, *units)
    return decision.rma_id


async def in_the_workshop(pipeline: Pipeline, rma_id: str) -> None:
    await pipeline.until(rma_id, lambda now: bool(now.repairs and now.repairs[0].ticket_id))


async def asked(pipeline: Pipeline, rma_id: str) -> None:
    await pipeline.until(rma_id, lambda now: bool(now.substitutes))


async def stocked(pipeline: Pipeline, stock: int = 5) -> tuple[dict[str, Any], str, str]:
    """An order, and two variants of its product: one at the same price, one dearer by 30.00."""
    seed = await pipeline.order()
    product = f"P-{seed['order_id']}"
    order = await pipeline.order(lines=[line(product_id=product)])
    same, dear = f"SAME-{product}", f"DEAR-{product}"
    await pipeline.product(variant(same, stock=stock), variant(dear, 13_000), product_id=product)
    return order, same, dear


@pytest.mark.parametrize("kind", [None, "lost_response", "error_after", "error_before", "too_busy"])
async def test_goods_are_repaired_once_and_sent_back(pipeline: Pipeline, kind: str | None) -> None:
    order = await pipeline.order()
    if kind:
        await pipeline.fault(target="workshop.repair", kind=kind, times=2, match={"order_id": order["order_id"]})
    rma_id = await came_for_repair(pipeline, order)
    await pipeline.lapse(rma_id, MINUTE)
    await in_the_workshop(pipeline, rma_id)
    await pipeline.act(rma_id, Action.REPORT_REPAIR, Role.WAREHOUSE, **REPAIRED)
    result = await pipeline.end(rma_id)
    assert (result.header, result.refunded_minor) == (Header.COMPLETED, 0)
    (ticket,) = await pipeline.books("repairs", rma_id)
    assert (ticket["reference"], ticket["units"]) == (f"{rma_id}-repair-1", {"SHIRT-M": 1})
    status = await pipeline.returns.status(rma_id)
    (repair,) = status.repairs
    assert (repair.repaired, repair.carrier, repair.tracking_no) == (True, "swift", "BACK-1")
    assert status.money_settled
    assert (await pipeline.told(rma_id))[-3:] == ["diagnosed", "repair_ordered", "repair_finished"]
    assert pipeline.ledger.order_balance(order["order_id"]).lines[0].held == 0


async def test_a_repair_that_fails_is_refunded_by_choice(pipeline: Pipeline) -> None:
    order = await pipeline.order()
    rma_id = await came_for_repair(pipeline, order)
    await in_the_workshop(pipeline, rma_id)
    await pipeline.act(rma_id, Action.REPORT_REPAIR, Role.WAREHOUSE, **BROKEN)
    await asked(pipeline, rma_id)
    assert (await pipeline.returns.status(rma_id)).needs == Role.CUSTOMER
    await pipeline.act(rma_id, Action.CHOOSE_SUBSTITUTE, Role.CUSTOMER, remedy="return_and_refund")
    await pipeline.end(rma_id)
    await exactly_once(pipeline, rma_id, order, 10_000)
    assert "substitute_refunded" in await pipeline.told(rma_id)


async def test_a_repair_that_takes_too_long_is_withdrawn_and_silence_is_a_refund(pipeline: Pipeline) -> None:
    order = await pipeline.order()
    rma_id = await came_for_repair(pipeline, order)
    await in_the_workshop(pipeline, rma_id)
    await pipeline.lapse(rma_id, timedelta(days=14) - HOUR)
    assert (await pipeline.returns.status(rma_id)).substitutes == ()
    await pipeline.lapse(rma_id, 2 * HOUR)
    await asked(pipeline, rma_id)
    assert [each["status"] for each in await pipeline.books("repairs", rma_id)] == ["ordered", "cancelled"]
    with pytest.raises(ActionNotAllowed):
        await pipeline.act(rma_id, Action.REPORT_REPAIR, Role.WAREHOUSE, **REPAIRED)
    await pipeline.lapse(rma_id, 72 * HOUR)
    await pipeline.end(rma_id)
    await exactly_once(pipeline, rma_id, order, 10_000)


async def test_goods_beyond_repair_are_replaced_by_a_dearer_variant(pipeline: Pipeline) -> None:
    order, _, dear = await stocked(pipeline)
    rma_id = await came_for_repair(pipeline, order, ACCEPTED | {"repairable": False})
    await asked(pipeline, rma_id)
    assert await pipeline.books("repairs", rma_id) == []
    with pytest.raises(InvalidAction, match="1 item ids"):
        await pipeline.act(rma_id, Action.CHOOSE_SUBSTITUTE, Role.CUSTOMER, remedy="exchange")
    await pipeline.act(rma_id, Action.CHOOSE_SUBSTITUTE, Role.CUSTOMER, remedy="exchange", item_ids=[dear])
    result = await pipeline.end(rma_id)
    assert (result.refunded_minor, result.charged_minor) == (0, 3_000)
    assert (await pipeline.ending(rma_id, order["order_id"])).replacements == ((dear,),)
    balance = await pipeline.balance(order["order_id"])
    assert (balance.lines[0].held, balance.lines[0].settled) == (0, 1)


async def test_a_substitute_that_cannot_be_had_is_chosen_again(pipeline: Pipeline) -> None:
    order, same, _ = await stocked(pipeline, stock=0)
    rma_id = await came_for_repair(pipeline, order, ACCEPTED | {"repairable": False})
    for item in (same, "NOTHING"):
        await asked(pipeline, rma_id)
        await pipeline.act(rma_id, Action.CHOOSE_SUBSTITUTE, Role.CUSTOMER, remedy="exchange", item_ids=[item])
    await pipeline.until(rma_id, lambda now: bool(now.substitutes))
    await pipeline.lapse(rma_id, 73 * HOUR)
    await pipeline.end(rma_id)
    await exactly_once(pipeline, rma_id, order, 10_000)
    assert (await pipeline.told(rma_id)).count("substitute_unavailable") == 2


async def test_what_can_be_repaired_does_not_wait_for_what_cannot(pipeline: Pipeline) -> None:
    order = await pipeline.order(lines=[line(quantity=2)])
    rma_id = await came_for_repair(pipeline, order, ACCEPTED, ACCEPTED | {"repairable": False}, quantity=2)
    await in_the_workshop(pipeline, rma_id)
    await asked(pipeline, rma_id)
    await pipeline.act(rma_id, Action.REPORT_REPAIR, Role.WAREHOUSE, **REPAIRED)
    await pipeline.act(rma_id, Action.CHOOSE_SUBSTITUTE, Role.CUSTOMER, remedy="return_and_refund")
    await pipeline.end(rma_id)
    await exactly_once(pipeline, rma_id, order, 10_000)
    balance = await pipeline.balance(order["order_id"])
    assert (balance.lines[0].held, balance.lines[0].settled) == (0, 1)


async def test_what_is_not_accepted_is_neither_repaired_nor_paid(pipeline: Pipeline) -> None:
    order = await pipeline.order()
    worn = {"line_id": "SHIRT-M", "quantity": 1, "verdict": "rejected", "grade": "D", "note": "misuse"}
    rma_id = await came_for_repair(pipeline, order, worn)
    await pipeline.act(rma_id, Action.ACCEPT_RESULT, Role.CUSTOMER)
    assert (await pipeline.end(rma_id)).refunded_minor == 0
    assert await pipeline.books("repairs", rma_id) == []


async def test_goods_lost_on_the_way_to_the_workshop_are_paid(pipeline: Pipeline) -> None:
    order = await pipeline.order()
    broken = {"line_id": "SHIRT-M", "quantity": 1, "reason": "quality_defect", "evidence": [PHOTO]}
    rma_id = (await pipeline.apply(order, desired_resolution="repair", lines=[broken])).rma_id
    await pipeline.act(rma_id, Action.REVIEW, Role.AGENT_TIER_2, approve=True, note="it is so")
    await pipeline.until(rma_id, lambda status: status.logistics is Logistics.PICKUP_BOOKED)
    await pipeline.scan(rma_id, "picked_up")
    await pipeline.scan(rma_id, "lost")
    await pipeline.end(rma_id)
    card = order["payments"][0]["payment_method_id"]
    assert await paid_to(pipeline, rma_id, order) == {card: 10_000}


@pytest.mark.parametrize(
    ("report", "field"), [({"repaired": True}, "tracking_no"), ({"repaired": False}, "note"), ({}, "repaired")]
)
async def test_a_report_says_what_comes_next(pipeline: Pipeline, report: dict[str, Any], field: str) -> None:
    with pytest.raises(ValueError, match=field):
        await pipeline.act("RMA-ANY", Action.REPORT_REPAIR, Role.WAREHOUSE, **report)


async def test_a_report_of_another_repair_is_refused(pipeline: Pipeline) -> None:
    order = await pipeline.order()
    rma_id = await came_for_repair(pipeline, order)
    await in_the_workshop(pipeline, rma_id)
    with pytest.raises(InvalidAction, match="Open repairs"):
        await pipeline.act(rma_id, Action.REPORT_REPAIR, Role.WAREHOUSE, **REPAIRED, reference="OTHER")
