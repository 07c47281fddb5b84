"""Histories become files: what they are called, what is kept, and what is refused."""

import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory

from replay.exporting import Export, Exporter
from replay.redaction import History, redacted
from replay.scenario import scenario_of, version_of
from tests.replay.record import HISTORIES


def content_of(kind: str, story: str) -> History:
    content: History = json.loads((HISTORIES / kind / f"{story}@0.2.0.json").read_text("utf-8"))
    return content


async def exported(exporter: Exporter, *contents: History) -> Export:
    async def histories() -> AsyncIterator[WorkflowHistory]:
        for number, content in enumerate(contents):
            yield WorkflowHistory.from_json(f"w{number}", json.dumps(content))

    return await exporter.export(histories())


@pytest.mark.parametrize(
    ("kind", "story", "name"),
    [
        ("ReturnWorkflow", "plain_refund", "return_and_refund_completed_376ja659"),
        ("ReturnWorkflow", "late_inspection", "return_and_refund_completed_breached_qctt0sgk"),
        ("ReturnWorkflow", "contested", "return_and_refund_completed_contested_k9n9z9xn"),
        ("ReturnWorkflow", "expired", "return_and_refund_expired_wmbw6rk4"),
        ("ReturnWorkflow", "reopened", "return_and_refund_follow_up_declined_a7mzgr-2"),
        ("FollowUpWorkflow", "reopened", "reopened_completed_ff9d7dc4"),
        ("RecoveryClaimWorkflow", "accepted", "carrier_accepted_5me5dkz9"),
        ("ReconciliationWorkflow", "nothing_open", "completed_7132283f"),
    ],
)
def test_the_name_says_what_happened(kind: str, story: str, name: str) -> None:
    assert scenario_of(redacted(content_of(kind, story))) == name


def test_what_still_runs_is_open() -> None:
    content = content_of("ReturnWorkflow", "contested")
    content["events"] = content["events"][:18]
    assert scenario_of(redacted(content)) == "return_and_refund_open_k9n9z9xn"


def test_the_version_is_that_of_the_last_task_that_names_one() -> None:
    content = content_of("ReturnWorkflow", "contested")
    assert version_of(content) == "unknown"
    tasks = [each for event in content["events"] if (each := event.get("workflowTaskCompletedEventAttributes"))]
    tasks[0]["workerVersion"] = {"buildId": "0.3.0"}
    assert version_of(content) == "0.3.0"
    tasks[1]["deploymentVersion"] = {"deploymentName": "returnflow", "buildId": "0.3.1"}
    assert version_of(content) == "0.3.1"


async def test_a_file_is_never_taken_by_another_history(tmp_path: Path) -> None:
    content = content_of("ReturnWorkflow", "cancellation")
    first = await exported(Exporter(tmp_path), content, content)
    names = sorted(Path(each.file).name for each in first.exported)
    assert names == [
        "cancel_order_completed_4yx6rf1t-2@unknown.json",
        "cancel_order_completed_4yx6rf1t@unknown.json",
    ]
    again = await exported(Exporter(tmp_path), content)
    assert "exists; remove it, or export with --overwrite" in again.not_exported[0].why
    assert len((await exported(Exporter(tmp_path, overwrite=True), content)).exported) == 1


async def test_what_cannot_be_exported_is_told_and_the_rest_goes_on(tmp_path: Path) -> None:
    good, encoded, foreign = (content_of("ReturnWorkflow", "cancellation") for _ in range(3))
    payload = encoded["events"][0]["workflowExecutionStartedEventAttributes"]["input"]["payloads"][0]
    payload["metadata"]["encoding"] = base64.b64encode(b"binary/encrypted").decode()
    foreign["events"][0]["workflowExecutionStartedEventAttributes"]["workflowType"]["name"] = "Payroll"
    result = await exported(Exporter(tmp_path), encoded, foreign, good)
    assert [each.workflow_id for each in result.exported] == ["w2"]
    whys = [each.why for each in result.not_exported]
    assert "its payloads are encoded (binary/encrypted)" in whys[0]
    assert whys[1] == "its type Payroll is none of this pipeline"


async def test_a_copy_that_replays_otherwise_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_much_taken_out(history: History) -> History:
        copy: History = json.loads(json.dumps(redacted(history)).replace("orders.fetch_facts", "redacted"))
        return copy

    monkeypatch.setattr("replay.exporting.redacted", too_much_taken_out)
    result = await exported(Exporter(tmp_path), content_of("ReturnWorkflow", "cancellation"))
    assert result.not_exported[0].why == (
        "without personal data it does not replay as before: "
        "event 6: history holds activity redacted, the code asked for activity orders.fetch_facts"
    )
    assert result.exported == ()


async def test_a_history_that_diverges_is_exported_and_said_to(tmp_path: Path) -> None:
    text = json.dumps(content_of("ReturnWorkflow", "cancellation")).replace("orders.fetch_facts", "orders.older")
    result = await exported(Exporter(tmp_path), json.loads(text))
    assert [each.replays for each in result.exported] == [False]
