"""What a run does is drawn from its seed, and says what it takes."""

from collections import Counter
from itertools import pairwise

from chaos.clocks import VERSION, chaos_policy
from chaos.plan import Disturbance, Size, make_plan
from chaos.stories import Story
from domain.application import ReturnApplication
from sandbox.faults import FaultSpec


def test_a_seed_makes_the_same_plan_and_another_seed_another() -> None:
    assert make_plan(7, Size.short(200)) == make_plan(7, Size.short(200))
    assert make_plan(7, Size.short(200)) != make_plan(8, Size.short(200))


def test_the_full_run_is_as_specified() -> None:
    size = Size.full(2_000)
    plan = make_plan(1, size)
    assert len(plan.lives) == 2_000
    assert len({life.order_id for life in plan.lives}) == 2_000
    assert {life.story for life in plan.lives} == set(Story)
    strikes = Counter(strike.kind for strike in plan.strikes)
    assert strikes[Disturbance.SERVER_KILL] >= 5
    assert set(strikes) == set(Disturbance)
    kills = [strike.at for strike in plan.strikes if strike.kind is Disturbance.WORKER_KILL]
    assert all(5 <= later - earlier <= 20 for earlier, later in pairwise(kills))
    assert {abs(s.ahead_seconds) for s in plan.strikes if s.kind is Disturbance.CLOCK_STEP} == {600.0}
    assert {strike.seconds for strike in plan.strikes if strike.kind is Disturbance.OUTAGE} == {60.0}
    assert all(life.starts_at <= size.arrival < size.bound < 25 * 60 for life in plan.lives)


def test_one_call_in_ten_goes_wrong() -> None:
    well = 1.0
    for fault in make_plan(1, Size.short(200)).faults:
        if fault["target"] == "*":
            well *= 1 - fault["probability"]
    assert round(1 - well, 6) == 0.10


def test_the_short_run_kills_the_server_twice_and_a_foreign_platform_nothing() -> None:
    kinds = Counter(strike.kind for strike in make_plan(1, Size.short(200)).strikes)
    assert kinds[Disturbance.SERVER_KILL] == 2
    foreign = {strike.kind for strike in make_plan(1, Size.short(200), kills=False).strikes}
    assert foreign == {Disturbance.OUTAGE, Disturbance.CLOCK_STEP}


def test_what_a_plan_sends_is_what_the_pipeline_and_the_sandbox_take() -> None:
    plan = make_plan(3, Size.short(200))
    for fault in plan.faults:
        FaultSpec.model_validate(fault)
    for life in plan.lives:
        ReturnApplication.model_validate(life.application, extra="forbid")


def test_more_was_paid_than_is_ever_returned_so_that_a_double_refund_is_not_refused() -> None:
    for life in make_plan(3, Size.short(200)).lives:
        if life.story is not Story.CANCELLED_ORDER:
            assert life.expected.refunded_minor is not None
            assert 2 * life.expected.refunded_minor <= life.paid_minor + 20_000


def test_the_clocks_run_in_seconds() -> None:
    policy, _ = chaos_policy()
    assert policy.version == VERSION
    assert policy.clocks.inspection.total_seconds() == 10
    assert policy.clocks.transit_lost.total_seconds() <= 180
