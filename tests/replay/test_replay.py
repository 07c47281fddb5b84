"""Every recorded history replays on today's code, with the worker's own registry, converter and runner."""

from pathlib import Path

import pytest
from temporalio import workflow
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer
from temporalio.workflow import NondeterminismError

from demo.story import load_stories
from tests.replay.record import HISTORIES
from workers.registry import WORKFLOW_RUNNER, WORKFLOWS
from workflows import ids

FILES = sorted(HISTORIES.glob("*/*.json"))


def replayer() -> Replayer:
    return Replayer(workflows=WORKFLOWS, workflow_runner=WORKFLOW_RUNNER, data_converter=pydantic_data_converter)


def read(file: Path) -> WorkflowHistory:
    return WorkflowHistory.from_json(file.stem, file.read_text("utf-8"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.stem}")
async def test_a_recorded_history_replays(file: Path) -> None:
    await replayer().replay_workflow(read(file))


@pytest.mark.parametrize("story", [story.name for story in load_stories()])
def test_every_story_is_recorded(story: str) -> None:
    recorded = {file.stem.split("@")[0] for file in FILES if file.parent.name == ids.RETURN_WORKFLOW}
    assert story in recorded, "record it with: make histories"


@pytest.mark.parametrize("kind", WORKFLOWS)
def test_every_workflow_type_is_recorded(kind: type) -> None:
    name = workflow._Definition.must_from_class(kind).name
    assert any(file.parent.name == name for file in FILES), "record it with: make histories"


@pytest.mark.parametrize(
    ("recorded", "instead"),
    [
        ("carrier.book_pickup", "carrier.create_label"),
        ("payment.move_money", "coupons.issue"),
    ],
    ids=["early", "late"],
)
async def test_a_history_that_differs_is_noticed(recorded: str, instead: str) -> None:
    file = next(file for file in FILES if file.stem.startswith("plain_refund@"))
    text = file.read_text("utf-8")
    assert recorded in text
    changed = text.replace(recorded, instead)
    with pytest.raises(NondeterminismError):
        await replayer().replay_workflow(WorkflowHistory.from_json(file.stem, changed))
