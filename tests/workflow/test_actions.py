"""What may be sent, when, and by whom: a clear yes, or a clear no that changes nothing."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from domain.actions import PERMITTED_ROLES, Action, Role
from domain.clocks import ClockName
from domain.status import Approval, Logistics
from starters.errors import ActionNotAllowed, InvalidAction, ReturnNotFound, RoleNotPermitted
from testkit.pipeline import Pipeline, line
from tests.workflow.action_bodies import (
    ACCEPTED,
    PHOTO,
    REJECTED,
    WELL_FORMED,
    fields_of,
)

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)

USED = {"line_id": "SHIRT-M", "quantity": 2, "condition": "used"}
UNOPENED = {"line_id": "SHIRT-M", "quantity": 2, "condition": "unopened"}
FAULTY = {"line_id": "SHIRT-M", "quantity": 2, "reason": "quality_defect", "condition": "opened"}


async def applied(pipeline: Pipeline, **changes: Any) -> str:
    order = await pipeline.order(lines=[line(quantity=2), line("SOCKS", product_id="P-SOCKS")])
    asked = {"lines": [UNOPENED]} | changes
    return (await pipeline.apply(order, **asked)).rma_id


async def manual_review(pipeline: Pipeline) -> str:
    return await applied(pipeline, lines=[USED])


async def evidence_requested(pipeline: Pipeline) -> str:
    return await applied(pipeline, lines=[FAULTY])


async def declined(pipeline: Pipeline) -> str:
    rma_id = await manual_review(pipeline)
    await pipeline.act(rma_id, Action.REVIEW, Role.AGENT_TIER_2, approve=False, note="worn")
    await pipeline.until(rma_id, lambda status: status.approval is Approval.DECLINED)
    return rma_id


async def appealed(pipeline: Pipeline) -> str:
    rma_id = await declined(pipeline)
    await pipeline.act(rma_id, Action.APPEAL, Role.CUSTOMER, note="never worn")
    await pipeline.until(rma_id, lambda status: status.needs == Role.SUPERVISOR)
    return rma_id


async def awaiting_handover(pipeline: Pipeline) -> str:
    rma_id = await applied(pipeline, ship_back="customer_ships")
    await pipeline.until(rma_id, lambda status: status.next_deadline is not None)
    return rma_id


async def pickup_booked(pipeline: Pipeline) -> str:
    rma_id = await applied(pipeline)
    await pipeline.until(
        rma_id, lambda status: status.logistics is Logistics.PICKUP_BOOKED and status.next_deadline is not None
    )
    return rma_id


async def pickup_failed(pipeline: Pipeline) -> str:
    rma_id = await pickup_booked(pipeline)
    for _ in range(4):
        before = (await pipeline.returns.status(rma_id)).tracking_no
        await pipeline.lapse(rma_id, 6 * HOUR + MINUTE)
        await pipeline.until(
            rma_id,
            lambda status, before=before: (  # type: ignore[misc]
                status.logistics is Logistics.PICKUP_FAILED
                or (status.logistics is Logistics.PICKUP_BOOKED and status.tracking_no != before)
            ),
        )
    await pipeline.until(rma_id, lambda status: status.needs == Role.AGENT_TIER_1)
    return rma_id


async def in_transit(pipeline: Pipeline) -> str:
    rma_id = await pickup_booked(pipeline)
    await pipeline.scan(rma_id, "picked_up")
    await pipeline.scan(rma_id, "accepted")
    await pipeline.until(rma_id, lambda status: status.logistics is Logistics.IN_TRANSIT)
    return rma_id


async def delivered(pipeline: Pipeline) -> str:
    rma_id = await applied(pipeline)
    await pipeline.to_the_warehouse(rma_id)
    return rma_id


async def received(pipeline: Pipeline) -> str:
    rma_id = await delivered(pipeline)
    await pipeline.receive(rma_id)
    return rma_id


async def contestable(pipeline: Pipeline) -> str:
    rma_id = await received(pipeline)
    await pipeline.inspect(rma_id, ACCEPTED, REJECTED)
    await pipeline.settled(rma_id)
    return rma_id


async def contested(pipeline: Pipeline) -> str:
    rma_id = await contestable(pipeline)
    await pipeline.act(rma_id, Action.CONTEST, Role.CUSTOMER, note="never worn")
    await pipeline.until(rma_id, lambda status: status.needs == Role.SUPERVISOR)
    return rma_id


async def with_an_expert(pipeline: Pipeline) -> str:
    rma_id = await contested(pipeline)
    await pipeline.act(rma_id, Action.REQUEST_EXPERT, Role.SUPERVISOR, note="look")
    await pipeline.until(
        rma_id,
        lambda status: any(entry.name is ClockName.EXPERT and entry.ended_at is None for entry in status.clocks),
    )
    return rma_id


async def without_means(pipeline: Pipeline) -> str:
    rma_id = await received(pipeline)
    order_id = (await pipeline.returns.status(rma_id)).order_id
    payment = {"payment_id": f"{order_id}-p1"}
    await pipeline.fault(target="payments.refund", kind="closed_method", match=payment)
    await pipeline.inspect(rma_id)
    await pipeline.until(rma_id, lambda status: status.needs == Role.CUSTOMER)
    return rma_id


async def reopened(pipeline: Pipeline) -> str:
    rma_id = await contestable(pipeline)
    await pipeline.act(rma_id, Action.ACCEPT_RESULT, Role.CUSTOMER)
    await pipeline.end(rma_id)
    follow_up = (await pipeline.reopen(rma_id)).rma_id
    await pipeline.until(follow_up, lambda status: status.next_deadline is not None)
    return follow_up


STATES: dict[Callable[[Pipeline], Awaitable[str]], set[Action]] = {
    manual_review: {
        Action.CANCEL,
        Action.REVIEW,
        Action.SUBMIT_EVIDENCE,
        Action.REQUEST_EVIDENCE,
        Action.MAKE_OFFER,
    },
    evidence_requested: {Action.CANCEL, Action.SUBMIT_EVIDENCE},
    declined: {Action.APPEAL},
    appealed: {Action.REVIEW, Action.SUBMIT_EVIDENCE, Action.MAKE_OFFER},
    awaiting_handover: {Action.CANCEL, Action.CHANGE_REMEDY, Action.RECORD_HANDOVER, Action.RECEIVE},
    pickup_booked: {Action.CANCEL, Action.CHANGE_REMEDY, Action.CHANGE_PICKUP, Action.RECEIVE},
    pickup_failed: {Action.CANCEL, Action.CHANGE_REMEDY, Action.BOOK_PICKUP, Action.RECEIVE},
    in_transit: {Action.CHANGE_REMEDY, Action.RECEIVE},
    delivered: {Action.CHANGE_REMEDY, Action.RECEIVE, Action.INSPECT},
    received: {Action.CHANGE_REMEDY, Action.INSPECT},
    contestable: {Action.ACCEPT_RESULT, Action.CONTEST, Action.MAKE_OFFER},
    contested: {Action.DECIDE_CONTEST, Action.REQUEST_EXPERT, Action.MAKE_OFFER},
    with_an_expert: {Action.EXPERT_OPINION},
    without_means: {Action.CHOOSE_PAYMENT_METHOD},
    reopened: {Action.CANCEL, Action.DECIDE_REOPENING},
}

ANY_TIME = {Action.PAUSE_CLOCKS, Action.COMPLAIN, Action.REPORT_CHARGEBACK}
"""What every open return allows."""

for actions in STATES.values():
    actions |= ANY_TIME

for before_money_moves in (
    awaiting_handover,
    pickup_booked,
    pickup_failed,
    in_transit,
    delivered,
    received,
):
    STATES[before_money_moves].add(Action.DECIDE_LIABILITY)

CHANGES_NOTHING_THAT_IS_ALLOWED = {Action.SUBMIT_EVIDENCE, Action.DECIDE_LIABILITY, Action.CHANGE_REMEDY}
"""What may be sent again and again."""

PERMITTED = {action: roles[-1] for action, roles in PERMITTED_ROLES.items()}


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
async def test_a_state_refuses_what_it_does_not_allow_unchanged_and_takes_what_is_always_allowed(
    pipeline: Pipeline, state: Callable[[Pipeline], Awaitable[str]]
) -> None:
    rma_id = await state(pipeline)
    before = await pipeline.returns.status(rma_id)
    assert set(before.allowed_actions) == STATES[state]
    for action in set(Action) - STATES[state]:
        fields = await fields_of(pipeline, rma_id, action)
        with pytest.raises(ActionNotAllowed) as refused:
            await pipeline.act(rma_id, action, PERMITTED[action], **fields)
        assert refused.value.field == "action"
        assert all(allowed.value in str(refused.value) for allowed in STATES[state])
    for action in STATES[state]:
        fields = await fields_of(pipeline, rma_id, action)
        for role in set(Role) - set(PERMITTED_ROLES[action]):
            with pytest.raises(RoleNotPermitted) as not_permitted:
                await pipeline.act(rma_id, action, role, **fields)
            assert not_permitted.value.field == "actor.role"
    assert await pipeline.returns.status(rma_id) == before
    for action in sorted(ANY_TIME):
        allowed = (await pipeline.returns.status(rma_id)).allowed_actions
        fields = await fields_of(pipeline, rma_id, action)
        assert (await pipeline.act(rma_id, action, PERMITTED[action], **fields)).action is action
        await pipeline.until(rma_id, lambda status, before=allowed: status.allowed_actions != before)  # type: ignore[misc]


@pytest.mark.parametrize(
    ("state", "action"),
    [(state, action) for state, actions in STATES.items() for action in sorted(actions - ANY_TIME)],
    ids=lambda part: getattr(part, "__name__", str(part)),
)
async def test_what_a_state_allows_is_really_accepted(
    pipeline: Pipeline, state: Callable[[Pipeline], Awaitable[str]], action: Action
) -> None:
    rma_id = await state(pipeline)
    before = await pipeline.returns.status(rma_id)
    answer = await pipeline.act(rma_id, action, PERMITTED[action], **await fields_of(pipeline, rma_id, action))
    assert (answer.rma_id, answer.action) == (rma_id, action)
    if action in CHANGES_NOTHING_THAT_IS_ALLOWED and state is not evidence_requested:
        return
    stays = action is Action.CHANGE_PICKUP
    await pipeline.until(
        rma_id,
        lambda status: (
            status.tracking_no != before.tracking_no if stays else set(status.allowed_actions) != STATES[state]
        ),
    )


async def test_an_unknown_return_is_not_found(pipeline: Pipeline) -> None:
    for action in Action:
        with pytest.raises(ReturnNotFound):
            await pipeline.act(
                "RMA-0000000000000000",
                action,
                PERMITTED[action],
                **WELL_FORMED.get(action, {}),
            )


@pytest.mark.parametrize("how", ["withdrawn", "paid"])
async def test_a_finished_return_takes_nothing_any_more(pipeline: Pipeline, how: str) -> None:
    if how == "withdrawn":
        rma_id = await manual_review(pipeline)
        await pipeline.act(rma_id, Action.CANCEL, Role.CUSTOMER)
    else:
        rma_id = await received(pipeline)
        await pipeline.inspect(rma_id)
    await pipeline.end(rma_id)
    before = await pipeline.returns.status(rma_id)
    assert (before.is_final, before.allowed_actions, before.next_deadline) == (True, (), None)
    for action in Action:
        with pytest.raises(ActionNotAllowed):
            await pipeline.act(rma_id, action, PERMITTED[action], **await fields_of(pipeline, rma_id, action))
    if before.tracking_no:
        await pipeline.scan(rma_id, "delivered")
    assert await pipeline.returns.status(rma_id) == before


async def test_the_status_of_an_unknown_return_is_not_found(pipeline: Pipeline) -> None:
    with pytest.raises(ReturnNotFound):
        await pipeline.returns.status("RMA-0000000000000000")


ONE_SHIRT = {"line_id": "SHIRT-M", "quantity": 1}
NOT_THERE: dict[Callable[[Pipeline], Awaitable[str]], list[tuple[Action, Role, dict[str, Any], str]]] = {
    evidence_requested: [
        (
            Action.SUBMIT_EVIDENCE,
            Role.CUSTOMER,
            {"lines": [{"line_id": "SOCKS", "evidence": [PHOTO]}]},
            "lines[0].line_id",
        ),
        (
            Action.SUBMIT_EVIDENCE,
            Role.CUSTOMER,
            {"lines": [{"line_id": "SHIRT-M", "evidence": [PHOTO]}] * 2},
            "lines[1].line_id",
        ),
    ],
    manual_review: [
        (
            Action.REVIEW,
            Role.SUPERVISOR,
            {"approve": True, "note": "x", "liability": {"SOCKS": "carrier"}},
            "liability.SOCKS",
        ),
    ],
    pickup_failed: [
        (Action.BOOK_PICKUP, Role.CUSTOMER, {"carrier": "pigeon"}, "carrier"),
        (
            Action.BOOK_PICKUP,
            Role.CUSTOMER,
            {"window": {"start": "2126-01-01T08:00:00Z", "end": "2126-01-01T10:00:00Z"}},
            "window.start",
        ),
    ],
    received: [(Action.INSPECT, Role.WAREHOUSE, {"units": [ACCEPTED], "parcel": 2}, "parcel")],
    in_transit: [
        (Action.RECEIVE, Role.WAREHOUSE, {"lines": [{**ONE_SHIRT, "quantity": 3}]}, "lines[0].quantity"),
        (Action.RECEIVE, Role.WAREHOUSE, {"lines": [ONE_SHIRT] * 2}, "lines[1].line_id"),
        (Action.RECEIVE, Role.WAREHOUSE, {"lines": [{**ONE_SHIRT, "line_id": "HAT"}]}, "lines[0].line_id"),
        (Action.RECEIVE, Role.WAREHOUSE, {"received_at": 6 * MINUTE}, "received_at"),
        (Action.RECEIVE, Role.WAREHOUSE, {"received_at": -DAY}, "received_at"),
    ],
    awaiting_handover: [
        (
            Action.RECORD_HANDOVER,
            Role.CUSTOMER,
            {"carrier": "sf", "tracking_no": "SF-9", "handed_over_at": 6 * MINUTE},
            "handed_over_at",
        ),
    ],
    contested: [
        (
            Action.DECIDE_CONTEST,
            Role.SUPERVISOR,
            {"note": "x", "accepted": [{**ONE_SHIRT, "quantity": 2}]},
            "accepted[0].quantity",
        ),
        (
            Action.DECIDE_CONTEST,
            Role.SUPERVISOR,
            {"note": "x", "accepted": [ONE_SHIRT] * 2},
            "accepted[1].line_id",
        ),
        (
            Action.DECIDE_CONTEST,
            Role.SUPERVISOR,
            {"note": "x", "accepted": [{**ONE_SHIRT, "line_id": "SOCKS"}]},
            "accepted[0].line_id",
        ),
    ],
    without_means: [
        (Action.CHOOSE_PAYMENT_METHOD, Role.CUSTOMER, {"method_id": "CARD-STRANGER"}, "method_id"),
    ],
}


@pytest.mark.parametrize("state", NOT_THERE)
async def test_what_the_return_does_not_have_is_refused_by_its_field(
    pipeline: Pipeline, state: Callable[[Pipeline], Awaitable[str]]
) -> None:
    rma_id = await state(pipeline)
    before = await pipeline.returns.status(rma_id)
    now = await pipeline.now(rma_id)
    for action, role, fields, field in NOT_THERE[state]:
        moments = {name: now + value for name, value in fields.items() if isinstance(value, timedelta)}
        at = {"received_at": now} if action is Action.RECEIVE else {}
        with pytest.raises(InvalidAction) as refused:
            await pipeline.act(rma_id, action, role, **(at | fields | moments))
        assert refused.value.field == field
        assert await pipeline.returns.status(rma_id) == before


async def test_a_clock_that_is_a_little_fast_is_forgiven(pipeline: Pipeline) -> None:
    rma_id = await in_transit(pipeline)
    await pipeline.receive(rma_id, received_at=await pipeline.now(rma_id) + 4 * MINUTE)
    assert (await pipeline.returns.status(rma_id)).logistics is Logistics.RECEIVED


async def test_the_same_action_with_the_same_request_id_is_one_action(pipeline: Pipeline) -> None:
    rma_id = await manual_review(pipeline)
    verdict = {"approve": False, "note": "worn"}
    answers = await asyncio.gather(
        *(
            pipeline.act(rma_id, Action.REVIEW, Role.AGENT_TIER_2, request_id="verdict-1", **verdict)
            for _ in range(3)
        )
    )
    again = await pipeline.act(rma_id, Action.REVIEW, Role.AGENT_TIER_2, request_id="verdict-1", **verdict)
    assert len({answer.model_dump_json() for answer in (*answers, again)}) == 1
    status = await pipeline.returns.status(rma_id)
    assert sum(entry.detail.endswith(": worn") for entry in status.timeline) == 1


async def test_an_inspection_that_is_sent_twice_is_paid_once(pipeline: Pipeline) -> None:
    rma_id = await received(pipeline)
    order_id = (await pipeline.returns.status(rma_id)).order_id
    report: dict[str, Any] = {"units": [ACCEPTED | {"quantity": 2}]}
    answers = await asyncio.gather(
        *(pipeline.act(rma_id, Action.INSPECT, Role.WAREHOUSE, **report) for _ in range(3)),
        return_exceptions=True,
    )
    assert sum(isinstance(answer, ActionNotAllowed) for answer in answers) == 2
    await pipeline.end(rma_id)
    assert (await pipeline.balance(order_id)).refunded_minor == 20_000


async def test_the_last_action_can_be_repeated_after_the_end(pipeline: Pipeline) -> None:
    """The answer was lost, and the return ended by the action: the repeat gets the same answer."""
    rma_id = await received(pipeline)
    report: dict[str, Any] = {"units": [ACCEPTED | {"quantity": 2}]}
    first = await pipeline.act(rma_id, Action.INSPECT, Role.WAREHOUSE, request_id="report-1", **report)
    await pipeline.end(rma_id)
    assert await pipeline.act(rma_id, Action.INSPECT, Role.WAREHOUSE, request_id="report-1", **report) == first
