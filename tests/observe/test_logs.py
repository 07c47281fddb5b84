"""What is logged is JSON, says whom it is about, once, and has no personal data."""

import json
from collections import Counter
from typing import Any

import pytest

from tests.observe.conftest import Told
from tests.observe.play import PLANTED, TRACE_ID

CONTEXT = {"workflow_id", "rma_id"}


@pytest.fixture(scope="module")
def lines(told: Told) -> list[dict[str, Any]]:
    return [json.loads(line) for line in told.logs]


def test_every_line_is_json_and_says_when_and_what(lines: list[dict[str, Any]]) -> None:
    assert len(lines) > 10
    for line in lines:
        assert {"event", "level", "timestamp"} <= set(line), line


def test_no_line_has_what_people_wrote(told: Told) -> None:
    assert [line for line in told.logs if PLANTED in line or "example.org" in line] == []


def test_lines_of_a_workflow_and_of_an_activity_say_whom_they_are_about(lines: list[dict[str, Any]]) -> None:
    stages = [line for line in lines if line["event"] == "stage_reached"]
    outcomes = [line for line in lines if line["event"] == "payment_outcome" and "activity" in line]
    assert {line["outcome"] for line in outcomes} == {"paid", "unknown"}
    for line in (*stages, *outcomes):
        assert set(line) >= CONTEXT, line
        assert line["workflow_id"] == f"return/{line['rma_id']}"
    assert {(line["activity"], line["outcome"], line["attempt"]) for line in outcomes} == {
        ("payment.move_money", "paid", 1),
        ("payment.move_money", "unknown", 1),
        ("payment.move_money", "paid", 2),
    }


def test_a_failed_attempt_is_told_by_type_and_place(lines: list[dict[str, Any]]) -> None:
    [failed] = [line for line in lines if line.get("error_type") == "OutcomeUnknown"]
    assert failed["activity"] == "payment.move_money"
    assert failed["attempt"] == 1
    assert set(failed) >= CONTEXT
    assert any("activities/payment.py" in frame for frame in failed["frames"])
    assert "exception" not in failed


def test_the_core_says_why_code_does_not_replay(lines: list[dict[str, Any]]) -> None:
    found = [line for line in lines if "TMPRL1100" in line.get("failure", "")]
    assert found
    assert all("run_id" in line for line in found)


def test_a_worker_that_replays_everything_says_nothing_twice(told: Told, lines: list[dict[str, Any]]) -> None:
    own = [line for line in lines if line.get("rma_id") == told.forgetful and line["event"] == "stage_reached"]
    said = Counter(line["stage"] for line in own)
    assert said == {"ship_back": 1, "inspection": 1, "settlement": 1, "closed": 1}


def test_lines_of_a_traced_request_carry_its_trace(lines: list[dict[str, Any]]) -> None:
    traced = {line["event"] for line in lines if line.get("trace_id") == TRACE_ID}
    assert {"request", "payment_outcome", "stage_reached"} <= traced
