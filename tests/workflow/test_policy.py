"""What a policy decides on a running return: why, who is first, which warehouse; a version that is missing."""

from datetime import timedelta
from pathlib import Path

from domain.actions import Action, Role
from domain.policy import Policy
from domain.status import Approval, Logistics
from policy.files import Policies, load_policies
from testkit.environment import TimeSkippingEnv
from testkit.pipeline import Pipeline, line, running_pipeline
from tests.workflow.reviews import DAY, FAULTY, HOUR, PHOTO, USED

VIDEO = {"kind": "video", "reference": "media/seam.mp4"}


async def test_a_decision_says_why_and_the_message_too(pipeline: Pipeline) -> None:
    decision = await pipeline.apply(await pipeline.order(), lines=[USED], locale="en")
    why = "You told us that Shirt is used; a colleague checks whether it can be sold again."
    assert decision.why == (why,)
    assert (await pipeline.returns.status(decision.rma_id)).why == (why,)
    await pipeline.messages(decision.rma_id, 1)
    (message,) = await pipeline.books("messages", decision.rma_id)
    assert why in message["body"]
    await pipeline.act(decision.rma_id, Action.REVIEW, Role.AGENT_TIER_2, approve=False, note="It is torn.")
    assert (await pipeline.returns.status(decision.rma_id)).why == ("It is torn.",)


async def test_a_refusal_says_why_in_the_customers_language(pipeline: Pipeline) -> None:
    order = await pipeline.order()
    decision = await pipeline.apply(order, lines=[{"line_id": "SHIRT-M", "quantity": 5}], locale="zh-CN")
    assert decision.refusal is not None
    assert decision.why == ("订单中没有 5 件 SHIRT-M，请核对商品和数量。",)


async def test_units_that_another_return_holds_are_refused_with_the_reason(pipeline: Pipeline) -> None:
    order = await pipeline.order()
    await pipeline.apply(order)
    decision = await pipeline.apply(order, locale="en")
    assert decision.why == ("Of the 1 units of line SHIRT-M, 1 are in another return already; 1 were asked for.",)


async def test_a_video_is_looked_at_first_and_the_status_says_so(pipeline: Pipeline) -> None:
    order = await pipeline.order()
    shown = await pipeline.apply(order, lines=[FAULTY | {"evidence": [VIDEO]}])
    assert shown.priority
    assert (await pipeline.returns.status(shown.rma_id)).priority
    plain = await pipeline.apply(await pipeline.order(), lines=[FAULTY | {"evidence": [PHOTO]}])
    assert not plain.priority


async def test_several_returns_of_one_order_go_to_a_person(pipeline: Pipeline) -> None:
    order = await pipeline.order(lines=[line(quantity=5)])
    decisions = [await pipeline.apply(order) for _ in range(5)]
    assert [each.approval for each in decisions[:4]] == [Approval.APPROVED] * 4
    assert decisions[4].approval is Approval.MANUAL_REVIEW
    assert "risk_several_returns" in decisions[4].reasons


async def test_the_parcel_is_announced_to_and_booked_for_its_warehouse(
    time_skipping_env: TimeSkippingEnv, tmp_path: Path
) -> None:
    standard = load_policies(None).current
    routes = [{"warehouse": "east", "categories": ["apparel"]}]
    routed = Policy.model_validate(standard.model_dump() | {"routing": {"routes": routes}})
    policies = Policies({routed.version: routed}, routed)
    async with running_pipeline(time_skipping_env.address, tmp_path, policies=policies) as pipeline:
        decision = await pipeline.apply(await pipeline.order())
        status = await pipeline.until(decision.rma_id, lambda each: each.logistics is Logistics.PICKUP_BOOKED)
        assert status.warehouse == "east"
        assert [(entry.department, entry.checks) for entry in status.lines] == [
            ("merchandising", ("no_stains", "tags_attached"))
        ]
        assert status.lines[0].window_ends_at is not None
        assert status.lines[0].window_ends_at - await pipeline.now(decision.rma_id) > timedelta(days=1)
        assert [pickup["warehouse"] for pickup in await pipeline.books("pickups", decision.rma_id)] == ["east"]
        await pipeline.told(decision.rma_id)
        (notice,) = await pipeline.books("warehouse", decision.rma_id)
        assert notice["details"]["warehouse"] == "east"


async def test_a_policy_version_that_a_worker_lacks_is_told_and_waits_for_its_file(
    time_skipping_env: TimeSkippingEnv, tmp_path: Path
) -> None:
    policies = load_policies(None)
    async with running_pipeline(time_skipping_env.address, tmp_path, policies=policies) as pipeline:
        decision = await pipeline.apply(await pipeline.order(), lines=[FAULTY])
        lacking = policies.by_version.pop(policies.current.version)
        evidence = [{"line_id": "SHIRT-M", "evidence": [PHOTO]}]
        await pipeline.act(decision.rma_id, Action.SUBMIT_EVIDENCE, Role.CUSTOMER, lines=evidence)
        await pipeline.until(decision.rma_id, lambda status: status.needs == Role.SUPERVISOR)
        assert await pipeline.messages(decision.rma_id, 1, "staff_alert") == ["staff_ledger_refused"]
        (alert,) = [
            each for each in await pipeline.books("messages", decision.rma_id) if each["audience"] == "staff_alert"
        ]
        assert lacking.version in alert["body"]
        policies.by_version[lacking.version] = lacking
        await pipeline.lapse(decision.rma_id, DAY + HOUR)
        status = await pipeline.until(decision.rma_id, lambda each: each.approval is Approval.MANUAL_REVIEW)
        assert status.policy_version == lacking.version
