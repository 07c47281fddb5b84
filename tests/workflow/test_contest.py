"""Contest of an inspection: what was accepted is paid at once; what was not may be objected to."""

from datetime import timedelta
from typing import Any

import pytest

from domain.actions import Action, Role
from domain.clocks import ClockName
from domain.status import Header
from starters.errors import ActionNotAllowed, InvalidAction, RoleNotPermitted
from testkit.pipeline import Pipeline, line

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def found(quantity: int, accepted: bool) -> dict[str, Any]:
    if accepted:
        return {"line_id": "SHIRT-M", "quantity": quantity, "verdict": "accepted", "grade": "A"}
    return {"line_id": "SHIRT-M", "quantity": quantity, "verdict": "rejected", "grade": "D", "note": "worn"}


class Disputed:
    """A return of four shirts for 99.99 together."""

    def __init__(self, pipeline: Pipeline, order: dict[str, Any], rma_id: str) -> None:
        self.pipeline = pipeline
        self.order = order
        self.rma_id = rma_id

    async def act(self, action: Action, role: Role = Role.CUSTOMER, **fields: Any) -> None:
        await self.pipeline.act(self.rma_id, action, role, **fields)

    async def refunds(self) -> list[int]:
        ending = await self.pipeline.ending(self.rma_id, self.order["order_id"])
        return [refund.amount_minor for refund in ending.refunds]

    async def ended(self, refunds: list[int], settled: int) -> None:
        assert (await self.pipeline.end(self.rma_id)).header is Header.COMPLETED
        assert await self.refunds() == refunds
        balance = await self.pipeline.balance(self.order["order_id"])
        assert (balance.refunded_minor, balance.lines[0].settled, balance.lines[0].held) == (
            sum(refunds),
            settled,
            0,
        )


async def disputed(pipeline: Pipeline, *units: dict[str, Any]) -> Disputed:
    """Two of the four were accepted and are paid; one was rejected and one is missing, unless told otherwise."""
    order = await pipeline.order(lines=[line(quantity=4, unit_price_minor=2_500, discount_minor=1)])
    asked = [{"line_id": "SHIRT-M", "quantity": 4, "condition": "unopened"}]
    rma_id = await pipeline.inspected(order, *(units or (found(2, True), found(1, False))), lines=asked)
    await pipeline.until(rma_id, lambda status: "contest" in status.allowed_actions)
    return Disputed(pipeline, order, rma_id)


async def test_what_was_accepted_is_paid_before_the_contest_ends(pipeline: Pipeline) -> None:
    case = await disputed(pipeline)
    status = await pipeline.settled(case.rma_id)
    assert await case.refunds() == [4_999]
    assert status.header is Header.PARTIALLY_COMPLETED
    (entry,) = status.lines
    assert (entry.accepted, entry.rejected, entry.missing, entry.refunded) == (2, 1, 1, 2)
    assert not status.is_final
    assert not status.money_settled, "the contest may still move money"
    assert status.next_deadline is not None
    assert status.next_deadline.clock is ClockName.CONTEST


async def test_silence_accepts_the_result(pipeline: Pipeline) -> None:
    case = await disputed(pipeline)
    await pipeline.lapse(case.rma_id, 72 * HOUR - MINUTE)
    assert "contest" in (await pipeline.returns.status(case.rma_id)).allowed_actions
    await pipeline.lapse(case.rma_id, 2 * MINUTE)
    await case.ended([4_999], settled=2)
    with pytest.raises(ActionNotAllowed):
        await case.act(Action.CONTEST, note="too late")


async def test_an_agreement_ends_the_return_at_once(pipeline: Pipeline) -> None:
    case = await disputed(pipeline)
    await case.act(Action.ACCEPT_RESULT)
    await case.ended([4_999], settled=2)
    assert (await pipeline.apply(case.order)).refusal is None


@pytest.mark.parametrize(
    ("accepted", "refunds"), [(0, [4_999]), (1, [4_999, 2_500]), (2, [4_999, 5_000])], ids=["none", "part", "all"]
)
async def test_a_supervisor_decides_what_is_accepted_after_all(
    pipeline: Pipeline, accepted: int, refunds: list[int]
) -> None:
    case = await disputed(pipeline)
    await case.act(Action.CONTEST, note="they were never worn")
    await pipeline.until(case.rma_id, lambda status: status.needs == Role.SUPERVISOR)
    with pytest.raises(RoleNotPermitted):
        await case.act(Action.DECIDE_CONTEST, Role.AGENT_TIER_3, note="not mine to say")
    too_many = [{"line_id": "SHIRT-M", "quantity": 3}]
    with pytest.raises(InvalidAction):
        await case.act(Action.DECIDE_CONTEST, Role.SUPERVISOR, note="more than there are", accepted=too_many)
    verdict = [{"line_id": "SHIRT-M", "quantity": accepted}] if accepted else []
    await case.act(Action.DECIDE_CONTEST, Role.SUPERVISOR, note="I looked again", accepted=verdict)
    await case.ended(refunds, settled=2 + accepted)
    told = await pipeline.told(case.rma_id)
    assert "contest_received" in told
    decided = [name for name in told if name.startswith("contest_") and name != "contest_received"]
    assert len(decided) == 1, "the customer is told the decision, whatever it is"
    assert accepted or decided != ["contest_decided"], "that text says that more was accepted"
    (entry,) = (await pipeline.returns.status(case.rma_id)).lines
    assert entry.accepted + entry.rejected + entry.missing == 4
    assert entry.refunded == 2 + accepted


async def test_a_contest_of_a_result_without_anything_accepted_is_paid_by_its_verdict(pipeline: Pipeline) -> None:
    case = await disputed(pipeline, found(4, False))
    assert await case.refunds() == []
    await case.act(Action.CONTEST, note="they were never worn")
    await case.act(
        Action.DECIDE_CONTEST,
        Role.SUPERVISOR,
        note="so it is",
        accepted=[{"line_id": "SHIRT-M", "quantity": 4}],
    )
    await case.ended([9_999], settled=4)


async def test_a_contest_that_waits_is_told_to_the_supervisor_each_day(pipeline: Pipeline) -> None:
    case = await disputed(pipeline)
    await case.act(Action.CONTEST, note="they were never worn")
    await pipeline.until(case.rma_id, lambda status: status.needs == Role.SUPERVISOR)
    assert len(await pipeline.told(case.rma_id, "staff_alert")) == 1
    for days in (1, 2):
        await pipeline.lapse(case.rma_id, 24 * HOUR + MINUTE)
        assert len(await pipeline.told(case.rma_id, "staff_alert")) == days + 1
    await case.act(Action.DECIDE_CONTEST, Role.SUPERVISOR, note="late")
    await case.ended([4_999], settled=2)


async def test_a_contest_can_be_made_up_to_the_last_minute_and_only_once(pipeline: Pipeline) -> None:
    case = await disputed(pipeline)
    await pipeline.lapse(case.rma_id, 72 * HOUR - MINUTE)
    await case.act(Action.CONTEST, note="they were never worn")
    with pytest.raises(ActionNotAllowed):
        await case.act(Action.CONTEST, note="twice")
    with pytest.raises(ActionNotAllowed):
        await case.act(Action.ACCEPT_RESULT)
    await pipeline.lapse(case.rma_id, HOUR)
    assert not (await pipeline.returns.status(case.rma_id)).is_final
    await case.act(Action.DECIDE_CONTEST, Role.SUPERVISOR, note="no")
    await case.ended([4_999], settled=2)


async def test_a_full_acceptance_leaves_nothing_to_contest(pipeline: Pipeline) -> None:
    order = await pipeline.order()
    rma_id = await pipeline.inspected(order)
    await pipeline.end(rma_id)
    with pytest.raises(ActionNotAllowed):
        await pipeline.act(rma_id, Action.CONTEST, Role.CUSTOMER, note="why not")


async def test_a_contest_needs_its_supervisor_although_the_money_needs_the_customer(pipeline: Pipeline) -> None:
    """The refund of the accepted part was declined and is then paid; the contest still waits for its verdict."""
    order = await pipeline.order(lines=[line(quantity=2)])
    payment = {"payment_id": f"{order['order_id']}-p1"}
    await pipeline.fault(target="payments.refund", kind="closed_method", match=payment)
    asked = [{"line_id": "SHIRT-M", "quantity": 2, "condition": "unopened"}]
    rma_id = await pipeline.inspected(order, found(1, True), found(1, False), lines=asked)
    await pipeline.until(rma_id, lambda status: "choose_payment_method" in status.allowed_actions)
    await pipeline.act(rma_id, Action.CONTEST, Role.CUSTOMER, note="never worn")
    await pipeline.until(rma_id, lambda status: "decide_contest" in status.allowed_actions)
    card = order["payments"][0]["payment_method_id"]
    await pipeline.act(rma_id, Action.CHOOSE_PAYMENT_METHOD, Role.CUSTOMER, method_id=card)
    status = await pipeline.settled(rma_id)
    assert status.needs == Role.SUPERVISOR
    assert Action.DECIDE_CONTEST in status.allowed_actions
    assert Action.CHOOSE_PAYMENT_METHOD not in status.allowed_actions
    verdict = [{"line_id": "SHIRT-M", "quantity": 1}]
    await pipeline.act(rma_id, Action.DECIDE_CONTEST, Role.SUPERVISOR, note="so it is", accepted=verdict)
    assert (await pipeline.end(rma_id)).refunded_minor == 20_000
    await pipeline.balance(order["order_id"])


async def test_a_deduction_and_a_contest_sum_to_what_was_paid_less_the_deduction(pipeline: Pipeline) -> None:
    deducted = found(1, True) | {
        "deduction_bps": 5_000,
        "checks": [{"code": "stain", "passed": False, "photos": ["media/stain.jpg"]}],
    }
    case = await disputed(pipeline, found(1, True), deducted, found(2, False))
    await case.act(Action.CONTEST, note="they were never worn")
    await case.act(
        Action.DECIDE_CONTEST,
        Role.SUPERVISOR,
        note="so it is",
        accepted=[{"line_id": "SHIRT-M", "quantity": 2}],
    )
    await case.ended([2_499 + 2_500 - 1_250, 5_000], settled=4)
