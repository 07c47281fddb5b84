"""Every recorded history replays on today's code, with the worker's own registry, converter and runner."""

from pathlib import Path

import pytest
from temporalio import workflow

from demo.story import load_stories
from replay.files import files_in
from replay.late_gates import LateGates
from replay.replaying import Outcome, Replayed, Replays, Source
from tests.replay.record import HISTORIES
from workers.registry import REPLAY_RUNNER, WORKFLOWS
from workflows import ids

FILES = files_in(HISTORIES)


@pytest.fixture(scope="module")
def watched() -> LateGates:
    return LateGates(REPLAY_RUNNER)


@pytest.fixture(scope="module")
def replays(watched: LateGates) -> Replays:
    return Replays(runner=watched)


async def replayed(replays: Replays, source: Source) -> Replayed:
    (result,) = await replays.of([("history", source)])
    return result


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.stem}")
async def test_a_recorded_history_replays(replays: Replays, watched: LateGates, file: Path) -> None:
    result = await replayed(replays, file)
    assert result.outcome is Outcome.OK, f"event {result.event}: {result.told}"
    assert not watched.found


@pytest.mark.parametrize("story", [story.name for story in load_stories()])
def test_every_story_is_recorded(story: str) -> None:
    recorded = {file.stem.split("@")[0] for file in FILES if file.parent.name == ids.RETURN_WORKFLOW}
    assert story in recorded, "record it with: make histories"


@pytest.mark.parametrize("kind", WORKFLOWS)
def test_every_workflow_type_is_recorded(kind: type) -> None:
    name = workflow._Definition.must_from_class(kind).name
    assert any(file.parent.name == name for file in FILES), "record it with: make histories"


@pytest.mark.parametrize(
    ("recorded", "instead", "event"),
    [
        ("carrier.book_pickup", "carrier.create_label", 13),
        ("payment.move_money", "coupons.issue", 67),
    ],
    ids=["early", "late"],
)
async def test_a_history_that_differs_is_noticed(
    replays: Replays, recorded: str, instead: str, event: int
) -> None:
    file = next(file for file in FILES if file.stem.startswith("plain_refund@0.2"))
    text = file.read_text("utf-8")
    assert recorded in text
    result = await replayed(replays, text.replace(recorded, instead))
    assert (result.outcome, result.event) == (Outcome.DIVERGED, event)
    assert result.told == f"history holds activity {instead}, the code asked for activity {recorded}"
