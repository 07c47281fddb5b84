"""Rulings of the platform: for an amount, above what is left, and for what the ledger does not pay."""

from typing import Any

import pytest

from domain.actions import Action, Role
from domain.status import Approval, Header
from domain.worksheet import WorksheetRule
from starters.errors import ActionNotAllowed, InvalidAction, RoleNotPermitted
from testkit.pipeline import Pipeline, outage
from tests.workflow.reviews import DAY, HOUR, MINUTE, USED, held
from tests.workflow.test_advance_refund import advanced
from tests.workflow.test_complaint import RULING, complain, escalated, partly_rejected
from workflows.contracts import ReturnStatus

ONE = [{"line_id": "SHIRT-M", "quantity": 1}]


async def rule(pipeline: Pipeline, rma_id: str, role: Role = Role.ORDER_SYSTEM, **fields: Any) -> None:
    await pipeline.until(rma_id, lambda status: Action.RECORD_ARBITRATION in status.allowed_actions)
    await pipeline.act(rma_id, Action.RECORD_ARBITRATION, role, **(RULING | fields))


async def handed_over(pipeline: Pipeline, rma_id: str, alerts: int) -> None:
    """A supervisor has the ruling after so many alerts, is told each day, and the ledger is not asked again."""

    def is_handed_over(status: ReturnStatus) -> bool:
        told = [entry.what for entry in status.timeline]
        assert "the ledger refused" not in told
        is_open = Action.RECORD_ARBITRATION in status.allowed_actions and status.next_deadline is not None
        return told.count("ruling not carried out") == 1 and is_open and status.needs == Role.SUPERVISOR

    await pipeline.until(rma_id, is_handed_over)
    assert (await pipeline.messages(rma_id, alerts, "staff_alert"))[-1] == "staff_ruling_refused"
    await pipeline.lapse(rma_id, 2 * DAY + HOUR)
    told = await pipeline.messages(rma_id, alerts + 2, "staff_alert")
    assert told.count("staff_ruling_refused") == 3
    await pipeline.until(rma_id, is_handed_over)


async def test_an_amount_is_paid_within_what_is_left(pipeline: Pipeline) -> None:
    rma_id, order = await partly_rejected(pipeline)
    await pipeline.act(rma_id, Action.ACCEPT_RESULT, Role.CUSTOMER)
    with pytest.raises(InvalidAction, match="Only 10000 CNY") as refused:
        await rule(pipeline, rma_id, amount_minor=10_001)
    assert refused.value.field == "amount_minor"
    await rule(pipeline, rma_id, amount_minor=2_501)
    assert (await pipeline.end(rma_id)).refunded_minor == 12_501
    assert (await pipeline.balance(order["order_id"])).refunded_minor == 12_501
    assert await held(pipeline, order) == [0]
    *_, last = (await pipeline.returns.explain(rma_id)).refunds
    assert [(row.rule, row.amount_minor) for row in last.rows] == [(WorksheetRule.ARBITRATION, 2_501)]
    assert "arbitration_won" in await pipeline.told(rma_id)


async def test_an_amount_overrules_a_decline(pipeline: Pipeline) -> None:
    order = await pipeline.order()
    rma_id = (await pipeline.apply(order, lines=[USED])).rma_id
    await complain(pipeline, rma_id)
    await escalated(pipeline, rma_id)
    await pipeline.act(rma_id, Action.REVIEW, Role.AGENT_TIER_2, approve=False, note="worn")
    await pipeline.until(rma_id, lambda status: status.approval is Approval.DECLINED)
    await pipeline.lapse(rma_id, 7 * DAY + MINUTE)
    await rule(pipeline, rma_id, amount_minor=3_333)
    result = await pipeline.end(rma_id)
    assert (result.header, result.refunded_minor) == (Header.COMPLETED, 3_333)
    await pipeline.balance(order["order_id"])


async def test_units_of_an_advance_that_ended_are_a_supervisors_to_settle(pipeline: Pipeline) -> None:
    case = await advanced(pipeline)
    await complain(pipeline, case.rma_id)
    await escalated(pipeline, case.rma_id)
    await case.found()
    await case.announced()
    await case.act(Action.APPEAL_RECOVERY, Role.CUSTOMER, note="It was in the parcel.")
    await case.act(Action.DECIDE_RECOVERY, Role.SUPERVISOR, waive=True, note="The parcel was torn.")
    with pytest.raises(InvalidAction, match="Only 0 CNY"):
        await rule(pipeline, case.rma_id, amount_minor=1)
    await rule(pipeline, case.rma_id, units=ONE)
    await handed_over(pipeline, case.rma_id, alerts=4)
    with pytest.raises(RoleNotPermitted) as refused:
        await rule(pipeline, case.rma_id, paid_by_hand=True)
    assert refused.value.field == "paid_by_hand"
    await rule(pipeline, case.rma_id, Role.SUPERVISOR, paid_by_hand=True)
    await pipeline.end(case.rma_id)
    assert await case.moved() == ([10_000], {})
    assert "arbitration_won" in await pipeline.told(case.rma_id)


async def test_a_ruling_on_a_refused_return_is_a_supervisors_to_settle(pipeline: Pipeline) -> None:
    """The order system was away, so that the customer complained before the return was refused."""
    order = await pipeline.order()
    await pipeline.end(await pipeline.inspected(order))
    await pipeline.fault(target="orders.get", match={"order_id": order["order_id"]}, **outage())
    rma_id, deciding = await pipeline.begin(order)
    await complain(pipeline, rma_id)
    await escalated(pipeline, rma_id)
    await pipeline.lapse(rma_id, 2 * HOUR)
    assert (await deciding).approval is Approval.REFUSED
    await rule(pipeline, rma_id, units=ONE)
    await handed_over(pipeline, rma_id, alerts=4)
    assert (await pipeline.returns.status(rma_id)).approval is Approval.REFUSED
    await rule(pipeline, rma_id)
    result = await pipeline.end(rma_id)
    assert (result.header, result.refunded_minor) == (Header.REFUSED, 0)
    with pytest.raises(ActionNotAllowed):
        await pipeline.act(rma_id, Action.RECORD_ARBITRATION, Role.ORDER_SYSTEM, **RULING)
