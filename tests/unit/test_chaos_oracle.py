"""Each invariant, broken by hand, is found; and a run that went well breaks none."""

from datetime import timedelta

import pytest

from chaos.stories import SHIRT_MINOR
from domain.clocks import ClockName
from domain.intents import IntentState
from domain.status import Header
from replay.replaying import Outcome
from tests.unit.chaos_evidence import AT, KEY, RMA, Run, coupon, message, of_another_amount, pickup, refund
from workflows.contracts.status import Deadline, TimelineEntry

LATE = AT + timedelta(seconds=12)


def test_a_run_that_went_well_breaks_nothing() -> None:
    judgement = Run().judged()
    assert judgement.holds
    assert judgement.final == 1
    assert judgement.otherwise == {}


@pytest.mark.parametrize(
    ("invariant", "run"),
    [
        ("I1", Run(refunds=[refund(amount_minor=5 * SHIRT_MINOR)])),
        ("I2", Run(refunds=[refund(1), refund(2)])),
        ("I2", Run(coupons=[coupon(1), coupon(2)], inspected_at=LATE)),
        ("I3", Run(refunds=[])),
        ("I3", Run(intent=IntentState.UNKNOWN)),
        ("I3", Run(adds_up=False)),
        ("I3", Run(adds_up=None)),
        ("I3", of_another_amount(3 * SHIRT_MINOR)),
        ("I3", Run(refunds=[], messages=[], status={"payments": ()}, ledger_refunded_minor=0, intent=None)),
        ("I4", Run(unknown_orders=["O-1"])),
        ("I4", Run(ledger_refunded_minor=0)),
        ("I5", Run(status={"timeline": (TimelineEntry(at=AT, what="application received"),)})),
        ("I5", Run(is_known=False)),
        ("I6", Run(intent=IntentState.DECLINED)),
        ("I7", Run(pickups=[pickup(1), pickup(2)])),
        ("I8", Run(messages=[])),
        ("I8", Run(messages=[message("m-1"), message("m-2")])),
        ("I8", Run(messages=[message(body="Paid."), message(body="Paid once more.")])),
        ("I8", Run(undelivered=1)),
        ("I9", Run(replayed=Outcome.DIVERGED)),
        ("I9", Run(replayed=None)),
        ("I10", Run(inspected_at=LATE)),
        ("I10", Run(coupons=[coupon()])),
        ("I10", Run(coupons=[coupon(1), coupon(2)], inspected_at=LATE)),
    ],
)
def test_a_broken_invariant_is_found(invariant: str, run: Run) -> None:
    judgement = run.judged()
    assert invariant in {each.invariant for each in judgement.broken}
    assert not judgement.holds


def test_a_late_inspection_earns_one_coupon() -> None:
    judgement = Run(coupons=[coupon()], inspected_at=LATE).judged()
    assert judgement.holds
    assert (judgement.late, judgement.coupons) == (1, 1)


def test_a_carriers_clock_that_is_ahead_does_not_make_an_inspection_timely() -> None:
    ahead = AT + timedelta(minutes=10)
    assert not Run(scan_says=ahead, inspected_at=LATE).judged().holds
    assert Run(scan_says=ahead, inspected_at=LATE, coupons=[coupon()]).judged().holds


def test_a_carriers_clock_that_is_behind_counts_from_the_application() -> None:
    behind = AT - timedelta(minutes=10)
    assert Run(scan_says=behind, coupons=[coupon()]).judged().holds


def test_a_declined_refund_that_was_replaced_is_none_that_moved() -> None:
    assert Run(refunds=[refund(status="failed", provider_reference="re_0"), refund()]).judged().holds


@pytest.mark.parametrize(
    ("status", "where"),
    [
        ({"needs": "supervisor"}, "by_hand"),
        (
            {"next_deadline": Deadline(clock=ClockName.CONTEST, due_at=AT + timedelta(hours=1))},
            "waiting",
        ),
        ({}, "lost"),
        ({"next_deadline": Deadline(clock=ClockName.CONTEST, due_at=AT)}, "lost"),
    ],
)
def test_what_is_not_final_is_with_somebody_or_lost(status: dict[str, object], where: str) -> None:
    judgement = Run(status={"is_final": False, **status}).judged()
    assert RMA in getattr(judgement, where)
    assert judgement.holds is (where == "by_hand")


def test_another_end_than_the_storys_is_told() -> None:
    judgement = Run(status={"header": Header.EXPIRED}).judged()
    assert "header EXPIRED for COMPLETED" in judgement.otherwise[RMA]
    assert KEY.startswith(RMA)


def test_where_somebody_had_to_help_another_amount_is_told_and_breaks_nothing() -> None:
    judgement = of_another_amount(2 * SHIRT_MINOR, helped=["agent_tier_1"]).judged()
    assert judgement.broken == []
    assert f"refunded {2 * SHIRT_MINOR} for {SHIRT_MINOR}" in judgement.otherwise[RMA]
