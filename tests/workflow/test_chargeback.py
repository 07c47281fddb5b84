"""Chargebacks: what is not paid yet freezes, what was paid is evidence, and nothing is paid twice."""

from typing import Any

import pytest

from domain.actions import Action, Actor, Role
from domain.chargebacks import ChargebackState
from domain.intents import IntentState
from domain.keys import refund_key
from domain.status import Header, Logistics, Reimbursement
from starters.closed_chargebacks import act_on_closed
from starters.errors import ActionNotAllowed, InvalidAction, RoleNotPermitted
from testkit.pipeline import Pipeline, line, outage
from tests.workflow.payouts import shipped_back
from tests.workflow.reviews import DAY, MINUTE
from workflows.contracts import ChargebackAcceptance, ChargebackNotice, HoldRelease
from workflows.contracts.chargeback import HoldEnd

TWO = [{"line_id": "SHIRT-M", "quantity": 2, "condition": "unopened"}]
ACCEPTED = {"line_id": "SHIRT-M", "quantity": 1, "verdict": "accepted", "grade": "A"}
REJECTED = {"line_id": "SHIRT-M", "quantity": 1, "verdict": "rejected", "grade": "D", "note": "worn"}


async def report(
    pipeline: Pipeline, rma_id: str, order: dict[str, Any], amount_minor: int, chargeback_id: str = "CB-1"
) -> None:
    await pipeline.act(
        rma_id,
        Action.REPORT_CHARGEBACK,
        Role.PAYMENT_PROVIDER,
        chargeback_id=chargeback_id,
        payment_id=f"{order['order_id']}-p1",
        amount_minor=amount_minor,
    )
    await pipeline.until(rma_id, lambda status: status.needs == Role.SUPERVISOR)


async def accept(pipeline: Pipeline, rma_id: str, chargeback_id: str = "CB-1") -> None:
    fields = {"chargeback_id": chargeback_id, "note": "the bank decided"}
    await pipeline.act(rma_id, Action.ACCEPT_CHARGEBACK, Role.SUPERVISOR, **fields)


async def release(pipeline: Pipeline, rma_id: str, outcome: str = "won") -> None:
    fields = {"chargeback_id": "CB-1", "note": "so it was", "outcome": outcome}
    await pipeline.act(rma_id, Action.RELEASE_HOLD, Role.SUPERVISOR, **fields)


async def frozen(pipeline: Pipeline, amount_minor: int) -> tuple[str, dict[str, Any]]:
    """A return whose refund of 100.00 is authorised and waits for the decision of a chargeback."""
    order = await pipeline.order(lines=[line(quantity=2)])
    rma_id = await shipped_back(pipeline, order)
    await report(pipeline, rma_id, order, amount_minor)
    await pipeline.inspect(rma_id)
    await pipeline.until(rma_id, lambda status: any("waits for a chargeback" in e.what for e in status.timeline))
    return rma_id, order


async def refunds(pipeline: Pipeline, rma_id: str) -> list[int]:
    return [entry["amount_minor"] for entry in await pipeline.books("refunds", rma_id)]


@pytest.mark.parametrize("outcome", ["won", "withdrawn"])
async def test_an_open_chargeback_freezes_the_refund_until_it_is_over(pipeline: Pipeline, outcome: str) -> None:
    rma_id, order = await frozen(pipeline, 10_000)
    assert await refunds(pipeline, rma_id) == []
    assert not (await pipeline.returns.status(rma_id)).money_settled
    await pipeline.lapse(rma_id, 5 * DAY)
    assert await refunds(pipeline, rma_id) == []
    await release(pipeline, rma_id, outcome)
    assert (await pipeline.end(rma_id)).refunded_minor == 10_000
    assert (await pipeline.balance(order["order_id"])).refunded_minor == 10_000
    told = await pipeline.told(rma_id)
    assert told.index("chargeback_received") < told.index("chargeback_over") < told.index("refund_paid")


@pytest.mark.parametrize(
    ("amount_minor", "paid"), [(10_000, []), (4_000, [6_000]), (15_000, [])], ids=["all", "part", "more"]
)
async def test_a_lost_chargeback_is_not_paid_again(pipeline: Pipeline, amount_minor: int, paid: list[int]) -> None:
    rma_id, order = await frozen(pipeline, amount_minor)
    await accept(pipeline, rma_id)
    result = await pipeline.end(rma_id)
    assert (result.header, result.refunded_minor) == (Header.COMPLETED, sum(paid))
    assert await refunds(pipeline, rma_id) == paid
    (payment,) = (await pipeline.returns.status(rma_id)).payments
    assert payment.state is (IntentState.SUCCEEDED if paid else IntentState.CHARGED_BACK)
    assert payment.amount_minor + payment.covered_minor == 10_000
    balance = await pipeline.balance(order["order_id"])
    assert balance.payments[0].charged_back_minor == amount_minor
    again = await pipeline.apply(order)
    await pipeline.to_the_warehouse(again.rma_id)
    await pipeline.inspect(again.rma_id)
    rest = 20_000 - max(amount_minor, 10_000)
    assert (await pipeline.end(again.rma_id)).refunded_minor == rest
    await pipeline.balance(order["order_id"])


async def test_a_refund_that_was_paid_is_offered_as_evidence(pipeline: Pipeline) -> None:
    order = await pipeline.order(lines=[line(quantity=2)])
    rma_id = await pipeline.inspected(order, ACCEPTED, REJECTED, lines=TWO)
    await pipeline.settled(rma_id)
    await report(pipeline, rma_id, order, 20_000)
    alerts = await pipeline.told(rma_id, "staff_alert")
    assert alerts == ["staff_chargeback", "staff_chargeback_evidence"]
    sent = await pipeline.books("messages", rma_id)
    (refund,) = await pipeline.books("refunds", rma_id)
    (evidence,) = [entry for entry in sent if entry["template"] == "staff_chargeback_evidence"]
    assert refund["provider_reference"] in evidence["body"]
    await accept(pipeline, rma_id)
    await pipeline.act(rma_id, Action.CONTEST, Role.CUSTOMER, note="never worn")
    await pipeline.until(rma_id, lambda status: Action.DECIDE_CONTEST in status.allowed_actions)
    verdict = [{"line_id": "SHIRT-M", "quantity": 1}]
    await pipeline.act(rma_id, Action.DECIDE_CONTEST, Role.SUPERVISOR, note="so it is", accepted=verdict)
    assert (await pipeline.end(rma_id)).refunded_minor == 10_000, "the bank gave the customer the rest, and more"


async def test_a_refund_on_its_way_is_looked_up_before_a_chargeback_counts(pipeline: Pipeline) -> None:
    order = await pipeline.order()
    rma_id = await shipped_back(pipeline, order)
    reference = {"reference": refund_key(rma_id, 1, 0)}
    await pipeline.fault(target="payments.refund", kind="lost_response", match=reference)
    await pipeline.fault(target="payments.find_refund", match=reference, **outage(2))
    await pipeline.inspect(rma_id)
    await pipeline.until(rma_id, lambda status: bool(status.payments))
    await report(pipeline, rma_id, order, 10_000)
    with pytest.raises((ActionNotAllowed, InvalidAction)):
        await accept(pipeline, rma_id)
    await pipeline.lapse(rma_id, DAY)
    await pipeline.until(rma_id, lambda status: any(entry.state.is_paid for entry in status.payments))
    await release(pipeline, rma_id)
    assert (await pipeline.end(rma_id)).refunded_minor == 10_000
    assert await refunds(pipeline, rma_id) == [10_000]
    await pipeline.balance(order["order_id"])


async def test_a_refund_that_never_reached_the_bank_waits_like_one_that_was_not_sent(pipeline: Pipeline) -> None:
    order = await pipeline.order()
    rma_id = await shipped_back(pipeline, order)
    reference = {"reference": refund_key(rma_id, 1, 0)}
    await pipeline.fault(target="payments.refund", kind="error_before", match=reference)
    await pipeline.fault(target="payments.find_refund", match=reference, **outage(8))
    await pipeline.inspect(rma_id)
    await pipeline.until(rma_id, lambda status: status.reimbursement is Reimbursement.EXECUTING)
    await pipeline.lapse(rma_id, 61 * MINUTE)
    assert await pipeline.messages(rma_id, 1, "staff_alert") == ["staff_refund_unknown"]
    await report(pipeline, rma_id, order, 10_000)
    await pipeline.lapse(rma_id, 60 * MINUTE)
    waits = "refund waits for a chargeback"
    status = await pipeline.until(rma_id, lambda status: any(entry.what == waits for entry in status.timeline))
    assert [entry.state for entry in status.payments] == [IntentState.INTENT]
    await accept(pipeline, rma_id)
    assert (await pipeline.end(rma_id)).refunded_minor == 0
    assert await refunds(pipeline, rma_id) == []
    await pipeline.balance(order["order_id"])


async def test_a_chargeback_freezes_the_other_returns_of_its_order_as_well(pipeline: Pipeline) -> None:
    order = await pipeline.order(lines=[line(quantity=2)])
    first = await shipped_back(pipeline, order)
    other = await shipped_back(pipeline, order)
    await report(pipeline, first, order, 5_000)
    await pipeline.inspect(other)
    assert "staff_order_frozen" in await pipeline.messages(other, 1, "staff_alert")
    assert await refunds(pipeline, other) == []
    await accept(pipeline, first)
    await pipeline.until(first, lambda status: status.needs != Role.SUPERVISOR)
    await pipeline.lapse(other, DAY + MINUTE)
    assert (await pipeline.end(other)).refunded_minor == 5_000
    await pipeline.inspect(first)
    assert (await pipeline.end(first)).refunded_minor == 10_000
    await pipeline.balance(order["order_id"])


async def test_two_returns_that_decide_a_chargeback_differently_both_go_on_by_the_first(
    pipeline: Pipeline,
) -> None:
    order = await pipeline.order(lines=[line(quantity=2)])
    first, second = await shipped_back(pipeline, order), await shipped_back(pipeline, order)
    for rma_id in (first, second):
        await report(pipeline, rma_id, order, 5_000)
    await pipeline.inspect(first)
    await pipeline.until(first, lambda status: any("waits for a chargeback" in e.what for e in status.timeline))
    await accept(pipeline, first)
    assert (await pipeline.end(first)).refunded_minor == 5_000
    await release(pipeline, second)
    assert "staff_chargeback_decided" in await pipeline.messages(second, 2, "staff_alert")
    status = await pipeline.returns.status(second)
    assert [each.state for each in status.chargebacks] == [ChargebackState.LOST]
    assert "chargeback decided before" in [entry.what for entry in status.timeline]
    await pipeline.inspect(second)
    assert (await pipeline.end(second)).refunded_minor == 10_000
    assert "staff_ledger_refused" not in await pipeline.told(second, "staff_alert")
    await pipeline.balance(order["order_id"])


async def test_a_report_that_contradicts_another_return_is_told_and_freezes_nothing(pipeline: Pipeline) -> None:
    order = await pipeline.order(lines=[line(quantity=2)])
    first, second = await shipped_back(pipeline, order), await shipped_back(pipeline, order)
    await report(pipeline, first, order, 5_000)
    payment: dict[str, Any] = {"payment_id": f"{order['order_id']}-p1", "amount_minor": 6_000}
    for _ in range(2):
        await pipeline.act(
            second, Action.REPORT_CHARGEBACK, Role.PAYMENT_PROVIDER, chargeback_id="CB-1", **payment
        )
        await pipeline.until(second, lambda status: not status.chargebacks)
    alerts = await pipeline.messages(second, 2, "staff_alert")
    assert alerts == ["staff_chargeback_not_taken"] * 2
    assert "chargeback_received" not in await pipeline.told(second)
    await release(pipeline, first)
    await pipeline.inspect(second)
    assert (await pipeline.end(second)).refunded_minor == 10_000


async def test_a_supervisor_who_waits_with_a_chargeback_is_reminded(pipeline: Pipeline) -> None:
    rma_id, _ = await frozen(pipeline, 10_000)
    await pipeline.lapse(rma_id, 7 * DAY + MINUTE)
    assert (await pipeline.told(rma_id, "staff_alert")).count("staff_chargeback") == 2


async def test_what_cannot_be_a_chargeback_is_refused_and_changes_nothing(pipeline: Pipeline) -> None:
    order = await pipeline.order()
    rma_id = (await pipeline.apply(order)).rma_id
    await pipeline.until(rma_id, lambda status: status.logistics is Logistics.PICKUP_BOOKED)
    before = await pipeline.returns.status(rma_id)
    payment: dict[str, Any] = {
        "chargeback_id": "CB-1",
        "payment_id": f"{order['order_id']}-p1",
        "amount_minor": 10_000,
    }
    for change, field in (({"payment_id": "P-9"}, "payment_id"), ({"amount_minor": 10_001}, "amount_minor")):
        with pytest.raises(InvalidAction) as refused:
            await pipeline.act(rma_id, Action.REPORT_CHARGEBACK, Role.ORDER_SYSTEM, **(payment | change))
        assert refused.value.field == field
    with pytest.raises(RoleNotPermitted):
        await pipeline.act(rma_id, Action.REPORT_CHARGEBACK, Role.CUSTOMER, **payment)
    with pytest.raises(ActionNotAllowed):
        await accept(pipeline, rma_id)
    assert await pipeline.returns.status(rma_id) == before
    await report(pipeline, rma_id, order, 10_000)
    await report(pipeline, rma_id, order, 10_000)
    with pytest.raises(InvalidAction):
        await report(pipeline, rma_id, order, 9_000)
    with pytest.raises(InvalidAction):
        await accept(pipeline, rma_id, "CB-2")
    assert len((await pipeline.returns.status(rma_id)).chargebacks) == 1


async def test_a_chargeback_of_a_closed_return_is_kept_told_and_decided(pipeline: Pipeline) -> None:
    order = await pipeline.order(lines=[line(quantity=2)])
    closed = await pipeline.inspected(order)
    await pipeline.end(closed)
    supervisor, provider = Actor(role=Role.SUPERVISOR, id="s-1"), Actor(role=Role.PAYMENT_PROVIDER, id="psp")
    notice = ChargebackNotice(
        actor=provider, chargeback_id="CB-1", payment_id=f"{order['order_id']}-p1", amount_minor=10_000
    )
    assert act_on_closed(pipeline.ledger, "RMA-0000000000000000", Action.REPORT_CHARGEBACK, notice) is None
    for _ in range(2):
        answer = act_on_closed(pipeline.ledger, closed, Action.REPORT_CHARGEBACK, notice)
        assert answer is not None
        assert answer.rma_id == closed
    assert await pipeline.told(closed, "staff_alert") == ["staff_chargeback", "staff_chargeback_evidence"]
    open_one = await shipped_back(pipeline, order)
    await pipeline.inspect(open_one)
    await pipeline.messages(open_one, 1, "staff_alert")
    assert await refunds(pipeline, open_one) == [], "the money of the whole order is frozen"
    lost = ChargebackAcceptance(actor=provider, chargeback_id="CB-1", note="lost")
    with pytest.raises(RoleNotPermitted):
        act_on_closed(pipeline.ledger, closed, Action.ACCEPT_CHARGEBACK, lost)
    lost = lost.model_copy(update={"actor": supervisor})
    unknown = lost.model_copy(update={"chargeback_id": "CB-9"})
    with pytest.raises(InvalidAction):
        act_on_closed(pipeline.ledger, closed, Action.ACCEPT_CHARGEBACK, unknown)
    assert act_on_closed(pipeline.ledger, closed, Action.ACCEPT_CHARGEBACK, lost) is not None
    won = HoldRelease(actor=supervisor, chargeback_id="CB-1", note="no", outcome=HoldEnd.WON)
    with pytest.raises(ActionNotAllowed):
        act_on_closed(pipeline.ledger, closed, Action.RELEASE_HOLD, won)
    await pipeline.lapse(open_one, DAY + MINUTE)
    assert (await pipeline.end(open_one)).refunded_minor == 0, "the bank has paid it"
    (payment,) = (await pipeline.returns.status(open_one)).payments
    assert (payment.state, payment.covered_minor) == (IntentState.CHARGED_BACK, 10_000)
    await pipeline.balance(order["order_id"])
