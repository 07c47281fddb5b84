"""What the way back costs the customer, in a shop that takes 10 yuan for it."""

from collections.abc import AsyncIterator
from importlib.resources import files

import pytest

from domain.shipping import PickupService
from domain.worksheet import WorksheetRule
from policy.files import load_policies
from tests.pipeline import Pipeline, running_pipeline

STANDARD = files("policy").joinpath("standard.toml").read_text("utf-8")
FREIGHT_MINOR = 1_000


@pytest.fixture(scope="module")
async def shop(temporal_address: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Pipeline]:
    folder = tmp_path_factory.mktemp("freight")
    policy = folder / "freight.toml"
    policy.write_text(STANDARD.replace("return_freight_minor = 0", "return_freight_minor = 1000", 1), "utf-8")
    async with running_pipeline(temporal_address, folder, policies=load_policies(policy)) as running:
        yield running


async def rules_of_refund(shop: Pipeline, rma_id: str) -> set[WorksheetRule]:
    (refund,) = (await shop.returns.explain(rma_id)).refunds
    return {row.rule for row in refund.rows}


async def test_a_high_value_customer_gets_a_premium_pickup_for_nothing(shop: Pipeline) -> None:
    decision = await shop.apply(await shop.order(tier="high_value"))
    rma_id = decision.rma_id
    assert decision.quoted_minor == 10_000
    await shop.to_the_warehouse(rma_id)
    assert (await shop.returns.status(rma_id)).pickup_service is PickupService.PREMIUM
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
