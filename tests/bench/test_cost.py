"""What a return costs at Temporal is what the committed result says: `make bench` writes it anew."""

import json
from pathlib import Path

from bench.cost import Cost, play_costs
from testkit.pipeline import Pipeline

COMMITTED = Path(__file__).parents[2] / "bench" / "results" / "cost.json"
_MORE_TASKS = 3
"""A busy machine ends a workflow task before its ledger call is done; the rest of it is then a task of its own."""
_BYTES = 0.05
"""Ids and times differ from run to run."""


def without_tasks(cost: Cost) -> dict[str, int]:
    return {name: count for name, count in cost.events.items() if not name.startswith("WORKFLOW_TASK_")}


async def test_no_story_costs_more_or_less_than_committed(pipeline: Pipeline) -> None:
    committed = [Cost.model_validate(each) for each in json.loads(COMMITTED.read_text("utf-8"))]
    costs = await play_costs(pipeline)
    assert [cost.story for cost in costs] == [cost.story for cost in committed]
    for cost, known in zip(costs, committed, strict=True):
        assert cost.actions == known.actions, cost.story
        assert without_tasks(cost) == without_tasks(known), cost.story
        assert 0 <= cost.event_count - known.event_count <= 3 * _MORE_TASKS, cost.story
        assert abs(cost.size - known.size) <= known.size * _BYTES, cost.story


def test_a_plain_refund_is_within_its_budget() -> None:
    plain = Cost.model_validate(json.loads(COMMITTED.read_text("utf-8"))[0])
    assert plain.story == "plain refund"
    assert plain.event_count <= 70
    assert plain.action_count <= 24
