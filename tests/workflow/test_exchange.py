"""Exchange: the difference is settled, then the replacement is released; else the customer is paid back."""

from datetime import timedelta

import pytest

from domain.actions import Action, Role
from domain.refusals import RefusalCode
from domain.status import Approval, Header, Logistics, Reimbursement
from testkit.pipeline import Pipeline, line, outage
from tests.workflow.swaps import Swap, swap

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("item", "named", "refunds", "charges"),
    [
        ("SAME", None, {}, {}),
        ("DEAR", None, {}, {"CARD": 3_000}),
        ("DEAR", "OTHER", {}, {"OTHER": 3_000}),
        ("DEAR", "GIFT", {}, {"GIFT": 3_000}),
        ("CHEAP", None, {"CARD": 2_500}, {}),
        ("CHEAP", "GIFT", {"GIFT": 2_500}, {}),
    ],
)
async def test_the_difference_is_settled_and_the_replacement_released(
    pipeline: Pipeline, item: str, named: str | None, refunds: dict[str, int], charges: dict[str, int]
) -> None:
    case = await swap(pipeline)
    changes = {"payment_method_id": case.means(named)} if named else {}
    await case.apply(item, **changes)
    assert await case.hold() == "held"
    await case.come_back()
    result = await pipeline.end(case.rma_id)
    assert (result.header, result.refunded_minor, result.charged_minor) == (
        Header.COMPLETED,
        sum(refunds.values()),
        sum(charges.values()),
    )
    assert await case.moved() == (
        {case.means(name): amount for name, amount in refunds.items()},
        {case.means(name): amount for name, amount in charges.items()},
    )
    assert (await case.ending()).replacements == ((case.item(item),),)
    assert await case.hold() == "used"
    balance = await pipeline.balance(case.order_id)
    assert (balance.lines[0].held, balance.lines[0].settled) == (0, 1)


async def test_the_difference_is_told_before_the_customer_ships(pipeline: Pipeline) -> None:
    case = await swap(pipeline)
    decision = await pipeline.apply(case.order, **case.asking("DEAR"))
    assert (decision.price_difference_minor, decision.currency) == (3_000, "CNY")


@pytest.mark.parametrize("kind", ["lost_response", "error_after", "error_before", "too_busy", "pending"])
async def test_a_charge_that_is_troubled_is_made_once(pipeline: Pipeline, kind: str) -> None:
    case = await swap(pipeline)
    await case.apply("DEAR")
    await pipeline.fault(target="payments.charge", kind=kind, times=2, match={"order_id": case.order_id})
    await case.come_back()
    await pipeline.lapse(case.rma_id, MINUTE)
    await pipeline.end(case.rma_id)
    assert await case.moved() == ({}, {case.means("CARD"): 3_000})


@pytest.mark.parametrize("kind", ["lost_response", "error_after", "error_before"])
async def test_a_replacement_whose_answer_is_lost_is_released_once(pipeline: Pipeline, kind: str) -> None:
    case = await swap(pipeline)
    await case.apply("SAME")
    await pipeline.fault(target="orders.replacement", kind=kind, times=2, match={"order_id": case.order_id})
    await case.come_back()
    await pipeline.lapse(case.rma_id, MINUTE)
    await pipeline.end(case.rma_id)
    assert (await case.ending()).replacements == ((case.item("SAME"),),)


async def test_a_declined_charge_is_made_to_another_means_of_payment(pipeline: Pipeline) -> None:
    case = await swap(pipeline)
    await case.apply("DEAR")
    await pipeline.fault(target="payments.charge", kind="closed_method", match={"method_id": case.means("CARD")})
    await case.come_back()
    await case.choose("OTHER")
    await pipeline.end(case.rma_id)
    assert await case.moved() == ({}, {case.means("OTHER"): 3_000})
    assert (await case.ending()).replacements == ((case.item("DEAR"),),)


async def test_a_gift_card_that_was_spent_meanwhile_is_declined_and_replaced(pipeline: Pipeline) -> None:
    case = await swap(pipeline, gift=3_000)
    await case.apply("DEAR", payment_method_id=case.means("GIFT"))
    own = case.own
    methods = [
        {"id": f"CARD-{own}", "source": "credit_card"},
        {"id": f"GIFT-{own}", "source": "gift_card", "balance_minor": 2_999},
    ]
    await pipeline.order(customer_id=case.order["customer_id"], payment_methods=methods)
    await case.come_back()
    await case.choose("CARD")
    await pipeline.end(case.rma_id)
    assert await case.moved() == ({}, {case.means("CARD"): 3_000})


@pytest.mark.parametrize("named", [None, "OTHER"])
async def test_a_charge_that_nobody_makes_good_becomes_a_refund(pipeline: Pipeline, named: str | None) -> None:
    """It goes back to where the money came from, not to the card that just declined."""
    case = await swap(pipeline)
    changes = {"payment_method_id": case.means(named)} if named else {}
    await case.apply("DEAR", **changes)
    await pipeline.fault(
        target="payments.charge", kind="closed_method", times=None, match={"order_id": case.order_id}
    )
    await case.come_back()
    await pipeline.until(case.rma_id, lambda status: status.needs == Role.CUSTOMER)
    await pipeline.lapse(case.rma_id, 72 * HOUR - MINUTE)
    assert await case.hold() == "held"
    await pipeline.lapse(case.rma_id, 2 * MINUTE)
    result = await pipeline.end(case.rma_id)
    assert (result.refunded_minor, result.charged_minor) == (10_000, 0)
    assert await case.moved() == ({case.means("CARD"): 10_000}, {})
    assert await case.hold() == "released"
    assert (await case.ending()).replacements == ()
    await pipeline.balance(case.order_id)
    assert "exchange_refunded" in await pipeline.told(case.rma_id)


async def taken(pipeline: Pipeline, case: Swap) -> None:
    """The stock gives the hold away behind the pipeline's back."""
    reference = (await pipeline.books("holds", case.rma_id))[-1]["reference"]
    body = {"reference": reference, "at": (await pipeline.now(case.rma_id)).isoformat()}
    (await pipeline.sandbox.post("/inventory/holds/release", json=body)).raise_for_status()


@pytest.mark.parametrize(
    ("item", "named", "refunds", "charges"),
    [
        ("SAME", None, {"CARD": 10_000}, {}),
        ("SAME", "OTHER", {"CARD": 10_000}, {}),
        ("DEAR", None, {"CARD": 13_000}, {"CARD": 3_000}),
        ("DEAR", "OTHER", {"CARD": 10_000, "OTHER": 3_000}, {"OTHER": 3_000}),
        ("DEAR", "GIFT", {"CARD": 10_000, "GIFT": 3_000}, {"GIFT": 3_000}),
        ("CHEAP", None, {"CARD": 10_000}, {}),
    ],
)
async def test_a_replacement_that_is_refused_at_release_is_paid_out(
    pipeline: Pipeline, item: str, named: str | None, refunds: dict[str, int], charges: dict[str, int]
) -> None:
    case = await swap(pipeline)
    changes = {"payment_method_id": case.means(named)} if named else {}
    await case.apply(item, **changes)
    await taken(pipeline, case)
    await case.come_back()
    await case.substitute("return_and_refund")
    await pipeline.end(case.rma_id)
    assert await case.moved() == (
        {case.means(name): amount for name, amount in refunds.items()},
        {case.means(name): amount for name, amount in charges.items()},
    )
    assert (await case.ending()).replacements == ()
    balance = await pipeline.balance(case.order_id)
    assert balance.captured_minor == balance.refunded_minor
    assert "exchange_refunded" in await pipeline.told(case.rma_id)


async def test_a_parcel_lost_on_an_exchange_is_paid_to_the_original_means(pipeline: Pipeline) -> None:
    case = await swap(pipeline)
    await case.apply("DEAR", payment_method_id=case.means("OTHER"))
    await pipeline.until(case.rma_id, lambda status: status.logistics is Logistics.PICKUP_BOOKED)
    await pipeline.scan(case.rma_id, "picked_up")
    await pipeline.scan(case.rma_id, "lost")
    await pipeline.end(case.rma_id)
    assert await case.moved() == ({case.means("CARD"): 10_000}, {})
    assert await case.hold() == "released"


async def test_stock_that_runs_out_before_the_hold_refuses_the_exchange(pipeline: Pipeline) -> None:
    case = await swap(pipeline, quantity=2)
    await case.apply("LAST")
    second = await pipeline.apply(case.order, **case.asking("LAST"))
    assert second.refusal is not None
    assert second.refusal.code is RefusalCode.REPLACEMENT_UNAVAILABLE
    assert pipeline.ledger.open_returns(case.order_id) == [case.rma_id]


async def test_stock_that_runs_out_while_a_person_decides_refuses_the_exchange(pipeline: Pipeline) -> None:
    case = await swap(pipeline)
    asked = case.asking("LAST")
    asked["lines"][0]["condition"] = "used"
    case.rma_id = (await pipeline.apply(case.order, **asked)).rma_id
    other = await swap(pipeline, lines=[line(product_id=f"P-{case.own}")])
    other.own = case.own
    await other.apply("LAST")
    await pipeline.act(case.rma_id, Action.REVIEW, Role.AGENT_TIER_2, approve=True, note="fine")
    result = await pipeline.end(case.rma_id)
    assert result.header is Header.REFUSED
    assert result.refusal is not None
    assert result.refusal.code is RefusalCode.REPLACEMENT_UNAVAILABLE
    assert pipeline.ledger.open_returns(case.order_id) == []
    assert pipeline.ledger.order_balance(case.order_id).lines[0].held == 0
    assert await pipeline.books("holds", case.rma_id) == []
    assert len(await pipeline.told(case.rma_id)) == 2, "the customer is told how it ended"
    assert "不是同款有货的规格" in (await pipeline.returns.status(case.rma_id)).why[0]


@pytest.mark.parametrize("held_unseen", [False, True])
async def test_a_stock_that_does_not_answer_holds_nothing_in_the_end(
    pipeline: Pipeline, held_unseen: bool
) -> None:
    case = await swap(pipeline)
    asked = case.asking("SAME")
    asked["lines"][0]["condition"] = "used"
    case.rma_id = (await pipeline.apply(case.order, **asked)).rma_id
    match = {"reference": f"{case.rma_id}-replacement"}
    if held_unseen:
        await pipeline.fault(target="inventory.hold", kind="error_after", times=2, match=match)
    else:
        await pipeline.fault(target="inventory.hold", match=match, **outage())
    await pipeline.act(case.rma_id, Action.REVIEW, Role.AGENT_TIER_2, approve=True, note="fine")
    if held_unseen:
        while not await pipeline.books("holds", case.rma_id):
            pass
        await pipeline.fault(target="inventory.hold", match=match, **outage())
    await pipeline.lapse(case.rma_id, 61 * MINUTE)
    assert (await pipeline.end(case.rma_id)).header is Header.REFUSED
    held = [hold["status"] for hold in await pipeline.books("holds", case.rma_id)]
    assert held == (["held", "released"] if held_unseen else [])
    assert pipeline.ledger.open_returns(case.order_id) == []


@pytest.mark.parametrize("kind", ["error_after", "lost_response", "error_before", "too_busy"])
async def test_a_hold_whose_answer_is_lost_is_made_once(pipeline: Pipeline, kind: str) -> None:
    case = await swap(pipeline)
    asked = case.asking("LAST")
    asked["lines"][0]["condition"] = "used"
    case.rma_id = (await pipeline.apply(case.order, **asked)).rma_id
    match = {"reference": f"{case.rma_id}-replacement"}
    await pipeline.fault(target="inventory.hold", kind=kind, match=match)
    await pipeline.act(case.rma_id, Action.REVIEW, Role.AGENT_TIER_2, approve=True, note="fine")
    await pipeline.lapse(case.rma_id, MINUTE)
    await pipeline.until(case.rma_id, lambda status: status.logistics is Logistics.PICKUP_BOOKED)
    assert len(await pipeline.books("holds", case.rma_id)) == 1


async def test_part_of_an_exchange_is_released_and_the_rest_of_the_hold_goes_free(pipeline: Pipeline) -> None:
    case = await swap(pipeline, quantity=2)
    await case.apply("LAST", "DEAR")
    await case.come_back(
        {"line_id": "SHIRT-M", "quantity": 1, "verdict": "accepted", "grade": "A"},
        {"line_id": "SHIRT-M", "quantity": 1, "verdict": "rejected", "grade": "D", "note": "worn"},
    )
    await pipeline.settled(case.rma_id)
    await pipeline.act(case.rma_id, Action.ACCEPT_RESULT, Role.CUSTOMER)
    await pipeline.end(case.rma_id)
    assert await case.moved() == ({}, {})
    assert (await case.ending()).replacements == ((case.item("LAST"),),)
    assert await case.hold() == "used"
    assert pipeline.ledger.order_balance(case.order_id).lines[0].settled == 1


async def test_an_exchange_that_is_rejected_altogether_gives_the_hold_back(pipeline: Pipeline) -> None:
    case = await swap(pipeline)
    await case.apply("LAST")
    await case.come_back(
        {"line_id": "SHIRT-M", "quantity": 1, "verdict": "rejected", "grade": "D", "note": "worn"}
    )
    await pipeline.until(case.rma_id, lambda status: "accept_result" in status.allowed_actions)
    await pipeline.act(case.rma_id, Action.ACCEPT_RESULT, Role.CUSTOMER)
    await pipeline.end(case.rma_id)
    assert await case.moved() == ({}, {})
    assert await case.hold() == "released"


async def test_what_is_accepted_after_all_is_paid_to_the_original_means(pipeline: Pipeline) -> None:
    case = await swap(pipeline)
    await case.apply("SAME", payment_method_id=case.means("OTHER"))
    await case.come_back(
        {"line_id": "SHIRT-M", "quantity": 1, "verdict": "rejected", "grade": "D", "note": "worn"}
    )
    await pipeline.until(case.rma_id, lambda status: "contest" in status.allowed_actions)
    await pipeline.act(case.rma_id, Action.CONTEST, Role.CUSTOMER, note="never worn")
    await pipeline.act(
        case.rma_id,
        Action.DECIDE_CONTEST,
        Role.SUPERVISOR,
        note="so it is",
        accepted=[{"line_id": "SHIRT-M", "quantity": 1}],
    )
    await pipeline.end(case.rma_id)
    ending = await case.ending()
    if ending.replacements:
        assert await case.moved() == ({}, {})
    else:
        assert await case.moved() == ({case.means("CARD"): 10_000}, {})
        assert await case.hold() == "released"


@pytest.mark.parametrize("how", ["withdrawn", "expired"])
async def test_an_exchange_that_does_not_come_about_gives_the_hold_back(pipeline: Pipeline, how: str) -> None:
    case = await swap(pipeline)
    await case.apply("LAST", ship_back="label")
    await pipeline.until(case.rma_id, lambda status: status.logistics is Logistics.AWAITING_HANDOVER)
    if how == "withdrawn":
        await pipeline.act(case.rma_id, Action.CANCEL, Role.CUSTOMER)
    else:
        await pipeline.lapse(case.rma_id, 7 * DAY + HOUR)
    await pipeline.end(case.rma_id)
    assert await case.hold() == "released"
    again = await pipeline.apply(case.order, **case.asking("LAST"))
    assert again.approval is Approval.APPROVED


async def test_an_exchange_is_worth_what_is_left_after_earlier_returns(pipeline: Pipeline) -> None:
    """Three shirts for 100.00: the first comes back for 33.33, the second is exchanged at its own 33.33."""
    case = await swap(pipeline)
    case.order = await pipeline.order(
        customer_id=case.order["customer_id"],
        payment_methods=[{"id": case.means("CARD"), "source": "credit_card"}],
        lines=[line(quantity=3, unit_price_minor=5_000, discount_minor=5_000, product_id=f"P-{case.own}")],
    )
    first = await pipeline.inspected(case.order)
    assert (await pipeline.end(first)).refunded_minor == 3_333
    await case.apply("SAME")
    await case.come_back()
    await pipeline.end(case.rma_id)
    assert await case.moved() == ({}, {case.means("CARD"): 6_667})
    asked = [{"line_id": "SHIRT-M", "quantity": 1, "condition": "unopened"}]
    third = await pipeline.inspected(case.order, lines=asked)
    assert (await pipeline.end(third)).refunded_minor == 3_334
    assert (await pipeline.returns.status(third)).reimbursement is Reimbursement.SETTLED
