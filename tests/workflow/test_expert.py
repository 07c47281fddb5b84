"""Expert review of a contested inspection, goods that go back, and exchanges that a contest won."""

import pytest

from domain.actions import Action, Role
from domain.clocks import ClockName
from domain.status import Header, InspectionStatus
from starters.errors import ActionNotAllowed, InvalidAction, RoleNotPermitted
from testkit.pipeline import Pipeline, variant
from tests.workflow.reviews import HOUR, MINUTE
from tests.workflow.test_contest import Disputed, disputed, found

ONE = [{"line_id": "SHIRT-M", "quantity": 1}]


async def with_an_expert(pipeline: Pipeline) -> Disputed:
    """Two of four shirts were accepted, one rejected, one is missing; an expert looks at the rejected one."""
    case = await disputed(pipeline)
    evidence = [{"kind": "image", "reference": "media/seam.jpg"}]
    await case.act(Action.CONTEST, note="it came like this", evidence=evidence)
    await pipeline.until(case.rma_id, lambda status: status.needs == Role.SUPERVISOR)
    await case.act(Action.REQUEST_EXPERT, Role.SUPERVISOR, note="from a fall?")
    await pipeline.until(
        case.rma_id,
        lambda status: any(c.name is ClockName.EXPERT and c.ended_at is None for c in status.clocks),
    )
    return case


async def test_the_decision_waits_for_the_expert(pipeline: Pipeline) -> None:
    case = await with_an_expert(pipeline)
    status = await pipeline.returns.status(case.rma_id)
    assert (status.inspection, status.money_settled) == (InspectionStatus.EXPERT_REVIEW, False)
    assert any("media/seam.jpg" in entry.detail for entry in status.timeline)
    with pytest.raises(ActionNotAllowed):
        await case.act(Action.DECIDE_CONTEST, Role.SUPERVISOR, note="no need")
    with pytest.raises(RoleNotPermitted):
        await case.act(Action.EXPERT_OPINION, Role.SUPERVISOR, finding="fault", note="not mine to say")
    await pipeline.lapse(case.rma_id, 48 * HOUR + MINUTE)
    assert (await pipeline.told(case.rma_id, "staff_alert")).count("staff_expert_asked") == 2


@pytest.mark.parametrize(
    ("finding", "refused", "possible", "refunds"),
    [
        ("fault", [], ONE, [4_999, 2_500]),
        ("misuse", [{"line_id": "SHIRT-M", "quantity": 2}], ONE, [4_999, 2_500]),
        ("misunderstanding", None, [], [4_999]),
    ],
)
async def test_what_the_expert_finds_binds_the_supervisor(
    pipeline: Pipeline,
    finding: str,
    refused: list[dict[str, object]] | None,
    possible: list[dict[str, object]],
    refunds: list[int],
) -> None:
    case = await with_an_expert(pipeline)
    await case.act(Action.EXPERT_OPINION, Role.AGENT_TIER_2, finding=finding, note="I took it apart")
    status = await pipeline.returns.status(case.rma_id)
    assert status.inspection is InspectionStatus.PARTIALLY_ACCEPTED
    with pytest.raises(ActionNotAllowed):
        await case.act(Action.REQUEST_EXPERT, Role.SUPERVISOR, note="once more")
    if refused is not None:
        with pytest.raises(InvalidAction, match="expert found"):
            await case.act(Action.DECIDE_CONTEST, Role.SUPERVISOR, note="I see it so", accepted=refused)
    await case.act(Action.DECIDE_CONTEST, Role.SUPERVISOR, note="as found", accepted=possible)
    await case.ended(refunds, settled=2 + len(possible))
    assert "expert_asked" in await pipeline.told(case.rma_id)


async def test_rejected_goods_go_back_to_a_customer_who_wants_them(pipeline: Pipeline) -> None:
    case = await disputed(pipeline)
    await case.act(Action.ACCEPT_RESULT, return_rejected=True)
    await case.ended([4_999], settled=2)
    assert "rejected_goods_returned" in await pipeline.told(case.rma_id)
    notices = await pipeline.books("warehouse", case.rma_id)
    sent_back = [entry for entry in notices if entry["subject"].endswith("RETURN_TO_CUSTOMER")]
    assert [entry["details"]["quantity"] for entry in sent_back] == [1], "the missing one cannot be sent"


async def test_goods_go_back_when_a_contest_is_lost(pipeline: Pipeline) -> None:
    case = await disputed(pipeline)
    await case.act(Action.CONTEST, note="never worn", return_rejected=True)
    await pipeline.until(case.rma_id, lambda status: status.needs == Role.SUPERVISOR)
    await case.act(Action.DECIDE_CONTEST, Role.SUPERVISOR, note="it was worn")
    await case.ended([4_999], settled=2)
    assert "rejected_goods_returned" in await pipeline.told(case.rma_id)


async def test_what_did_not_come_cannot_be_sent_back_nor_examined(pipeline: Pipeline) -> None:
    case = await disputed(pipeline, found(2, True))
    for action in (Action.ACCEPT_RESULT, Action.CONTEST):
        with pytest.raises(InvalidAction) as refused:
            await case.act(action, return_rejected=True, note="they were in it")
        assert refused.value.field == "return_rejected"
    await case.act(Action.CONTEST, note="they were in it")
    await pipeline.until(case.rma_id, lambda status: status.needs == Role.SUPERVISOR)
    with pytest.raises(ActionNotAllowed):
        await case.act(Action.REQUEST_EXPERT, Role.SUPERVISOR, note="look")


async def test_a_contest_after_its_window_is_refused_with_the_reason(pipeline: Pipeline) -> None:
    case = await disputed(pipeline)
    await case.act(Action.COMPLAIN, note="nobody looked")
    await pipeline.lapse(case.rma_id, 73 * HOUR)
    await pipeline.until(case.rma_id, lambda status: Action.CONTEST not in status.allowed_actions)
    before = await pipeline.returns.status(case.rma_id)
    with pytest.raises(ActionNotAllowed, match="contest is not allowed"):
        await case.act(Action.CONTEST, note="too late")
    assert await pipeline.returns.status(case.rma_id) == before


async def test_an_exchange_that_a_contest_won_is_an_exchange_while_its_stock_is_held(pipeline: Pipeline) -> None:
    order = await pipeline.order()
    await pipeline.product(variant("SHIRT-M"), variant("SHIRT-L"))
    asked = {
        "line_id": "SHIRT-M",
        "quantity": 1,
        "condition": "unopened",
        "reason": "size_too_small",
        "replacement_item_ids": ["SHIRT-L"],
    }
    rma_id = await pipeline.inspected(order, found(1, False), desired_resolution="exchange", lines=[asked])
    await pipeline.until(rma_id, lambda status: Action.CONTEST in status.allowed_actions)
    await pipeline.act(rma_id, Action.CONTEST, Role.CUSTOMER, note="never worn")
    await pipeline.until(rma_id, lambda status: status.needs == Role.SUPERVISOR)
    await pipeline.act(rma_id, Action.DECIDE_CONTEST, Role.SUPERVISOR, note="so it is", accepted=ONE)
    result = await pipeline.end(rma_id)
    assert (result.header, result.refunded_minor) == (Header.COMPLETED, 0)
    assert len(await pipeline.books("replacements", rma_id)) == 1
    status = await pipeline.returns.status(rma_id)
    assert status.inspection is InspectionStatus.ACCEPTED
