"""Our reader of histories reads what protobuf's own one reads, or leaves it to that."""

import json
from pathlib import Path

import pytest
from temporalio.api.history.v1 import History
from temporalio.client import WorkflowHistory

from replay.files import files_in
from replay.protojson import OtherForm, history_from
from replay.replaying import read
from tests.replay.record import HISTORIES


@pytest.mark.parametrize("file", files_in(HISTORIES), ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_every_history_is_read_alike(file: Path) -> None:
    text = file.read_text("utf-8")
    assert history_from(json.loads(text)) == History(events=WorkflowHistory.from_json("h", text).events)


@pytest.mark.parametrize(
    ("ours", "other"),
    [
        ('"EVENT_TYPE_WORKFLOW_EXECUTION_STARTED"', '"WorkflowExecutionStarted"'),
        ('"priority": {}', '"priority": {}, "ofTomorrow": 3'),
        ('Z",\n   "eventType"', '+00:00",\n   "eventType"'),
    ],
    ids=["enums as older tools write them", "fields of a newer server", "moments with an offset"],
)
def test_another_form_is_left_to_the_other_reader(ours: str, other: str) -> None:
    text = (HISTORIES / "ReturnWorkflow" / "plain_refund@0.2.0.json").read_text("utf-8")
    changed = text.replace(ours, other)
    assert changed != text
    with pytest.raises(OtherForm):
        history_from(json.loads(changed))
    assert read("h", changed).events == read("h", text).events
