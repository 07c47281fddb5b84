"""What the way back costs the customer, in a shop that takes 10 yuan for it."""

from collections.abc import AsyncIterator
from importlib.resources import files
from typing import Any
from uuid import uuid4

import pytest

from domain.actions import Action, Role
from domain.shipping import PickupService
from domain.status import Logistics
from domain.worksheet import WorksheetRule
from policy.files import load_policies
from testkit.environment import TimeSkippingEnv
from testkit.pipeline import Pipeline, line, running_pipeline
from tests.workflow.parcels import at_hand, booked, without_a_courier

STANDARD = files("policy").joinpath("standard.toml").read_text("utf-8")
FREIGHT_MINOR = 1_000


@pytest.fixture(scope="module")
async def shop(
    time_skipping_env: TimeSkippingEnv, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Pipeline]:
    folder = tmp_path_factory.mktemp("freight")
    policy = folder / "freight.toml"
    policy.write_text(STANDARD.replace("return_freight_minor = 0", "return_freight_minor = 1000", 1), "utf-8")
    async with running_pipeline(time_skipping_env.address, folder, policies=load_policies(policy)) as running:
        yield running


async def rules_of_refund(shop: Pipeline, rma_id: str) -> set[WorksheetRule]:
    (refund,) = (await shop.returns.explain(rma_id)).refunds
    return {row.rule for row in refund.rows}


async def test_a_high_value_customer_has_an_agent_and_a_premium_pickup_for_nothing(shop: Pipeline) -> None:
    decision = await shop.apply(await shop.order(tier="high_value", agent="agent-9"))
    rma_id = decision.rma_id
    assert decision.quoted_minor == 10_000
    await shop.to_the_warehouse(rma_id)
    status = await shop.returns.status(rma_id)
    assert (status.priority, status.agent) == (True, "agent-9")
    assert status.pickup_service is PickupService.PREMIUM
    assert [pickup["service"] for pickup in await shop.books("pickups", rma_id)] == ["premium"]
    await shop.inspect(rma_id)
    assert (await shop.end(rma_id)).refunded_minor == 10_000
    assert await rules_of_refund(shop, rma_id) == {WorksheetRule.UNITS, WorksheetRule.PREMIUM_PICKUP}


async def test_other_customers_get_the_standard_pickup_and_pay_for_it(shop: Pipeline) -> None:
    decision = await shop.apply(await shop.order())
    await shop.to_the_warehouse(decision.rma_id)
    assert [pickup["service"] for pickup in await shop.books("pickups", decision.rma_id)] == ["standard"]
    await shop.inspect(decision.rma_id)
    assert (await shop.end(decision.rma_id)).refunded_minor == 10_000 - FREIGHT_MINOR
    assert await rules_of_refund(shop, decision.rma_id) == {WorksheetRule.UNITS, WorksheetRule.RETURN_FREIGHT}


async def sent_by_own_means(shop: Pipeline, rma_id: str, **fields: Any) -> None:
    await shop.act(
        rma_id,
        Action.RECORD_HANDOVER,
        Role.CUSTOMER,
        handed_over_at=await shop.now(rma_id),
        **({"carrier": "sf", "tracking_no": f"SF-{uuid4().hex[:12]}"} | fields),
    )


async def test_a_customer_who_sent_it_by_own_means_pays_for_no_pickup_and_no_label(shop: Pipeline) -> None:
    rma_id = await without_a_courier(shop)
    await shop.act(rma_id, Action.BOOK_PICKUP, Role.CUSTOMER, by_label=True)
    await shop.until(rma_id, lambda status: status.logistics is Logistics.AWAITING_HANDOVER)
    await sent_by_own_means(shop, rma_id)
    await shop.receive(rma_id)
    await shop.inspect(rma_id)
    assert (await shop.end(rma_id)).refunded_minor == 10_000
    assert await rules_of_refund(shop, rma_id) == {WorksheetRule.UNITS}
    assert await shop.live_pickups(rma_id) == []


async def test_goods_that_came_though_no_courier_collected_them_cost_no_freight(shop: Pipeline) -> None:
    rma_id = await booked(shop)
    await shop.receive(rma_id)
    await shop.inspect(rma_id)
    assert (await shop.end(rma_id)).refunded_minor == 10_000


async def test_our_label_is_charged_although_the_customer_handed_it_over(shop: Pipeline) -> None:
    rma_id = await at_hand(shop)
    status = await shop.until(rma_id, lambda status: bool(status.tracking_no))
    await sent_by_own_means(shop, rma_id, carrier=status.carrier, tracking_no=status.tracking_no)
    await shop.receive(rma_id)
    await shop.inspect(rma_id)
    assert (await shop.end(rma_id)).refunded_minor == 10_000 - FREIGHT_MINOR


async def test_each_parcel_is_charged_by_how_it_travelled_itself(shop: Pipeline) -> None:
    """The first came though nobody collected it and is paid in full, the second was collected."""
    order = await shop.order(lines=[line(quantity=2)])
    one = {"lines": [{"line_id": "SHIRT-M", "quantity": 1}]}
    asked = [{"line_id": "SHIRT-M", "quantity": 2, "condition": "unopened"}]
    rma_id = (await shop.apply(order, lines=asked, parcels=[one, one])).rma_id
    await shop.until(
        rma_id, lambda status: [each.logistics for each in status.parcels] == [Logistics.PICKUP_BOOKED] * 2
    )
    for kind in ("picked_up", "accepted", "delivered"):
        await shop.scan(rma_id, kind, parcel=2)
    await shop.until(rma_id, lambda status: status.parcels[1].logistics is Logistics.DELIVERED)
    await shop.receive(rma_id, parcel=1)
    found = {"line_id": "SHIRT-M", "quantity": 1, "verdict": "accepted", "grade": "A"}
    for parcel in (1, 2):
        await shop.act(rma_id, Action.INSPECT, Role.WAREHOUSE, units=[found], parcel=parcel)
    assert (await shop.end(rma_id)).refunded_minor == 20_000 - FREIGHT_MINOR
    paid = {refund.total_minor for refund in (await shop.returns.explain(rma_id)).refunds}
    assert paid == {10_000, 10_000 - FREIGHT_MINOR}
