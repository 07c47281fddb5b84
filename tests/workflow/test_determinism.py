"""A worker that remembers nothing replays each return with every task, and comes to the same end.

It imports the orchestration anew for each run, inside Temporal's sandbox, which refuses clocks, chance and I/O.
"""

from collections.abc import AsyncIterator

import pytest
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from demo.judge import judge
from demo.story import Step, Story, load_stories
from domain.actions import Action
from testkit.environment import TimeSkippingEnv
from testkit.pipeline import Pipeline, running_pipeline
from workers.quiet_queries import QuietQueries

STORIES = {story.name: story for story in load_stories()}
STRICT = QuietQueries(
    SandboxedWorkflowRunner(
        restrictions=SandboxRestrictions.default.with_passthrough_modules(
            "domain", "workflows.contracts", "workflows.ids", "workflows.search_attributes", "babel"
        )
    )
)
PLAYED = ("late_inspection", "exchange", "dispute")


@pytest.fixture(scope="module")
async def forgetful(
    time_skipping_env: TimeSkippingEnv, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Pipeline]:
    """A pipeline whose worker keeps no workflow in memory."""
    folder = tmp_path_factory.mktemp("forgetful")
    async with running_pipeline(
        time_skipping_env.address, folder, max_cached_workflows=0, runner=STRICT
    ) as running:
        yield running


async def play(pipeline: Pipeline, story: Story) -> str:
    """Play a story to its end. The scans are reported by the test, which has no webhook to receive them."""
    for fault in story.faults:
        await pipeline.fault(**fault)
    with pipeline.skipper.with_time_skipping_disabled():
        rma_id = (await pipeline.returns.apply(story.application, f"replayed-{story.name}")).rma_id
    for step in story.steps:
        await take(pipeline, rma_id, step)
    await pipeline.end(rma_id)
    return rma_id


async def take(pipeline: Pipeline, rma_id: str, step: Step) -> None:
    if step.lapse is not None:
        await pipeline.lapse(rma_id, step.lapse)
    elif step.scan is not None:
        await pipeline.scan(rma_id, step.scan)
    elif step.act is Action.RECEIVE:
        await pipeline.receive(rma_id, **step.body)
    elif step.act is not None and step.role is not None:
        await pipeline.act(rma_id, step.act, step.role, **step.body)
    elif step.until is not None:
        wanted = step.until.items()
        await pipeline.until(
            rma_id, lambda status: all(str(getattr(status, name)) == value for name, value in wanted)
        )


@pytest.mark.deep
@pytest.mark.parametrize("name", PLAYED)
async def test_a_story_ends_as_told_although_each_task_replays_it(forgetful: Pipeline, name: str) -> None:
    story = STORIES[name]
    rma_id = await play(forgetful, story)
    _, differences = await judge(forgetful.sandbox, story, rma_id)
    assert differences == []
