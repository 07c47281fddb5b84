"""Advance exchange: sent at the first scan against a hold, which is captured only for what never comes."""

from datetime import timedelta
from typing import Any

import pytest

from domain.actions import Action, Role
from domain.advances import AdvanceReason
from domain.holds import HoldState
from domain.status import Header, Logistics
from testkit.pipeline import Pipeline, outage
from tests.workflow.swaps import Swap, swap

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
ACCEPTED = {"line_id": "SHIRT-M", "quantity": 1, "verdict": "accepted", "grade": "A"}
WRONG = {"line_id": "SHIRT-M", "quantity": 1, "verdict": "rejected", "grade": "FAIL", "note": "a brick"}
WORN = {"line_id": "SHIRT-M", "quantity": 1, "verdict": "rejected", "grade": "D", "note": "worn"}


async def wished(pipeline: Pipeline, *items: str, **changes: Any) -> Swap:
    """An exchange with the wish for an advance, whose pickup is booked."""
    items = items or ("SAME",)
    case = await swap(pipeline, quantity=len(items), tier="high_value")
    decision = await pipeline.apply(case.order, **case.asking(*items, advance=True, **changes))
    assert decision.advance is AdvanceReason.GRANTED
    case.rma_id = decision.rma_id
    await pipeline.until(case.rma_id, lambda status: status.logistics is Logistics.PICKUP_BOOKED)
    return case


async def sent(pipeline: Pipeline, *items: str) -> Swap:
    """A carrier has the parcel, and the replacement is on its way."""
    case = await wished(pipeline, *items)
    assert await holds(pipeline, case) == []
    await scanned(pipeline, case, "replacement released")
    assert (await case.ending()).replacements == (tuple(case.item(item) for item in items or ("SAME",)),)
    return case


async def scanned(pipeline: Pipeline, case: Swap, what: str) -> None:
    await pipeline.scan(case.rma_id, "picked_up")
    await pipeline.scan(case.rma_id, "accepted")
    await noted(pipeline, case, what)


async def noted(pipeline: Pipeline, case: Swap, what: str) -> None:
    await pipeline.until(case.rma_id, lambda status: what in [entry.what for entry in status.timeline])


async def found(pipeline: Pipeline, case: Swap, *units: dict[str, Any]) -> None:
    await pipeline.scan(case.rma_id, "delivered")
    await pipeline.until(case.rma_id, lambda status: status.logistics is Logistics.DELIVERED)
    await pipeline.act(case.rma_id, Action.INSPECT, Role.WAREHOUSE, units=list(units))


async def accepted_by_the_customer(pipeline: Pipeline, case: Swap) -> None:
    await pipeline.until(case.rma_id, lambda status: Action.ACCEPT_RESULT in status.allowed_actions)
    await pipeline.act(case.rma_id, Action.ACCEPT_RESULT, Role.CUSTOMER)


async def holds(pipeline: Pipeline, case: Swap) -> list[str]:
    """How the provider's books say that the hold went on."""
    return [entry["state"] for entry in await pipeline.books("payment_holds", case.rma_id)]


async def test_what_comes_back_frees_the_hold_and_nothing_is_captured(pipeline: Pipeline) -> None:
    case = await sent(pipeline)
    assert await holds(pipeline, case) == ["open"]
    await found(pipeline, case, ACCEPTED)
    result = await pipeline.end(case.rma_id)
    assert (result.header, result.refunded_minor, result.charged_minor) == (Header.COMPLETED, 0, 0)
    assert await case.moved() == ({}, {})
    assert await holds(pipeline, case) == ["open", "released"]
    assert pipeline.ledger.payment_hold(f"{case.rma_id}-hold-1").state is HoldState.RELEASED
    assert (await case.ending()).replacements == ((case.item("SAME"),),)
    assert pipeline.ledger.order_balance(case.order_id).lines[0].settled == 1
    told = await pipeline.told(case.rma_id)
    assert told.index("advance_exchange") < told.index("advance_exchange_settled")


async def test_an_exchange_never_sent_back_is_captured_once(pipeline: Pipeline) -> None:
    case = await sent(pipeline)
    await found(pipeline, case)
    await pipeline.lapse(case.rma_id, 72 * HOUR - MINUTE)
    assert await case.moved() == ({}, {})
    await pipeline.lapse(case.rma_id, 2 * MINUTE)
    result = await pipeline.end(case.rma_id)
    assert result.charged_minor == 10_000
    assert await case.moved() == ({}, {case.means("CARD"): 10_000})
    assert await holds(pipeline, case) == ["open", "captured"]
    balance = await pipeline.balance(case.order_id)
    assert [payment.captured_minor for payment in balance.payments] == [10_000, 10_000]
    assert (await pipeline.told(case.rma_id))[-1] == "advance_captured"
    again = await pipeline.inspected(case.order)
    assert (await pipeline.end(again)).refunded_minor == 10_000


@pytest.mark.parametrize(("rest", "captured_minor"), [((), 10_000), ((WRONG,), 10_000), ((WORN,), 0)])
async def test_only_the_units_that_never_came_are_captured(
    pipeline: Pipeline, rest: tuple[dict[str, Any], ...], captured_minor: int
) -> None:
    case = await sent(pipeline, "SAME", "LAST")
    await found(pipeline, case, ACCEPTED, *rest)
    await accepted_by_the_customer(pipeline, case)
    await pipeline.end(case.rma_id)
    assert await case.moved() == ({}, {case.means("CARD"): captured_minor} if captured_minor else {})
    assert (await holds(pipeline, case))[-1] == ("captured" if captured_minor else "released")


async def test_what_a_supervisor_accepts_after_all_is_neither_paid_nor_captured(pipeline: Pipeline) -> None:
    case = await sent(pipeline)
    await found(pipeline, case)
    await pipeline.until(case.rma_id, lambda status: Action.CONTEST in status.allowed_actions)
    await pipeline.act(case.rma_id, Action.CONTEST, Role.CUSTOMER, note="It was in there.")
    await pipeline.act(
        case.rma_id,
        Action.DECIDE_CONTEST,
        Role.SUPERVISOR,
        note="So it was.",
        accepted=[{"line_id": "SHIRT-M", "quantity": 1}],
    )
    await pipeline.end(case.rma_id)
    assert await case.moved() == ({}, {})
    assert await holds(pipeline, case) == ["open", "released"]


async def test_a_hold_is_renewed_before_it_lapses(pipeline: Pipeline) -> None:
    case = await sent(pipeline)
    for _ in range(2):
        await pipeline.lapse(case.rma_id, 2 * DAY + 22 * HOUR)
        await pipeline.scan(case.rma_id, "in_transit")
    await pipeline.lapse(case.rma_id, DAY)
    await noted(pipeline, case, "payment hold renewed")
    await pipeline.lapse(case.rma_id, DAY)
    await found(pipeline, case)
    await accepted_by_the_customer(pipeline, case)
    await pipeline.end(case.rma_id)
    assert await case.moved() == ({}, {case.means("CARD"): 10_000})
    ends = [entry["expires_at"] for entry in await pipeline.books("payment_holds", case.rma_id)]
    assert ends[0] < ends[1]


async def test_a_hold_that_is_not_renewed_reaches_a_person_and_captures_nothing(pipeline: Pipeline) -> None:
    case = await sent(pipeline)
    await pipeline.fault(
        target="payments.renew_hold",
        kind="closed_method",
        times=None,
        match={"reference": f"{case.rma_id}-hold-1"},
    )
    for _ in range(2):
        await pipeline.lapse(case.rma_id, 2 * DAY + 22 * HOUR)
        await pipeline.scan(case.rma_id, "in_transit")
    await pipeline.lapse(case.rma_id, DAY + 12 * HOUR)
    await noted(pipeline, case, "payment hold lapsed")
    await found(pipeline, case)
    await accepted_by_the_customer(pipeline, case)
    await pipeline.end(case.rma_id)
    assert await case.moved() == ({}, {})
    alerts = await pipeline.told(case.rma_id, "staff_alert")
    assert alerts.index("staff_hold_lapsed") < alerts.index("staff_replacement_unpaid")


@pytest.mark.parametrize("kind", ["lost_response", "error_after"])
async def test_a_hold_whose_answer_is_lost_is_looked_up(pipeline: Pipeline, kind: str) -> None:
    case = await wished(pipeline)
    match = {"reference": f"{case.rma_id}-hold-1"}
    await pipeline.fault(target="payments.hold", kind=kind, match=match)
    await pipeline.scan(case.rma_id, "picked_up")
    await pipeline.lapse(case.rma_id, MINUTE)
    await noted(pipeline, case, "replacement released")
    assert await holds(pipeline, case) == ["open"]
    await found(pipeline, case, ACCEPTED)
    await pipeline.end(case.rma_id)
    assert await holds(pipeline, case) == ["open", "released"]


async def test_a_capture_whose_answer_is_lost_is_made_once(pipeline: Pipeline) -> None:
    case = await sent(pipeline)
    match = {"hold_reference": f"{case.rma_id}-hold-1"}
    await pipeline.fault(target="payments.capture_hold", kind="lost_response", match=match)
    await found(pipeline, case)
    await accepted_by_the_customer(pipeline, case)
    await pipeline.lapse(case.rma_id, MINUTE)
    await pipeline.end(case.rma_id)
    assert await case.moved() == ({}, {case.means("CARD"): 10_000})
    await pipeline.balance(case.order_id)


@pytest.mark.parametrize("why", ["declined", "silent", "out of stock"])
async def test_where_no_advance_is_possible_the_exchange_goes_its_usual_way(pipeline: Pipeline, why: str) -> None:
    case = await wished(pipeline)
    reference = {"reference": f"{case.rma_id}-hold-1"}
    match why:
        case "declined":
            await pipeline.fault(target="payments.hold", kind="closed_method", match=reference)
        case "silent":
            await pipeline.fault(target="payments.hold", match=reference, **outage(7))
        case _:
            body = {"reference": f"{case.rma_id}-replacement", "at": (await pipeline.now(case.rma_id)).isoformat()}
            (await pipeline.sandbox.post("/inventory/holds/release", json=body)).raise_for_status()
    await pipeline.scan(case.rma_id, "picked_up")
    await pipeline.scan(case.rma_id, "accepted")
    if why == "silent":
        # The hour counts from the first attempt, which may come after the time was moved.
        for _ in range(2):
            await pipeline.lapse(case.rma_id, 61 * MINUTE)
    await noted(pipeline, case, "not sent in advance")
    assert (await case.ending()).replacements == ()
    await found(pipeline, case, ACCEPTED)
    if why == "out of stock":
        await case.substitute("return_and_refund")
    await pipeline.end(case.rma_id)
    assert "advance_not_possible" in await pipeline.told(case.rma_id)
    if why == "out of stock":
        assert await case.moved() == ({case.means("CARD"): 10_000}, {})
    else:
        assert (await case.ending()).replacements == ((case.item("SAME"),),)
        assert await case.moved() == ({}, {})
    assert "open" not in (await holds(pipeline, case))[-1:]


async def test_a_lost_parcel_leaves_the_replacement_and_frees_the_hold(pipeline: Pipeline) -> None:
    case = await sent(pipeline)
    await pipeline.scan(case.rma_id, "lost")
    result = await pipeline.end(case.rma_id)
    assert (result.refunded_minor, result.charged_minor) == (0, 0)
    assert await holds(pipeline, case) == ["open", "released"]
    told = await pipeline.told(case.rma_id)
    assert "parcel_lost_after_exchange" in told
    assert "parcel_lost" not in told


async def test_a_deduction_on_what_was_sent_is_charged(pipeline: Pipeline) -> None:
    case = await sent(pipeline)
    worn = {"deduction_bps": 1_000, "checks": [{"code": "seam", "passed": False, "photos": ["media/seam.jpg"]}]}
    await found(pipeline, case, ACCEPTED | worn)
    await accepted_by_the_customer(pipeline, case)
    await pipeline.end(case.rma_id)
    assert await case.moved() == ({}, {case.means("CARD"): 1_000})
    assert await holds(pipeline, case) == ["open", "released"]


async def test_goods_of_another_price_are_not_sent_in_advance(pipeline: Pipeline) -> None:
    case = await swap(pipeline, tier="high_value")
    decision = await pipeline.apply(case.order, **case.asking("DEAR", advance=True))
    assert decision.advance is AdvanceReason.PRICE_DIFFERS
