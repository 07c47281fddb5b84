"""An exchange whose replacement is out of stock at release: another variant or a refund, by choice (section 6)."""

import pytest

from domain.actions import Action, Role
from domain.status import Header
from testkit.pipeline import Pipeline, line
from tests.workflow.payouts import HOUR, MINUTE
from tests.workflow.swaps import Swap, swap
from tests.workflow.test_exchange import taken


async def out_of_stock(pipeline: Pipeline, item: str) -> Swap:
    """An exchange whose stock was given away when its goods are inspected."""
    case = await swap(pipeline)
    await case.apply(item)
    await taken(pipeline, case)
    await case.come_back()
    await pipeline.until(case.rma_id, lambda status: status.needs == Role.CUSTOMER)
    return case


@pytest.mark.parametrize(
    ("first", "then", "refunded", "charged"),
    [
        ("SAME", "LAST", 0, 0),
        ("SAME", "DEAR", 0, 3_000),
        ("SAME", "CHEAP", 2_500, 0),
        ("DEAR", "SAME", 3_000, 3_000),
        ("DEAR", "CHEAP", 5_500, 3_000),
        ("CHEAP", "DEAR", 2_500, 5_500),
    ],
)
async def test_another_variant_takes_its_place_and_only_the_difference_moves(
    pipeline: Pipeline, first: str, then: str, refunded: int, charged: int
) -> None:
    case = await out_of_stock(pipeline, first)
    await case.substitute("exchange", then)
    result = await pipeline.end(case.rma_id)
    assert (result.header, result.refunded_minor, result.charged_minor) == (Header.COMPLETED, refunded, charged)
    assert (await case.ending()).replacements == ((case.item(then),),)
    balance = await pipeline.balance(case.order_id)
    assert (balance.lines[0].held, balance.lines[0].settled) == (0, 1)
    told = await pipeline.told(case.rma_id)
    assert told.index("exchange_out_of_stock") < told.index("exchange_released")
    assert "exchange_refunded" not in told


async def test_silence_is_a_refund(pipeline: Pipeline) -> None:
    case = await out_of_stock(pipeline, "DEAR")
    await pipeline.lapse(case.rma_id, 72 * HOUR - MINUTE)
    assert not (await pipeline.returns.status(case.rma_id)).is_final
    await pipeline.lapse(case.rma_id, 2 * MINUTE)
    result = await pipeline.end(case.rma_id)
    assert (result.refunded_minor, result.charged_minor) == (13_000, 3_000)
    balance = await pipeline.balance(case.order_id)
    assert balance.captured_minor == balance.refunded_minor


async def test_a_substitute_that_falls_through_as_well_is_paid_out_to_the_cent(pipeline: Pipeline) -> None:
    """The first variant was charged for, the second one paid a part of it back; then its stock is gone too."""
    case = await out_of_stock(pipeline, "DEAR")
    await pipeline.fault(target="payments.refund", kind="too_busy", seconds=60, match={"rma_id": case.rma_id})
    await case.substitute("exchange", "SAME")
    await pipeline.until(case.rma_id, lambda status: any(each.direction == "refund" for each in status.payments))
    await taken(pipeline, case)
    await pipeline.lapse(case.rma_id, 10 * MINUTE)
    result = await pipeline.end(case.rma_id)
    assert (result.refunded_minor, result.charged_minor) == (13_000, 3_000)
    balance = await pipeline.balance(case.order_id)
    assert balance.captured_minor == balance.refunded_minor
    assert (await case.ending()).replacements == ()


async def test_a_return_after_a_substitute_is_worth_what_its_own_units_were(pipeline: Pipeline) -> None:
    case = await swap(pipeline, quantity=2)
    await case.apply("SAME")
    await taken(pipeline, case)
    await case.come_back()
    await case.substitute("exchange", "CHEAP")
    await pipeline.end(case.rma_id)
    asked = [{"line_id": "SHIRT-M", "quantity": 1, "condition": "unopened"}]
    other = await pipeline.inspected(case.order, lines=asked)
    assert (await pipeline.end(other)).refunded_minor == 10_000
    assert (await pipeline.balance(case.order_id)).refunded_minor == 12_500


async def test_a_variant_of_another_product_is_no_substitute(pipeline: Pipeline) -> None:
    case = await out_of_stock(pipeline, "SAME")
    other = await swap(pipeline, lines=[line("HAT", product_id="P-HAT")])
    fields = {"remedy": "exchange", "item_ids": [other.item("SAME")]}
    await pipeline.act(case.rma_id, Action.CHOOSE_SUBSTITUTE, Role.CUSTOMER, None, **fields)
    await pipeline.until(case.rma_id, lambda status: "choose_substitute" in status.allowed_actions)
    await case.substitute("return_and_refund")
    assert (await pipeline.end(case.rma_id)).refunded_minor == 10_000
    assert "substitute_unavailable" in await pipeline.told(case.rma_id)
