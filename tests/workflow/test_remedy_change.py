"""Another remedy while the goods are on their way back: until it is settled, and never half of it."""

import asyncio
from typing import Any

import pytest

from domain.actions import Action, Role
from domain.application import Remedy
from domain.status import Header, Logistics
from starters.errors import ActionNotAllowed, InvalidAction
from testkit.pipeline import Pipeline
from tests.workflow.payouts import paid_to
from tests.workflow.swaps import Swap, swap
from tests.workflow.test_store_credit import account

REFUND: dict[str, Any] = {
    "desired_resolution": "return_and_refund",
    "lines": [{"line_id": "SHIRT-M", "quantity": 1, "condition": "unopened"}],
}


async def change(case: Swap, remedy: str, *items: str, **fields: Any) -> None:
    body: dict[str, Any] = {"remedy": remedy} | fields
    if items:
        body["replacements"] = [{"line_id": "SHIRT-M", "item_ids": [case.item(item) for item in items]}]
    await case.pipeline.act(case.rma_id, Action.CHANGE_REMEDY, Role.CUSTOMER, None, **body)


async def returned(pipeline: Pipeline) -> Swap:
    """A return for a refund whose parcel is on its way back."""
    case = await swap(pipeline)
    case.rma_id = (await pipeline.apply(case.order, **REFUND)).rma_id
    await pipeline.until(case.rma_id, lambda status: status.logistics is Logistics.PICKUP_BOOKED)
    return case


async def test_a_refund_becomes_an_exchange_whose_stock_is_held(pipeline: Pipeline) -> None:
    case = await returned(pipeline)
    await change(case, "exchange", "SAME")
    status = await pipeline.returns.status(case.rma_id)
    assert (status.remedy, status.price_difference_minor) == (Remedy.EXCHANGE, 0)
    assert await case.hold() == "held"
    await case.come_back()
    await pipeline.end(case.rma_id)
    ending = await case.ending()
    assert ending.replacements == ((case.item("SAME"),),)
    assert ending.refunds == ()
    assert "remedy_now_exchange" in ending.messages


async def test_an_exchange_becomes_a_refund_and_its_stock_goes_back(pipeline: Pipeline) -> None:
    case = await swap(pipeline)
    await case.apply("SAME")
    await pipeline.until(case.rma_id, lambda status: status.logistics is Logistics.PICKUP_BOOKED)
    await change(case, "return_and_refund")
    assert await case.hold() == "released"
    await case.come_back()
    assert (await pipeline.end(case.rma_id)).refunded_minor == 10_000
    ending = await case.ending()
    assert ending.replacements == ()
    assert (await pipeline.balance(case.order_id)).lines[0].settled == 1


async def test_to_and_fro_ends_at_the_last_word(pipeline: Pipeline) -> None:
    case = await returned(pipeline)
    await change(case, "exchange", "SAME")
    await change(case, "return_and_refund")
    await change(case, "exchange", "CHEAP")
    assert await case.hold() == "held"
    await case.come_back()
    await pipeline.end(case.rma_id)
    ending = await case.ending()
    assert ending.replacements == ((case.item("CHEAP"),),)
    assert [refund.amount_minor for refund in ending.refunds] == [2_500]


async def test_a_refund_becomes_store_credit(pipeline: Pipeline) -> None:
    case = await returned(pipeline)
    await change(case, "store_credit")
    await case.come_back()
    assert (await pipeline.end(case.rma_id)).header is Header.COMPLETED
    credit = await account(pipeline, case.order)
    assert await paid_to(pipeline, case.rma_id, case.order) == {credit["account_id"]: 10_000}


async def test_what_cannot_be_had_is_refused_and_changes_nothing(pipeline: Pipeline) -> None:
    case = await returned(pipeline)
    before = await pipeline.returns.status(case.rma_id)
    refusals: list[tuple[str, tuple[str, ...], dict[str, Any], str]] = [
        ("return_and_refund", (), {}, "remedy"),
        ("repair", (), {}, "remedy"),
        ("exchange", (), {}, "replacements"),
        ("exchange", ("SAME", "SAME"), {}, "replacements"),
        ("exchange", ("NOWHERE",), {}, "lines[0].replacement_item_ids[0]"),
        ("exchange", ("SHIRT-M",), {}, "lines[0].replacement_item_ids[0]"),
        ("store_credit", ("SAME",), {}, "replacements"),
        ("store_credit", (), {"payment_method_id": "CARD-STRANGER"}, "payment_method_id"),
    ]
    for remedy, items, fields, field in refusals:
        with pytest.raises(InvalidAction) as refused:
            await change(case, remedy, *items, **fields)
        assert refused.value.field == field
    assert await pipeline.returns.status(case.rma_id) == before
    assert await pipeline.books("holds", case.rma_id) == []


async def test_once_it_is_settled_nothing_is_changed(pipeline: Pipeline) -> None:
    case = await returned(pipeline)
    await pipeline.fault(
        target="payments.refund", kind="closed_method", match={"reference": f"{case.rma_id}-refund-1-t0"}
    )
    await case.come_back()
    await pipeline.until(case.rma_id, lambda status: "choose_payment_method" in status.allowed_actions)
    with pytest.raises(ActionNotAllowed):
        await change(case, "store_credit")


async def test_an_inspection_that_comes_while_the_stock_is_asked_is_first(pipeline: Pipeline) -> None:
    """Then the return is settled as it was, and what was held is given back."""
    case = await returned(pipeline)
    await pipeline.to_the_warehouse(case.rma_id)
    await pipeline.fault(
        target="inventory.hold", kind="latency", seconds=1.0, match={"reference": f"{case.rma_id}-replacement"}
    )
    changing = asyncio.create_task(change(case, "exchange", "SAME"))
    await asyncio.sleep(0.4)
    await pipeline.inspect(case.rma_id)
    with pytest.raises(ActionNotAllowed):
        await changing
    assert (await pipeline.end(case.rma_id)).refunded_minor == 10_000
    assert await case.hold() == "released"
    assert (await case.ending()).replacements == ()


async def test_a_variant_that_somebody_else_took_last_is_refused(pipeline: Pipeline) -> None:
    case = await returned(pipeline)
    hold = {"reference": f"{case.own}-other", "item_ids": [case.item("LAST")], "at": "2026-01-01T00:00:00Z"}
    (await pipeline.sandbox.post("/inventory/holds", json=hold)).raise_for_status()
    with pytest.raises(InvalidAction):
        await change(case, "exchange", "LAST")
    assert (await pipeline.returns.status(case.rma_id)).remedy is Remedy.RETURN_AND_REFUND
