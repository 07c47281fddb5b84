"""Contest of a deduction: the accepted units are paid at once less it, and what a verdict lowers is paid after."""

from typing import Any

import pytest

from domain.actions import Action, Role
from domain.status import Header, InspectionStatus
from domain.worksheet import WorksheetRule
from starters.cli.next_steps import default_role, example_for
from starters.errors import ActionNotAllowed, InvalidAction
from testkit.pipeline import Pipeline, line
from tests.workflow.payouts import paid_to
from tests.workflow.reviews import DAY, HOUR, MINUTE
from tests.workflow.swaps import swap
from tests.workflow.test_advance_refund import advanced
from tests.workflow.test_authority import act, somebody
from tests.workflow.test_chargeback import release, report
from tests.workflow.test_contest import Disputed, disputed, found
from tests.workflow.test_store_credit import account

STAIN = {"checks": [{"code": "stain", "passed": False, "photos": ["media/stain.jpg"]}], "note": "a stain"}
UNOPENED = {"line_id": "SHIRT-M", "quantity": 1, "condition": "unopened"}


def worn(quantity: int = 1, bps: int = 1_500) -> dict[str, Any]:
    return found(quantity, True) | STAIN | {"deduction_bps": bps}


def lower(to_bps: int, quantity: int = 1, line_id: str = "SHIRT-M") -> list[dict[str, Any]]:
    return [{"line_id": line_id, "quantity": quantity, "deduction_bps": to_bps}]


async def deducted(pipeline: Pipeline, price_minor: int = 12_345, **changes: Any) -> Disputed:
    """One shirt that was accepted, and is paid less 15 %."""
    order = await pipeline.order(lines=[line(unit_price_minor=price_minor)])
    rma_id = await pipeline.inspected(order, worn(), **changes)
    await pipeline.settled(rma_id)
    return Disputed(pipeline, order, rma_id)


async def contested(pipeline: Pipeline, case: Disputed) -> None:
    await pipeline.until(case.rma_id, lambda status: Action.CONTEST in status.allowed_actions)
    await case.act(Action.CONTEST, note="it came like this")
    await pipeline.until(case.rma_id, lambda status: status.needs == Role.SUPERVISOR)


async def decide(case: Disputed, *entries: dict[str, Any], **fields: Any) -> None:
    await case.act(
        Action.DECIDE_CONTEST, Role.SUPERVISOR, note="I looked again", deductions=list(entries), **fields
    )


async def test_a_lower_deduction_pays_the_difference_once_and_adds_up(pipeline: Pipeline) -> None:
    case = await deducted(pipeline)
    status = await pipeline.returns.status(case.rma_id)
    assert (status.inspection, status.is_final) == (InspectionStatus.ACCEPTED, False)
    assert [units.deduction_bps for units in status.parcels[0].deducted] == [1_500]
    assert Action.MAKE_OFFER not in status.allowed_actions, "there are no units to offer anything for"
    await contested(pipeline, case)
    before = await pipeline.returns.status(case.rma_id)
    for field, wrong in {
        "deductions[0].line_id": lower(500, line_id="HAT"),
        "deductions[0].deduction_bps": lower(1_500),
        "deductions[0].quantity": lower(500, quantity=2),
        "deductions[1].line_id": lower(500) * 2,
    }.items():
        with pytest.raises(InvalidAction) as refused:
            await decide(case, *wrong)
        assert refused.value.field == field
    assert await pipeline.returns.status(case.rma_id) == before
    await pipeline.fault(target="payments.refund", kind="lost_response", match={"rma_id": case.rma_id})
    await decide(case, *lower(500))
    await pipeline.lapse(case.rma_id, MINUTE)
    await case.ended([10_494, 1_234], settled=1)
    status = await pipeline.returns.status(case.rma_id)
    assert [units.deduction_bps for units in status.parcels[0].deducted] == [500]
    first, second = (await pipeline.returns.explain(case.rma_id)).refunds
    assert (first.total_minor, second.total_minor) == (10_494, 12_345 - 617 - 10_494)
    assert [(row.rule, row.amount_minor) for row in second.rows] == [(WorksheetRule.DEDUCTION_LOWERED, 1_234)]
    told = await pipeline.told(case.rma_id)
    assert [name for name in told if "deduct" in name] == ["inspection_deducted", "deduction_lowered"]
    assert "contest_dismissed" not in told


async def test_silence_and_acceptance_leave_the_deduction(pipeline: Pipeline) -> None:
    silent, agreed = await deducted(pipeline), await deducted(pipeline)
    await agreed.act(Action.ACCEPT_RESULT)
    await agreed.ended([10_494], settled=1)
    await pipeline.lapse(silent.rma_id, 72 * HOUR - MINUTE)
    assert not (await pipeline.returns.status(silent.rma_id)).is_final
    await pipeline.lapse(silent.rma_id, 2 * MINUTE)
    await silent.ended([10_494], settled=1)


async def test_units_accepted_after_all_and_a_lower_deduction_are_paid_side_by_side(pipeline: Pipeline) -> None:
    """Of 9999 for four: two are paid less 15 %, 4249; the rejected one is 2500; then one of the two has none."""
    case = await disputed(pipeline, worn(2), found(1, False))
    await contested(pipeline, case)
    await decide(case, *lower(0), accepted=[{"line_id": "SHIRT-M", "quantity": 1}])
    # 749 were taken off 4999; 375 of the second unit's 2500 are due.
    await case.ended([4_250, 2_500, 374], settled=3)


async def test_the_next_step_that_a_status_shows_is_taken(pipeline: Pipeline) -> None:
    case = await disputed(pipeline, worn(2), found(1, False))
    await contested(pipeline, case)
    for action in (Action.PAUSE_CLOCKS, Action.DECIDE_CONTEST):
        status = await pipeline.returns.status(case.rma_id)
        await case.act(action, default_role(action), **example_for(action, status))
    # What was rejected or missing is accepted, 5000 of 9999; 375 of 750 taken off the other two are given back.
    await case.ended([4_250, 5_000, 375], settled=4)


async def test_above_the_cap_a_second_person_approves_the_difference(pipeline: Pipeline) -> None:
    order = await pipeline.order(lines=[line(unit_price_minor=6_000_000)])
    decision = await pipeline.apply(order)
    await pipeline.until(decision.rma_id, lambda status: status.approval in ("APPROVED", "MANUAL_REVIEW"))
    if (await pipeline.returns.status(decision.rma_id)).approval == "MANUAL_REVIEW":
        await pipeline.act(decision.rma_id, Action.REVIEW, Role.AGENT_TIER_2, approve=True, note="fine")
    await pipeline.to_the_warehouse(decision.rma_id)
    await pipeline.inspect(decision.rma_id, worn())
    case = Disputed(pipeline, order, decision.rma_id)
    await contested(pipeline, case)
    boss, other = somebody(Role.SUPERVISOR), somebody(Role.SUPERVISOR)
    answer = await act(pipeline, case.rma_id, Action.DECIDE_CONTEST, boss, note="new", deductions=lower(500))
    assert answer.awaits_approval
    status = await pipeline.until(case.rma_id, lambda status: status.pending_payout is not None)
    assert await case.refunds() == [5_100_000]
    await act(
        pipeline,
        case.rma_id,
        Action.APPROVE_PAYOUT,
        other,
        amount_minor=600_000,
        expected_version=status.version,
    )
    await case.ended([5_100_000, 600_000], settled=1)


@pytest.mark.parametrize(
    ("finding", "wrong", "refunds"), [("fault", 500, [10_494, 1_851]), ("misuse", 500, [10_494])]
)
async def test_an_expert_on_deducted_goods_binds(
    pipeline: Pipeline, finding: str, wrong: int, refunds: list[int]
) -> None:
    case = await deducted(pipeline)
    await contested(pipeline, case)
    await case.act(Action.REQUEST_EXPERT, Role.SUPERVISOR, note="from wearing it?")
    await case.act(Action.EXPERT_OPINION, Role.AGENT_TIER_2, finding=finding, note="I took it apart")
    with pytest.raises(InvalidAction, match="expert found"):
        await decide(case, *lower(wrong))
    await decide(case, *(lower(0) if finding == "fault" else []))
    await case.ended(refunds, settled=1)


async def test_an_advance_is_recovered_less_what_the_contest_won(pipeline: Pipeline) -> None:
    case = await advanced(pipeline)
    await case.found(worn())
    await case.act(Action.CONTEST, Role.CUSTOMER, note="it came like this")
    await case.act(Action.DECIDE_CONTEST, Role.SUPERVISOR, note="partly", deductions=lower(500))
    await case.until_allowed(Action.APPEAL_RECOVERY)
    await pipeline.lapse(case.rma_id, 7 * DAY + HOUR)
    await pipeline.end(case.rma_id)
    assert await case.moved() == ([10_000], {case.card: 500})


async def test_a_deduction_that_an_exchange_charged_is_paid_back(pipeline: Pipeline) -> None:
    case = await swap(pipeline)
    await case.apply("SAME")
    await case.come_back(worn())
    await pipeline.until(case.rma_id, lambda status: Action.CONTEST in status.allowed_actions)
    await pipeline.act(case.rma_id, Action.CONTEST, Role.CUSTOMER, note="it came like this")
    await pipeline.act(case.rma_id, Action.DECIDE_CONTEST, Role.SUPERVISOR, note="yes", deductions=lower(500))
    result = await pipeline.end(case.rma_id)
    assert (result.header, result.charged_minor, result.refunded_minor) == (Header.COMPLETED, 1_500, 1_000)
    await pipeline.balance(case.order_id)


async def test_store_credit_gets_the_difference_too(pipeline: Pipeline) -> None:
    case = await deducted(pipeline, price_minor=10_000, desired_resolution="store_credit")
    await contested(pipeline, case)
    await decide(case, *lower(500))
    await pipeline.end(case.rma_id)
    credit = await account(pipeline, case.order)
    assert await paid_to(pipeline, case.rma_id, case.order) == {credit["account_id"]: 9_500}
    assert credit["balance_minor"] == 9_500 + 255 + 30


async def test_goods_that_were_paid_in_full_before_have_no_deduction_to_contest(pipeline: Pipeline) -> None:
    """A lost parcel was paid for without a deduction; that it then comes worn takes nothing off."""
    order = await pipeline.order()
    rma_id = (await pipeline.apply(order, lines=[UNOPENED])).rma_id
    await pipeline.until(rma_id, lambda status: bool(status.tracking_no))
    await report(pipeline, rma_id, order, 1_000)
    await pipeline.scan(rma_id, "picked_up")
    await pipeline.scan(rma_id, "lost")
    await pipeline.until(
        rma_id, lambda status: any("waits for a chargeback" in entry.what for entry in status.timeline)
    )
    await pipeline.receive(rma_id)
    await pipeline.inspect(rma_id, worn())
    await release(pipeline, rma_id)
    assert (await pipeline.end(rma_id)).refunded_minor == 10_000
    with pytest.raises(ActionNotAllowed):
        await pipeline.act(rma_id, Action.CONTEST, Role.CUSTOMER, note="why")
