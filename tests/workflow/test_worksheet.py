"""The quote before anything is paid, several tenders, and the explanation of a return's money."""

from collections.abc import AsyncIterator
from importlib.resources import files

import pytest

from domain.actions import Action, Role
from domain.application import Locale
from domain.status import Reimbursement
from domain.worksheet import WorksheetRule
from domain.worksheet_words import in_words
from policy.files import load_policies
from testkit.environment import TimeSkippingEnv
from testkit.pipeline import Pipeline, line, running_pipeline
from tests.workflow.payouts import PHOTO, means, paid_to, with_means

STANDARD = files("policy").joinpath("standard.toml").read_text("utf-8")


@pytest.fixture(scope="module")
async def strict(
    time_skipping_env: TimeSkippingEnv, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Pipeline]:
    """A shop that prices anew what is kept, and takes 10 yuan for a way back that is the customer's."""
    folder = tmp_path_factory.mktemp("strict")
    text = STANDARD.replace('"PROPORTIONAL"', '"REPRICE"')
    text = text.replace("return_freight_minor = 0", "return_freight_minor = 1000", 1)
    policy = folder / "strict.toml"
    policy.write_text(text, "utf-8")
    async with running_pipeline(time_skipping_env.address, folder, policies=load_policies(policy)) as running:
        yield running


async def test_a_lost_promotion_and_the_label_are_taken_off_and_the_next_return_makes_it_even(
    strict: Pipeline,
) -> None:
    order = await strict.order(
        lines=[line("A", unit_price_minor=15_000), line("B", unit_price_minor=6_000)],
        discounts=[{"funder": "shop", "amount_minor": 4_200, "threshold_minor": 20_000}],
        freight_insurance={"insurer": "Ping", "cover_minor": 1_200},
    )
    changed_mind = {"line_id": "A", "quantity": 1, "condition": "unopened"}
    first = await strict.apply(order, lines=[changed_mind])
    assert first.quoted_minor == 9_800
    await strict.to_the_warehouse(first.rma_id)
    await strict.inspect(first.rma_id)
    assert (await strict.end(first.rma_id)).refunded_minor == 9_800
    (refund,) = (await strict.returns.explain(first.rma_id)).refunds
    assert {row.rule: row.amount_minor for row in refund.rows} == {
        WorksheetRule.UNITS: 12_000,
        WorksheetRule.PROMOTION_LOST: -1_200,
        WorksheetRule.RETURN_FREIGHT: -1_000,
        WorksheetRule.FREIGHT_INSURANCE: 1_200,
    }
    assert (await strict.told(first.rma_id)).count("freight_insured") == 1

    faulty = {
        "line_id": "B",
        "quantity": 1,
        "reason": "quality_defect",
        "condition": "opened",
        "evidence": [PHOTO],
    }
    second = await strict.apply(order, lines=[faulty])
    await strict.act(second.rma_id, Action.REVIEW, Role.AGENT_TIER_2, approve=True, note="torn")
    await strict.to_the_warehouse(second.rma_id)
    await strict.inspect(second.rma_id)
    assert (await strict.end(second.rma_id)).refunded_minor == 6_000
    assert "freight_insured" not in await strict.told(second.rma_id)
    assert (await strict.balance(order["order_id"])).refunded_minor == 16_800 - 1_000


async def test_points_return_in_kind_and_every_amount_is_explained(pipeline: Pipeline) -> None:
    """One of three units, paid by card and by points; the customer wants the money on a gift card."""
    order = await with_means(pipeline, {"CARD": 7_000})
    points = means(order, "POINTS")
    order = await pipeline.order(
        customer_id=order["customer_id"],
        lines=[line(quantity=3, unit_price_minor=3_400, discounts=[{"funder": "platform", "amount_minor": 200}])],
        payment_methods=[
            {"id": means(order, "CARD"), "source": "credit_card"},
            {"id": points, "source": "points"},
            {"id": means(order, "GIFT"), "source": "gift_card", "balance_minor": 0},
        ],
        payments=[
            {"kind": "payment", "amount_minor": 7_000, "payment_method_id": means(order, "CARD")},
            {"kind": "payment", "amount_minor": 3_000, "payment_method_id": points, "tender": "points"},
        ],
    )
    decision = await pipeline.apply(
        order,
        lines=[{"line_id": "SHIRT-M", "quantity": 1, "condition": "unopened"}],
        payment_method_id=means(order, "GIFT"),
    )
    assert decision.quoted_minor == 3_333
    status = await pipeline.returns.status(decision.rma_id)
    assert (status.reimbursement, status.quoted_minor) == (Reimbursement.QUOTED, 3_333)
    quoted = in_words(await pipeline.returns.explain(decision.rma_id))
    assert quoted.quote is not None
    assert (quoted.quote.total_minor, quoted.refunds) == (3_333, ())

    await pipeline.to_the_warehouse(decision.rma_id)
    await pipeline.receive(decision.rma_id)
    await pipeline.inspect(decision.rma_id)
    await pipeline.end(decision.rma_id)

    assert await paid_to(pipeline, decision.rma_id, order) == {means(order, "GIFT"): 2_333, points: 1_000}
    told = in_words(await pipeline.returns.explain(decision.rma_id))
    (refund,) = told.refunds
    assert (told.adds_up, refund.total_minor, refund.policy_version) == (True, 3_333, decision.policy_version)
    assert refund.rows == quoted.quote.rows
    assert {row.rule for row in refund.rows} == {WorksheetRule.UNITS, WorksheetRule.DISCOUNT_FUNDER}
    assert all(row.words[Locale.ZH_CN] for row in refund.rows)
    assert [intent.state.is_paid for intent in refund.intents] == [True, True]


async def test_a_return_that_is_withdrawn_leaves_nothing_quoted(pipeline: Pipeline) -> None:
    order = await pipeline.order(shipping_minor=500)
    asked = {"line_id": "SHIRT-M", "quantity": 1, "condition": "used"}
    rma_id = (await pipeline.apply(order, lines=[asked])).rma_id
    assert (await pipeline.returns.status(rma_id)).reimbursement is Reimbursement.QUOTED
    await pipeline.act(rma_id, Action.CANCEL, Role.CUSTOMER)
    await pipeline.end(rma_id)
    status = await pipeline.returns.status(rma_id)
    assert (status.reimbursement, status.money_settled) == (Reimbursement.NONE, True)
    assert (await pipeline.returns.explain(rma_id)).refunds == ()
