"""Advance refund: paid at the first scan, then kept, topped up or recovered; never paid twice."""

from datetime import timedelta
from typing import Any

import pytest

from domain.actions import Action, Role
from domain.advances import AdvanceReason
from domain.status import Header, Logistics, Reimbursement
from starters.errors import ActionNotAllowed, RoleNotPermitted
from testkit.pipeline import Pipeline, line
from tests.workflow.payouts import PHOTO
from tests.workflow.test_chargeback import accept, report

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
ACCEPTED = {"line_id": "SHIRT-M", "quantity": 1, "verdict": "accepted", "grade": "A"}


class Advance:
    """A return of shirts at 100.00 by a trusted customer who has two cards."""

    def __init__(self, pipeline: Pipeline, order: dict[str, Any], rma_id: str) -> None:
        self.pipeline = pipeline
        self.order = order
        self.rma_id = rma_id
        self.card, self.other = (f"{name}-{order['order_id']}" for name in ("CARD", "OTHER"))

    async def found(self, *units: dict[str, Any]) -> None:
        """The inspection; what it does not name is missing."""
        await self.pipeline.scan(self.rma_id, "delivered")
        await self.pipeline.until(self.rma_id, lambda status: status.logistics is Logistics.DELIVERED)
        await self.pipeline.act(self.rma_id, Action.INSPECT, Role.WAREHOUSE, units=list(units))

    async def announced(self) -> None:
        """The customer accepts the result, and hears what is to be paid back."""
        await self.act(Action.ACCEPT_RESULT, Role.CUSTOMER)
        await self.until_allowed(Action.APPEAL_RECOVERY)

    async def act(self, action: Action, role: Role, **fields: Any) -> None:
        await self.until_allowed(action)
        await self.pipeline.act(self.rma_id, action, role, **fields)

    async def until_allowed(self, action: Action) -> None:
        await self.pipeline.until(self.rma_id, lambda status: action in status.allowed_actions)

    async def moved(self) -> tuple[list[int], dict[str, int]]:
        """The refunds, and the charges by means of payment, as the provider's books say."""
        ending = await self.pipeline.ending(self.rma_id, self.order["order_id"])
        charges = {charge.method_id: charge.amount_minor for charge in ending.charges}
        return [refund.amount_minor for refund in ending.refunds], charges


async def wished(pipeline: Pipeline, quantity: int = 1, **changes: Any) -> Advance:
    """A return with the wish for an advance, whose pickup is booked."""
    seed = await pipeline.order()
    cards = [{"id": f"{name}-{seed['order_id']}", "source": "credit_card"} for name in ("CARD", "OTHER")]
    reason = changes.pop("reason", {})
    asking = {"ship_back": changes.pop("ship_back", "pickup")}
    fixed = {
        "order_id": seed["order_id"],
        "customer_id": f"V-{seed['order_id']}",
        "tier": "high_value",
        "payment_methods": cards,
        "lines": [line(quantity=quantity)],
    }
    order = await pipeline.order(**fixed | changes)
    asked = [{"line_id": "SHIRT-M", "quantity": quantity, "condition": "unopened"} | reason]
    decision = await pipeline.apply(order, advance=True, lines=asked, **asking)
    assert decision.advance is AdvanceReason.GRANTED
    return Advance(pipeline, order, decision.rma_id)


async def handed_over(case: Advance) -> None:
    """A carrier has the parcel, and the advance is paid."""
    pipeline = case.pipeline
    await pipeline.until(case.rma_id, lambda status: status.logistics is Logistics.PICKUP_BOOKED)
    await pipeline.scan(case.rma_id, "picked_up")
    await pipeline.scan(case.rma_id, "accepted")
    status = await pipeline.until(case.rma_id, lambda status: status.reimbursement is Reimbursement.PROVISIONAL)
    assert not status.money_settled


async def advanced(pipeline: Pipeline, quantity: int = 1, **changes: Any) -> Advance:
    case = await wished(pipeline, quantity, **changes)
    assert await case.moved() == ([], {})
    await handed_over(case)
    return case


async def test_an_advance_that_was_right_is_kept(pipeline: Pipeline) -> None:
    case = await advanced(pipeline)
    assert await case.moved() == ([10_000], {})
    await case.found(ACCEPTED)
    result = await pipeline.end(case.rma_id)
    assert (result.header, result.refunded_minor, result.charged_minor) == (Header.COMPLETED, 10_000, 0)
    assert await case.moved() == ([10_000], {})
    assert (await pipeline.balance(case.order["order_id"])).lines[0].settled == 1
    told = await pipeline.told(case.rma_id)
    assert [each for each in told if each in ("advance_refund", "refund_paid", "advance_kept")] == [
        "advance_refund",
        "refund_paid",
        "advance_kept",
    ]


async def test_a_fault_of_the_shop_is_topped_up_with_the_shipping(pipeline: Pipeline) -> None:
    case = await advanced(pipeline, shipping_minor=1_200, reason={"reason": "color_differs"})
    await case.found(ACCEPTED)
    await pipeline.end(case.rma_id)
    assert await case.moved() == ([10_000, 1_200], {})
    await pipeline.balance(case.order["order_id"])


async def test_units_that_were_not_in_the_parcel_are_recovered_after_notice(pipeline: Pipeline) -> None:
    case = await advanced(pipeline, quantity=2)
    assert await case.moved() == ([20_000], {})
    await case.found(ACCEPTED)
    await case.announced()
    status = await pipeline.returns.status(case.rma_id)
    assert (status.reimbursement, status.money_settled) == (Reimbursement.PROVISIONAL, False)
    await pipeline.lapse(case.rma_id, 7 * DAY - HOUR)
    assert await case.moved() == ([20_000], {})
    await pipeline.lapse(case.rma_id, 2 * HOUR)
    result = await pipeline.end(case.rma_id)
    assert (result.refunded_minor, result.charged_minor) == (20_000, 10_000)
    assert await case.moved() == ([20_000], {case.card: 10_000})
    balance = await pipeline.balance(case.order["order_id"])
    assert (balance.captured_minor, balance.refunded_minor) == (30_000, 20_000)
    assert (await pipeline.told(case.rma_id))[-1] == "recovery_paid"


async def test_a_deduction_is_recovered(pipeline: Pipeline) -> None:
    case = await advanced(pipeline)
    worn = {"deduction_bps": 1_500, "checks": [{"code": "seam", "passed": False, "photos": [PHOTO["reference"]]}]}
    await case.found(ACCEPTED | worn)
    await case.announced()
    await pipeline.lapse(case.rma_id, 7 * DAY + HOUR)
    await pipeline.end(case.rma_id)
    assert await case.moved() == ([10_000], {case.card: 1_500})


async def test_an_appeal_is_heard_before_anything_is_taken_and_may_be_granted(pipeline: Pipeline) -> None:
    case = await advanced(pipeline)
    await case.found()
    await case.announced()
    with pytest.raises(ActionNotAllowed):
        await pipeline.act(case.rma_id, Action.DECIDE_RECOVERY, Role.SUPERVISOR, waive=True, note="early")
    await case.act(Action.APPEAL_RECOVERY, Role.CUSTOMER, note="It was in the parcel.")
    await pipeline.lapse(case.rma_id, 8 * DAY)
    assert await case.moved() == ([10_000], {})
    with pytest.raises(RoleNotPermitted):
        await pipeline.act(case.rma_id, Action.DECIDE_RECOVERY, Role.AGENT_TIER_3, waive=True, note="fine")
    await case.act(Action.DECIDE_RECOVERY, Role.SUPERVISOR, waive=True, note="The parcel was torn.")
    await pipeline.end(case.rma_id)
    assert await case.moved() == ([10_000], {})
    assert pipeline.ledger.advance_account(case.rma_id).waived_minor == 10_000
    assert (await pipeline.told(case.rma_id))[-2:] == ["recovery_appeal_received", "recovery_waived"]
    assert "staff_recovery_appealed" in await pipeline.told(case.rma_id, "staff_alert")


async def test_an_appeal_that_is_dismissed_is_charged(pipeline: Pipeline) -> None:
    case = await advanced(pipeline)
    await case.found()
    await case.announced()
    await case.act(Action.APPEAL_RECOVERY, Role.CUSTOMER, note="It was in the parcel.")
    await case.act(Action.DECIDE_RECOVERY, Role.SUPERVISOR, waive=False, note="It weighed 40 grams.")
    await pipeline.end(case.rma_id)
    assert await case.moved() == ([10_000], {case.card: 10_000})


async def test_a_recovery_that_is_declined_is_taken_from_another_means(pipeline: Pipeline) -> None:
    case = await advanced(pipeline)
    await pipeline.fault(target="payments.charge", kind="closed_method", match={"method_id": case.card})
    await case.found()
    await case.announced()
    await pipeline.lapse(case.rma_id, 7 * DAY + HOUR)
    await case.act(Action.CHOOSE_PAYMENT_METHOD, Role.CUSTOMER, method_id=case.other)
    await pipeline.end(case.rma_id)
    assert await case.moved() == ([10_000], {case.other: 10_000})


async def test_a_recovery_that_is_not_paid_reaches_a_person_and_ends_the_trust(pipeline: Pipeline) -> None:
    case = await advanced(pipeline, quantity=2, lines=[line(quantity=3)])
    await pipeline.fault(target="payments.charge", kind="closed_method", match={"method_id": case.card})
    await case.found(ACCEPTED)
    await case.announced()
    await pipeline.lapse(case.rma_id, 7 * DAY + HOUR)
    await case.until_allowed(Action.CHOOSE_PAYMENT_METHOD)
    await pipeline.lapse(case.rma_id, 3 * DAY + HOUR)
    await pipeline.end(case.rma_id)
    assert await case.moved() == ([20_000], {})
    assert case.rma_id in [each.rma_id for each in pipeline.ledger.unpaid_advances()]
    assert "staff_recovery_unpaid" in await pipeline.told(case.rma_id, "staff_alert")
    again = await pipeline.apply(case.order, advance=True)
    assert again.advance is AdvanceReason.EARLIER_ADVANCE_UNPAID


async def test_a_lost_parcel_leaves_the_advance_with_the_customer(pipeline: Pipeline) -> None:
    case = await advanced(pipeline)
    await pipeline.scan(case.rma_id, "lost")
    result = await pipeline.end(case.rma_id)
    assert (result.refunded_minor, result.charged_minor) == (10_000, 0)
    assert await case.moved() == ([10_000], {})
    assert pipeline.ledger.advance_account(case.rma_id).outstanding_minor == 0


@pytest.mark.parametrize("kind", ["lost_response", "error_after"])
async def test_an_advance_whose_answer_is_lost_is_paid_once(pipeline: Pipeline, kind: str) -> None:
    case = await wished(pipeline)
    await pipeline.fault(target="payments.refund", kind=kind, match={"rma_id": case.rma_id})
    await pipeline.until(case.rma_id, lambda status: status.logistics is Logistics.PICKUP_BOOKED)
    await pipeline.scan(case.rma_id, "picked_up")
    await pipeline.scan(case.rma_id, "delivered")
    await case.found(ACCEPTED)
    await pipeline.end(case.rma_id)
    assert await case.moved() == ([10_000], {})


async def test_what_is_inspected_before_a_carrier_scanned_it_is_paid_as_usual(pipeline: Pipeline) -> None:
    case = await wished(pipeline)
    await pipeline.until(case.rma_id, lambda status: status.logistics is Logistics.PICKUP_BOOKED)
    await pipeline.receive(case.rma_id)
    await pipeline.inspect(case.rma_id)
    await pipeline.end(case.rma_id)
    assert await case.moved() == ([10_000], {})
    told = await pipeline.told(case.rma_id)
    assert not {"advance_refund", "advance_kept"} & set(told)


async def test_who_is_not_trusted_is_told_why_and_paid_after_the_inspection(pipeline: Pipeline) -> None:
    order = await pipeline.order()
    decision = await pipeline.apply(order, advance=True)
    assert decision.advance is AdvanceReason.TIER_NOT_TRUSTED
    await pipeline.to_the_warehouse(decision.rma_id)
    assert (await pipeline.ending(decision.rma_id, order["order_id"])).refunds == ()
    await pipeline.inspect(decision.rma_id)
    assert (await pipeline.end(decision.rma_id)).refunded_minor == 10_000


async def test_a_parcel_that_is_never_handed_over_is_recovered(pipeline: Pipeline) -> None:
    """Two units paid in advance at the scan of the first parcel; the second one never sets out."""
    case = await wished(pipeline, quantity=2, ship_back="customer_ships")
    await pipeline.act(
        case.rma_id,
        Action.RECORD_HANDOVER,
        Role.CUSTOMER,
        carrier="swift",
        tracking_no=f"SW-{case.order['order_id']}",
        handed_over_at=await pipeline.now(case.rma_id),
        lines=[{"line_id": "SHIRT-M", "quantity": 1}],
    )
    await pipeline.scan(case.rma_id, "accepted")
    await pipeline.until(case.rma_id, lambda status: status.reimbursement is Reimbursement.PROVISIONAL)
    await pipeline.scan(case.rma_id, "delivered")
    await pipeline.act(case.rma_id, Action.INSPECT, Role.WAREHOUSE, units=[ACCEPTED])
    await pipeline.lapse(case.rma_id, 7 * DAY + HOUR)
    await case.until_allowed(Action.APPEAL_RECOVERY)
    assert await case.moved() == ([20_000], {})
    await pipeline.lapse(case.rma_id, 7 * DAY + HOUR)
    await pipeline.end(case.rma_id)
    assert await case.moved() == ([20_000], {case.card: 10_000})
    assert (await pipeline.balance(case.order["order_id"])).lines[0].settled == 1


async def test_an_advance_that_a_chargeback_paid_is_kept_like_any_other(pipeline: Pipeline) -> None:
    case = await wished(pipeline)
    await pipeline.until(case.rma_id, lambda status: status.logistics is Logistics.PICKUP_BOOKED)
    await report(pipeline, case.rma_id, case.order, 10_000)
    await pipeline.scan(case.rma_id, "picked_up")
    await pipeline.scan(case.rma_id, "accepted")
    await pipeline.until(
        case.rma_id, lambda status: any("waits for a chargeback" in entry.what for entry in status.timeline)
    )
    await accept(pipeline, case.rma_id)
    await pipeline.until(case.rma_id, lambda status: status.reimbursement is Reimbursement.PROVISIONAL)
    await case.found(ACCEPTED)
    assert (await pipeline.end(case.rma_id)).header is Header.COMPLETED
    assert await case.moved() == ([], {})
    assert (await pipeline.balance(case.order["order_id"])).lines[0].settled == 1
