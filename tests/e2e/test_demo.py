"""The demo as its users run it: as a command, judged by the books, with crashes in the middle."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from demo.run import run_stories
from demo.story import load_stories
from demo.teller import Progress
from starters.ports import Ports
from starters.stack import Stack
from tests.e2e.processes import Marked

RETURNS = str(Path(sys.executable).with_name("returns"))


def demo(marked: Marked, *arguments: str) -> tuple[int, dict[str, Any]]:
    process = subprocess.run(
        [RETURNS, "demo", "--json", *arguments],
        env=marked.environment,
        capture_output=True,
        text=True,
        timeout=110,
    )
    assert process.stdout, process.stderr
    return process.returncode, json.loads(process.stdout)


STORIES = [story.name for story in load_stories()]
EACH_KIND_OF_MONEY = ["late_inspection", "lost_answer", "advance_exchange"]
"""A story of each kind of money that moves."""


@pytest.mark.parametrize("stories", [EACH_KIND_OF_MONEY, pytest.param(STORIES, marks=pytest.mark.deep)])
def test_every_story_ends_as_told_and_nothing_is_left_behind(stories: list[str]) -> None:
    marked = Marked()
    code, outcome = demo(marked, *(word for story in stories for word in ("--story", story)))
    differences = {story["story"]: story["differences"] for story in outcome["stories"] if story["differences"]}
    assert differences == {}
    assert code == 0
    assert {story["story"] for story in outcome["stories"]} == set(stories)
    late = next(story for story in outcome["stories"] if story["story"] == "late_inspection")
    assert late["coupons"] == [{"customer_id": "C-104", "amount_minor": 5000, "currency": "CNY"}]
    assert marked.gone_within(5), marked.alive()


@pytest.mark.deep
def test_a_coupon_issued_twice_does_not_pass(tmp_path: Path) -> None:
    faults = tmp_path / "faults.json"
    faults.write_text(json.dumps([{"target": "coupons.issue", "kind": "duplicate"}]))
    code, outcome = demo(Marked(), "--story", "late_inspection", "--faults", str(faults))
    assert code == 1
    (story,) = outcome["stories"]
    assert len(story["coupons"]) == 2
    assert any(difference.startswith("coupons") for difference in story["differences"])


@pytest.mark.deep
async def test_a_killed_worker_changes_no_outcome(tmp_path: Path) -> None:
    stories = [story for story in load_stories() if story.name in EACH_KIND_OF_MONEY]
    assert len(stories) == len(EACH_KIND_OF_MONEY)
    reports: list[Progress] = []
    async with Stack(tmp_path, Ports.free(), time_skipping=True) as stack:
        playing = asyncio.create_task(run_stories(stack, stories, reports.append))
        kills = 0
        while kills < 2 and not playing.done():
            seen = len(reports)
            while len(reports) < seen + 6 and not playing.done():
                await asyncio.sleep(0.02)
            await stack.kill("worker")
            kills += 1
            await stack.start_worker()
        results = await playing
    assert kills == 2
    assert {result.story.name: result.differences for result in results if result.differences} == {}
