"""The complaint lane: a supervisor answers, the platform's ruling binds, and no other money waits for either."""

from typing import Any

import pytest

from domain.actions import Action, Role
from domain.clocks import ClockName
from domain.status import Approval, Header, Reimbursement
from starters.errors import ActionNotAllowed, InvalidAction, RoleNotPermitted
from testkit.pipeline import Pipeline, line
from tests.workflow.payouts import shipped_back
from tests.workflow.reviews import DAY, HOUR, MINUTE, USED, held

TWO = [{"line_id": "SHIRT-M", "quantity": 2, "condition": "unopened"}]
ACCEPTED = {"line_id": "SHIRT-M", "quantity": 1, "verdict": "accepted", "grade": "A"}
REJECTED = {"line_id": "SHIRT-M", "quantity": 1, "verdict": "rejected", "grade": "D", "note": "worn"}
RULING: dict[str, Any] = {"reference": "PLATFORM-1", "note": "the photos show it"}


async def waits_for(pipeline: Pipeline, rma_id: str, clock: ClockName) -> None:
    await pipeline.until(
        rma_id, lambda status: any(entry.name is clock and entry.ended_at is None for entry in status.clocks)
    )


async def complain(pipeline: Pipeline, rma_id: str) -> None:
    await pipeline.act(rma_id, Action.COMPLAIN, Role.CUSTOMER, note="nobody calls me back")
    await waits_for(pipeline, rma_id, ClockName.COMPLAINT)


async def answered(pipeline: Pipeline, rma_id: str) -> None:
    await pipeline.act(rma_id, Action.ANSWER_COMPLAINT, Role.SUPERVISOR, note="we do now")
    await waits_for(pipeline, rma_id, ClockName.ESCALATION)


async def escalated(pipeline: Pipeline, rma_id: str) -> None:
    await pipeline.act(rma_id, Action.ESCALATE_TO_PLATFORM, Role.CUSTOMER, note="not good enough")
    await waits_for(pipeline, rma_id, ClockName.ARBITRATION)


async def partly_rejected(pipeline: Pipeline) -> tuple[str, dict[str, Any]]:
    """Of two shirts one was accepted; the customer complains and takes it to the platform."""
    order = await pipeline.order(lines=[line(quantity=2)])
    rma_id = await shipped_back(pipeline, order, lines=TWO)
    await complain(pipeline, rma_id)
    await escalated(pipeline, rma_id)
    await pipeline.inspect(rma_id, ACCEPTED, REJECTED)
    await pipeline.settled(rma_id)
    return rma_id, order


async def test_a_complaint_reaches_a_supervisor_and_holds_up_no_money(pipeline: Pipeline) -> None:
    order = await pipeline.order()
    rma_id = await shipped_back(pipeline, order)
    await complain(pipeline, rma_id)
    assert (await pipeline.returns.status(rma_id)).needs == Role.SUPERVISOR
    with pytest.raises(ActionNotAllowed):
        await pipeline.act(rma_id, Action.COMPLAIN, Role.CUSTOMER, note="twice")
    with pytest.raises(RoleNotPermitted):
        await pipeline.act(rma_id, Action.ANSWER_COMPLAINT, Role.AGENT_TIER_3, note="not mine to say")
    await pipeline.inspect(rma_id)
    status = await pipeline.settled(rma_id)
    assert [refund.amount_minor for refund in (await pipeline.ending(rma_id, order["order_id"])).refunds] == [
        10_000
    ]
    assert not status.is_final, "the complaint is still to be answered"
    await answered(pipeline, rma_id)
    await pipeline.lapse(rma_id, 72 * HOUR - MINUTE)
    assert not (await pipeline.returns.status(rma_id)).is_final
    await pipeline.lapse(rma_id, 2 * MINUTE)
    assert (await pipeline.end(rma_id)).header is Header.COMPLETED
    assert [name for name in await pipeline.told(rma_id) if name.startswith("complaint")] == [
        "complaint_received",
        "complaint_answered",
    ]
    with pytest.raises(ActionNotAllowed):
        await pipeline.act(rma_id, Action.COMPLAIN, Role.CUSTOMER, note="too late")


async def test_a_complaint_that_waits_is_told_to_the_supervisor_each_day(pipeline: Pipeline) -> None:
    rma_id = (await pipeline.apply(await pipeline.order(), lines=[USED])).rma_id
    await complain(pipeline, rma_id)
    for days in (1, 2):
        await pipeline.lapse(rma_id, DAY + MINUTE)
        # The review, too, is told of each day.
        told = await pipeline.messages(rma_id, 2 * days + 1, "staff_alert")
        assert told.count("staff_complaint") == days + 1


@pytest.mark.parametrize("won", [True, False], ids=["won", "dismissed"])
async def test_the_platforms_ruling_is_carried_out(pipeline: Pipeline, won: bool) -> None:
    rma_id, order = await partly_rejected(pipeline)
    units = [{"line_id": "SHIRT-M", "quantity": 1}] if won else []
    with pytest.raises(ActionNotAllowed):
        await pipeline.act(rma_id, Action.RECORD_ARBITRATION, Role.ORDER_SYSTEM, units=units, **RULING)
    await pipeline.act(rma_id, Action.ACCEPT_RESULT, Role.CUSTOMER)
    await pipeline.until(rma_id, lambda status: Action.RECORD_ARBITRATION in status.allowed_actions)
    with pytest.raises(RoleNotPermitted):
        await pipeline.act(rma_id, Action.RECORD_ARBITRATION, Role.CUSTOMER, units=units, **RULING)
    too_many = [{"line_id": "SHIRT-M", "quantity": 2}]
    with pytest.raises(InvalidAction) as refused:
        await pipeline.act(rma_id, Action.RECORD_ARBITRATION, Role.ORDER_SYSTEM, units=too_many, **RULING)
    assert refused.value.field == "units[0].quantity"
    await pipeline.act(rma_id, Action.RECORD_ARBITRATION, Role.ORDER_SYSTEM, units=units, **RULING)
    assert (await pipeline.end(rma_id)).refunded_minor == (20_000 if won else 10_000)
    assert (await pipeline.balance(order["order_id"])).refunded_minor == (20_000 if won else 10_000)
    assert await held(pipeline, order) == [0]
    assert ("arbitration_won" if won else "arbitration_dismissed") in await pipeline.told(rma_id)
    promised = [
        clock for clock in (await pipeline.returns.status(rma_id)).clocks if clock.name is ClockName.SETTLEMENT
    ]
    assert [clock.subject for clock in promised] == (["", "arbitration"] if won else [""])


async def test_the_platform_may_overrule_a_decline(pipeline: Pipeline) -> None:
    order = await pipeline.order()
    rma_id = (await pipeline.apply(order, lines=[USED])).rma_id
    await complain(pipeline, rma_id)
    await escalated(pipeline, rma_id)
    await pipeline.act(rma_id, Action.REVIEW, Role.AGENT_TIER_2, approve=False, note="worn")
    await pipeline.until(rma_id, lambda status: status.approval is Approval.DECLINED)
    await pipeline.lapse(rma_id, 7 * DAY + MINUTE)
    status = await pipeline.until(rma_id, lambda status: Action.RECORD_ARBITRATION in status.allowed_actions)
    assert (status.is_final, status.money_settled) == (False, False)
    units = [{"line_id": "SHIRT-M", "quantity": 1}]
    await pipeline.act(rma_id, Action.RECORD_ARBITRATION, Role.ORDER_SYSTEM, units=units, **RULING)
    result = await pipeline.end(rma_id)
    assert (result.header, result.refunded_minor) == (Header.COMPLETED, 10_000)
    assert (await pipeline.returns.status(rma_id)).reimbursement is Reimbursement.SETTLED
    await pipeline.balance(order["order_id"])


async def test_a_platform_that_takes_its_time_is_looked_after(pipeline: Pipeline) -> None:
    rma_id, _ = await partly_rejected(pipeline)
    await pipeline.act(rma_id, Action.ACCEPT_RESULT, Role.CUSTOMER)
    await pipeline.lapse(rma_id, 15 * DAY + MINUTE)
    assert (await pipeline.told(rma_id, "staff_alert")).count("staff_arbitration") == 2
    assert not (await pipeline.returns.status(rma_id)).is_final
