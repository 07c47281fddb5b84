"""A gate that is asked right after a local activity is found, and why it must not be there."""

import pytest
from temporalio.worker import UnsandboxedWorkflowRunner

from replay.late_gates import LateGates
from replay.replaying import Outcome, Replays
from tests.replay import tiny

AFTER = ["local a", "patch b", "timer c"]
BEFORE = ["patch b", "local a", "timer c"]


@pytest.fixture
def watched() -> LateGates:
    return LateGates(UnsandboxedWorkflowRunner())


async def outcome(watched: LateGates, code: list[str], held: list[str]) -> Outcome:
    tiny.code[:] = code
    (result,) = await Replays([tiny.Tiny], watched).of([("history", tiny.history(held))])
    return result.outcome


async def test_right_after_a_local_activity_a_gate_is_found(watched: LateGates) -> None:
    assert await outcome(watched, AFTER, AFTER) is Outcome.OK
    assert watched.found == {"b"}


@pytest.mark.parametrize("code", [BEFORE, ["patch b", *AFTER]], ids=str)
async def test_before_a_local_activity_it_is_in_its_place(watched: LateGates, code: list[str]) -> None:
    assert await outcome(watched, code, BEFORE) is Outcome.OK
    assert watched.found == set()


async def test_a_task_that_ends_early_makes_it_diverge(watched: LateGates) -> None:
    assert await outcome(watched, AFTER, ["local a", "task", "patch b", "timer c"]) is Outcome.DIVERGED


async def test_before_the_activity_it_replays_whenever_the_task_ended(watched: LateGates) -> None:
    assert await outcome(watched, BEFORE, ["patch b", "local a", "task", "timer c"]) is Outcome.OK


async def test_it_may_move_before_the_activity_of_the_same_task(watched: LateGates) -> None:
    assert await outcome(watched, BEFORE, AFTER) is Outcome.OK
