"""Follow-up cases: numbered once per request, units claimed again where they are free."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from domain.actions import Action, Actor, Role
from domain.application import ApplicationLine, Contact, Remedy, ReturnApplication
from domain.authority import PayoutAnswer, PayoutRequest, PayoutRule, PayoutState
from domain.bookkeeping import AdvanceEnd, FollowUpOpening, TakeUp
from domain.follow_up import (
    ClaimedLine,
    FollowUpAnswer,
    FollowUpKind,
    FollowUpLine,
    FollowUpRefusalCode,
    FollowUpRequest,
    KeptCase,
)
from domain.intents import RefundBasis
from domain.policy.authority import PayoutCaps
from domain.refund import LineCompensation, UnitsToSettle
from domain.remainder import Remainder
from ledger.errors import CeilingExceeded, ReturnNotFound, UnitsNotHeld
from ledger.ledger import Ledger
from tests.unit.ledger_builders import (
    NOW,
    a_closing,
    a_line,
    a_message,
    an_authorization,
    an_opening,
    an_order,
    open_and_authorize,
    pay,
    row_counts,
)

pytest_plugins = ["tests.unit.ledger_fixtures"]

KEPT = KeptCase(
    application=ReturnApplication(
        order_id="O-1",
        customer_id="C-1",
        desired_resolution=Remedy.RETURN_AND_REFUND,
        lines=(ApplicationLine(line_id="L1", quantity=3),),
        contact=Contact(phone="13800000000"),
    )
)


def asked(request_id: str = "q-1", **fields: Any) -> FollowUpOpening:
    request = {
        "of": "R1",
        "request_id": request_id,
        "kind": FollowUpKind.REOPENED,
        "actor": Actor(role=Role.CUSTOMER, id="C-1"),
        "reason": "Two were in order.",
        **fields,
    }
    return FollowUpOpening(request=FollowUpRequest.model_validate(request), at=NOW + timedelta(days=1))


def late(request_id: str, **fields: Any) -> FollowUpOpening:
    warehouse = Actor(role=Role.WAREHOUSE, id="dock-2")
    return asked(request_id, kind=FollowUpKind.LATE_RECEIPT, actor=warehouse, **fields)


def closed(ledger: Ledger, paid: int = 1, header: str = "COMPLETED", claimed: int = 3) -> None:
    """A case that claimed units of L1, was paid for some of them, and has ended."""
    assert ledger.open_return(an_opening("R1", an_order(), {"L1": claimed})).refusal is None
    if paid:
        for intent in ledger.authorize_refund(an_authorization("R1", {"L1": paid})).intents:
            pay(ledger, intent)
    ledger.close_return(a_closing("R1", header=header, kept=KEPT))


def refused(answer: FollowUpAnswer) -> FollowUpRefusalCode | None:
    return answer.refusal.code if answer.refusal else None


def test_a_closed_case_is_taken_up_with_the_units_that_are_free(ledger: Ledger) -> None:
    closed(ledger)
    opened = ledger.open_follow_up(asked())
    assert opened.rma_id == "R1-2"
    assert opened.application == KEPT.application
    assert opened.follows is not None
    assert (opened.follows.of, opened.follows.root, opened.follows.number) == ("R1", "R1", 2)
    taken_up = ledger.take_up(TakeUp(rma_id="R1-2", op="take-up-1", at=NOW, outbox=(a_message("again"),)))
    assert taken_up.lines == (ClaimedLine(line_id="L1", held=2, paid_before=1),)
    assert [intent.amount_minor for intent in taken_up.paid] == [333]
    assert taken_up.order == an_order()
    assert ledger.open_returns("O-1") == ["R1-2"]
    assert ledger.pending_deliveries() == 1


def test_what_was_paid_cannot_be_paid_a_second_time(ledger: Ledger) -> None:
    closed(ledger)
    ledger.open_follow_up(asked())
    with pytest.raises(UnitsNotHeld):
        ledger.authorize_refund(an_authorization("R1-2", {"L1": 3}))
    refund = ledger.authorize_refund(an_authorization("R1-2", {"L1": 2}))
    assert [intent.amount_minor for intent in refund.intents] == [667]


def test_the_lines_of_the_first_case_are_compensated_as_far_as_they_go(ledger: Ledger) -> None:
    """Every unit was paid, at half its worth: the follow-up holds none, and the other half is left."""
    ledger.open_return(an_opening("R1", an_order(), {"L1": 3}))
    half = UnitsToSettle(line_id="L1", quantity=3, deduction_bps=5_000)
    ledger.authorize_refund(an_authorization("R1").model_copy(update={"units": (half,)}))
    ledger.close_return(a_closing("R1", kept=KEPT))
    ledger.open_follow_up(asked())

    def compensate(line_id: str, amount_minor: int) -> None:
        paid = (LineCompensation(line_id=line_id, amount_minor=amount_minor),)
        op = f"goodwill-{line_id}-{amount_minor}"
        basis = RefundBasis.AGREEMENT
        ledger.authorize_refund(an_authorization("R1-2", op=op, basis=basis, compensations=paid))

    assert ledger.remainder("R1-2") == Remainder(lines={"L1": 500}, order_minor=500)
    with pytest.raises(UnitsNotHeld, match="L2"):
        compensate("L2", 100)
    with pytest.raises(CeilingExceeded, match="has 500 left"):
        compensate("L1", 501)
    compensate("L1", 500)
    assert ledger.remainder("R1-2").for_a_refund_minor == 0


def test_a_ruling_on_a_reopened_case_is_about_the_lines_of_the_first(ledger: Ledger) -> None:
    """Every unit was paid, one of them at half its worth: the follow-up holds none."""
    ledger.open_return(an_opening("R1", an_order(), {"L1": 3}))
    half = (UnitsToSettle(line_id="L1", quantity=1, deduction_bps=5_000), UnitsToSettle(line_id="L1", quantity=2))
    ledger.authorize_refund(an_authorization("R1", half))
    ledger.close_return(a_closing("R1", kept=KEPT))
    ledger.open_follow_up(asked())
    assert ledger.remainder("R1-2").for_a_ruling_minor == 166
    ruling = an_authorization("R1-2", basis=RefundBasis.ARBITRATION, ruled_minor=166)
    assert sum(intent.amount_minor for intent in ledger.authorize_refund(ruling).intents) == 166
    assert ledger.remainder("R1-2").for_a_ruling_minor == 0


@pytest.mark.parametrize("is_waived", [True, False])
def test_what_was_kept_of_an_advance_is_not_left_for_the_reopened_case(ledger: Ledger, is_waived: bool) -> None:
    """L1 came to nothing and was kept: what is left of the order is for L2, which another return is about."""
    order = an_order(lines=(a_line("L1", 3, 1000), a_line("L2", 1, 1000)))
    ledger.open_return(an_opening("R1", order, {"L1": 3}))
    advance = an_authorization("R1", {"L1": 3}, op="advance", basis=RefundBasis.ADVANCE)
    for intent in ledger.authorize_refund(advance).intents:
        pay(ledger, intent)
    ledger.end_advance(AdvanceEnd(rma_id="R1", op="end", at=NOW, is_waived=is_waived))
    ledger.close_return(a_closing("R1", kept=KEPT))
    ledger.open_follow_up(asked())
    assert ledger.remainder("R1-2").for_a_refund_minor == 0
    assert ledger.remainder("R1-2").for_a_ruling_minor == 0
    with pytest.raises(CeilingExceeded):
        ledger.authorize_refund(an_authorization("R1-2", basis=RefundBasis.ARBITRATION, ruled_minor=1))
    assert (
        sum(intent.amount_minor for intent in open_and_authorize(ledger, "R2", order, {"L2": 1}).intents) == 1000
    )


def test_units_that_another_return_took_meanwhile_are_not_claimed_again(ledger: Ledger) -> None:
    closed(ledger)
    ledger.open_return(an_opening("R9", an_order(), {"L1": 1}))
    ledger.open_follow_up(asked())
    (line,) = ledger.take_up(TakeUp(rma_id="R1-2", op="take-up-1", at=NOW)).lines
    assert line.held == 1


def test_the_same_request_finds_the_same_follow_up_also_after_its_end(ledger: Ledger) -> None:
    closed(ledger)
    first = ledger.open_follow_up(asked())
    assert ledger.open_follow_up(asked()) == first
    ledger.close_return(a_closing("R1-2", kept=KEPT))
    before = row_counts(ledger.engine)
    assert ledger.open_follow_up(asked()) == first
    assert row_counts(ledger.engine) == before


def test_a_repeat_that_says_something_else_gets_what_was_asked_first(ledger: Ledger) -> None:
    """The caller sees by the request in the answer that its id stands for another one."""
    closed(ledger)
    first = ledger.open_follow_up(asked())
    other = asked(reason="Something else.")
    assert ledger.open_follow_up(other).request == first.request != other.request


def test_two_at_once_open_one(ledger: Ledger) -> None:
    closed(ledger)
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(ledger.open_follow_up, [asked(f"q-{n}") for n in range(4)]))
    opened = [answer for answer in answers if answer.refusal is None]
    assert [answer.rma_id for answer in opened] == ["R1-2"]
    others = [answer for answer in answers if answer.refusal]
    assert {answer.refusal.code for answer in others if answer.refusal} == {FollowUpRefusalCode.FOLLOW_UP_OPEN}
    assert {answer.refusal.rma_id for answer in others if answer.refusal} == {"R1-2"}


def test_a_second_reopening_is_refused_and_names_the_first(ledger: Ledger) -> None:
    closed(ledger)
    ledger.open_follow_up(asked())
    ledger.close_return(a_closing("R1-2", kept=KEPT))
    for of in ("R1", "R1-2"):
        again = ledger.open_follow_up(asked("q-2", of=of))
        assert refused(again) is FollowUpRefusalCode.ALREADY_REOPENED
        assert again.refusal is not None
        assert again.refusal.rma_id == "R1-2"


def test_goods_that_come_late_count_on_from_the_same_case(ledger: Ledger) -> None:
    closed(ledger)
    ledger.open_follow_up(asked())
    ledger.close_return(a_closing("R1-2", kept=KEPT))
    third = ledger.open_follow_up(late("scan-1", of="R1-2"))
    assert third.rma_id == "R1-3"
    assert third.follows is not None
    assert third.follows.root == "R1"


def test_a_late_receipt_of_named_units_takes_no_more_of_them(ledger: Ledger) -> None:
    closed(ledger, paid=0, header="EXPIRED")
    ledger.open_follow_up(late("scan-1", lines=(FollowUpLine(line_id="L1", quantity=1),)))
    (line,) = ledger.take_up(TakeUp(rma_id="R1-2", op="take-up-1", at=NOW)).lines
    assert (line.held, line.paid_before) == (1, 0)


def test_a_parcel_that_was_lost_and_paid_holds_nothing_when_it_comes_after_all(ledger: Ledger) -> None:
    closed(ledger, paid=3)
    ledger.open_follow_up(late("scan-1"))
    (line,) = ledger.take_up(TakeUp(rma_id="R1-2", op="take-up-1", at=NOW)).lines
    assert (line.held, line.paid_before) == (0, 3)


@pytest.mark.parametrize("opening", [asked(), late("scan-1")], ids=["reopened", "late"])
def test_a_unit_that_never_came_back_does_not_stand_in_for_one_that_was_paid(
    ledger: Ledger, opening: FollowUpOpening
) -> None:
    """One of the three came back and was paid; the customer kept the others, and nobody applied for them."""
    closed(ledger, claimed=1)
    ledger.open_follow_up(opening)
    (line,) = ledger.take_up(TakeUp(rma_id="R1-2", op="take-up-1", at=NOW)).lines
    assert (line.held, line.paid_before) == (0, 1)
    with pytest.raises(UnitsNotHeld):
        ledger.authorize_refund(an_authorization("R1-2", {"L1": 1}))
    assert ledger.open_return(an_opening("R9", an_order(), {"L1": 2})).refusal is None


def test_a_follow_up_is_no_application_of_its_own(ledger: Ledger) -> None:
    closed(ledger)
    ledger.open_follow_up(asked())
    ledger.close_return(a_closing("R1-2", kept=KEPT))
    again = an_opening("R9", an_order(), {"L1": 1}, max_applications_per_line=2)
    assert ledger.open_return(again).refusal is None


@pytest.mark.parametrize(
    ("opening", "code"),
    [
        (asked(of="R0"), FollowUpRefusalCode.NOT_FOUND),
        (asked(of="R2"), FollowUpRefusalCode.STILL_OPEN),
        (asked(of="R3"), FollowUpRefusalCode.NOTHING_KEPT),
        (asked(actor={"role": "warehouse", "id": "d"}), FollowUpRefusalCode.ROLE_NOT_PERMITTED),
        (late("s", lines=({"line_id": "L7", "quantity": 1},)), FollowUpRefusalCode.UNKNOWN_LINE),
    ],
    ids=lambda value: value.value if isinstance(value, FollowUpRefusalCode) else "",
)
def test_what_cannot_be_taken_up_is_refused_and_leaves_nothing(
    ledger: Ledger, opening: FollowUpOpening, code: FollowUpRefusalCode
) -> None:
    closed(ledger, claimed=1)
    open_and_authorize(ledger, "R2", an_order(), {"L1": 1})
    ledger.close_return(a_closing("R3", header="REFUSED"))
    before = row_counts(ledger.engine)
    assert refused(ledger.open_follow_up(opening)) is code
    assert row_counts(ledger.engine) == before


def test_a_case_that_follows_no_other_cannot_be_taken_up(ledger: Ledger) -> None:
    closed(ledger)
    with pytest.raises(ReturnNotFound, match="follows no other"):
        ledger.take_up(TakeUp(rma_id="R1", op="take-up-1", at=NOW))


def test_taking_a_case_up_again_does_not_raise_what_may_be_granted_in_it(ledger: Ledger) -> None:
    caps = PayoutCaps(agent_tier_1=3_000, agent_tier_2=50_000, agent_tier_3=500_000, supervisor=500_000)

    def grant(rma_id: str, amount_minor: int, agent: str) -> PayoutAnswer:
        request = PayoutRequest(
            rma_id=rma_id,
            op=f"payout-{agent}",
            at=NOW,
            actor=Actor(role=Role.AGENT_TIER_1, id=agent),
            action=Action.MAKE_OFFER,
            currency="CNY",
            case_version=1,
            policy_version="test-1",
        )
        return ledger.grant_payout(request, amount_minor, caps, NOW.date())

    ledger.open_return(an_opening("R1", an_order(), {"L1": 3}))
    assert grant("R1", 2_000, "a-1").state is PayoutState.GRANTED
    ledger.close_return(a_closing("R1", kept=KEPT))
    assert ledger.open_follow_up(asked()).rma_id == "R1-2"

    refusal = grant("R1-2", 1_500, "a-2")

    assert (refusal.state, refusal.rule, refusal.spent_minor) == (PayoutState.REFUSED, PayoutRule.CASE_CAP, 2_000)
    assert grant("R1-2", 1_000, "a-3").state is PayoutState.GRANTED
