"""Where a history and the code part is told in words, for every kind of command."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from temporalio.worker import UnsandboxedWorkflowRunner

from replay.replaying import Outcome, Replayed, Replays, Source
from tests.replay import tiny
from tests.replay.record import HISTORIES

CONTESTED = HISTORIES / "ReturnWorkflow" / "contested@0.2.0.json"


@pytest.fixture(scope="module")
def of_tiny() -> Replays:
    return Replays([tiny.Tiny], UnsandboxedWorkflowRunner())


@pytest.fixture(scope="module")
def of_ours() -> Replays:
    return Replays()


async def replayed(replays: Replays, source: Source) -> Replayed:
    (result,) = await replays.of([("history", source)])
    return result


@pytest.mark.parametrize(
    "steps",
    [
        ["activity a"],
        ["local a", "complete"],
        ["activity a", "timer a", "search", "memo"],
        ["child a", "fail"],
        ["patch a", "timer b"],
    ],
    ids=str,
)
async def test_code_that_does_what_history_holds_replays(of_tiny: Replays, steps: list[str]) -> None:
    tiny.code[:] = steps
    assert (await replayed(of_tiny, tiny.history(steps))).told == ""


async def test_a_patch_that_history_does_not_hold_replays(of_tiny: Replays) -> None:
    tiny.code[:] = ["patch a", "activity a"]
    assert (await replayed(of_tiny, tiny.history(["activity a"]))).outcome is Outcome.OK


@pytest.mark.parametrize(
    ("asked", "held", "in_history", "wanted"),
    [
        (["activity b"], ["activity a"], "activity a", "activity b"),
        (["timer noon"], ["activity a"], "activity a", "a timer (noon)"),
        (["activity a"], ["timer x"], "a timer", "activity a"),
        (["child c"], ["activity a"], "activity a", "child workflow c (id of c)"),
        (["activity a", "timer x"], ["timer x", "activity a"], "a timer", "activity a"),
        (["activity a"], ["local b"], "local activity b", "activity a"),
        (["local b"], ["activity a"], "activity a", "local activity b"),
        (["local b"], ["local a"], "local activity a", "local activity b"),
        ([], ["local a"], "local activity a", "nothing more"),
        (["search"], ["timer x"], "a timer", "an upsert of search attributes"),
        (["activity a"], ["search"], "an upsert of search attributes", "activity a"),
        (["memo"], ["search"], "an upsert of search attributes", "a change of the memo"),
        (["signal hi"], ["timer x"], "a timer", "a signal to another workflow: hi"),
        (["complete"], ["activity a"], "activity a", "the completion of the workflow"),
        (["activity a"], ["complete"], "the completion of the workflow", "activity a"),
        (["fail"], ["complete"], "the completion of the workflow", "the failure of the workflow"),
        (["continue"], ["complete"], "the completion of the workflow", "the continuation as a new run"),
        ([], ["complete"], "the completion of the workflow", "nothing more"),
    ],
    ids=str,
)
async def test_other_code_is_told_beside_what_history_holds(
    of_tiny: Replays, asked: list[str], held: list[str], in_history: str, wanted: str
) -> None:
    tiny.code[:] = asked
    result = await replayed(of_tiny, tiny.history(held))
    assert (result.outcome, result.event) == (Outcome.DIVERGED, 5)
    assert result.told == f"history holds {in_history}, the code asked for {wanted}"


async def test_history_that_has_more_a_patch_that_is_gone_and_another_id(of_tiny: Replays) -> None:
    tiny.code[:] = ["activity a"]
    more = await replayed(of_tiny, tiny.history(["activity a", "activity b"]))
    assert (more.event, more.told) == (6, "history holds activity b, the code asked for nothing more")
    gone = await replayed(of_tiny, tiny.history(["patch p", "activity a"]))
    assert (gone.event, gone.told) == (5, "history holds patch p, the code no longer asks for it")
    tiny.code[:] = ["child c"]
    other = await replayed(of_tiny, tiny.history(["child c"]).replace("id of c", "c-1"))
    assert other.told == (
        "history holds child workflow c (c-1) with the id c-1, the code asked for one with the id id of c"
    )


@pytest.mark.parametrize(
    ("asked", "held", "thing"),
    [
        (["activity a", "activity b"], ["activity a"], "activity b"),
        (["activity a"], [], "activity a"),
        (["timer x"], [], "a timer (x)"),
        (["local a"], [], "local activity a"),
        (["complete"], [], "the completion of the workflow"),
    ],
    ids=str,
)
async def test_code_that_asks_for_more_is_noticed_although_nothing_in_history_contradicts_it(
    of_tiny: Replays, asked: list[str], held: list[str], thing: str
) -> None:
    tiny.code[:] = asked
    result = await replayed(of_tiny, tiny.history(held))
    assert result.told == f"history holds nothing more for this task, the code asked for {thing}"


async def test_an_exception_is_told_with_its_line(of_tiny: Replays) -> None:
    tiny.code[:] = ["raise no such shelf"]
    result = await replayed(of_tiny, tiny.history(["complete"]))
    assert (result.outcome, result.event) == (Outcome.DIVERGED, 3)
    assert result.told.startswith("the code raised ValueError: no such shelf (tests/replay/tiny.py:")


async def test_code_that_blocks_is_told(of_tiny: Replays) -> None:
    tiny.code[:] = ["block"]
    result = await replayed(of_tiny, tiny.history(["complete"]))
    assert result.told == "the code did not yield within two seconds: it blocks"


def changed(change: Callable[[list[Any]], None]) -> str:
    content = json.loads(CONTESTED.read_text("utf-8"))
    change(content["events"])
    return json.dumps(content)


async def test_a_workflow_type_that_is_gone(of_ours: Replays) -> None:
    result = await replayed(of_ours, CONTESTED.read_text("utf-8").replace('"ReturnWorkflow"', '"OldWorkflow"'))
    assert result.event == 1
    assert result.told.startswith("history is of workflow type OldWorkflow, the registry has FollowUpWorkflow, ")


async def test_handlers_that_are_gone(of_ours: Replays) -> None:
    text = CONTESTED.read_text("utf-8")
    update = await replayed(of_ours, text.replace('"name": "inspect"', '"name": "look_at"'))
    assert update.told == "history holds update look_at, the code has no handler for it"
    signal = await replayed(of_ours, text.replace('"carrier_event"', '"scan"'))
    assert (signal.event, signal.told) == (25, "history holds signal scan, the code has no handler for it")


async def test_a_result_that_the_code_cannot_read_is_told_without_its_values(of_ours: Replays) -> None:
    def other_order(events: list[Any]) -> None:
        result = events[7]["activityTaskCompletedEventAttributes"]["result"]["payloads"][0]
        result["data"] = "eyJvcmRlciI6IHsiY3VzdG9tZXJfaWQiOiAiTWFyeSJ9fQ=="  # {"order": {"customer_id": "Mary"}}

    result = await replayed(of_ours, changed(other_order))
    assert "cannot read what history holds: 6 validation errors for OrderFacts order.order_id Field" in result.told
    assert "Mary" not in result.told


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "it is no JSON"),
        ("[1]", "it is no history of a workflow"),
        ('{"a": 3}', "it is no history of a workflow"),
        ('{"events": [{"eventId": "x"}]}', "it is no history of a workflow"),
        ('{"events": []}', "it does not begin with the start of a workflow"),
        ('{"events": [{"eventId": "3"}]}', "it does not begin with the start of a workflow"),
        (b"\xff", "it is no history of a workflow"),
    ],
    ids=str,
)
async def test_what_is_no_history(of_ours: Replays, content: Source, told: str) -> None:
    result = await replayed(of_ours, content)
    assert (result.outcome, result.told) == (Outcome.UNREADABLE, told)


async def test_a_file_that_is_gone(of_ours: Replays) -> None:
    result = await replayed(of_ours, Path("/nowhere/history.json"))
    assert (result.outcome, result.told) == (Outcome.UNREADABLE, "it cannot be read: No such file or directory")
