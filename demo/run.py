"""Runs stories side by side on a stack of their own and judges each."""

import asyncio
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import httpx
from temporalio.testing import TimeSkipper, TimeSkippingConfig

from demo.judge import judge
from demo.story import Ending, Story
from demo.teller import Progress, StoryError, Teller
from domain.explanation import Explanation
from domain.worksheet_words import in_words
from starters.client import ReturnsClient
from starters.errors import ReturnsError
from starters.stack import Stack
from workflows.contracts import ReturnStatus


@dataclass(frozen=True)
class StoryResult:
    """How a story went: the end by the books, and what differs from what was told."""

    story: Story
    rma_id: str = ""
    status: ReturnStatus | None = None
    ending: Ending = field(default_factory=Ending)
    virtual: timedelta = timedelta()
    differences: tuple[str, ...] = ()
    explanation: Explanation | None = None

    @property
    def ended_as_told(self) -> bool:
        """Whether the books say what the story says."""
        return not self.differences


async def run_stories(
    stack: Stack, stories: Sequence[Story], report: Callable[[Progress], None]
) -> list[StoryResult]:
    """Play the stories at the same time on a running stack with time skipping."""
    # A child moves by its own clock, not by what its parent was doing when it started.
    skipper = TimeSkipper(await stack.connect(), config=TimeSkippingConfig(disable_propagation=True))
    async with httpx.AsyncClient(base_url=stack.sandbox_url, timeout=20) as sandbox:
        returns = ReturnsClient(skipper.client, stack.task_queue)
        teller = Teller(returns, skipper, sandbox, run_id=secrets.token_hex(4))
        return await asyncio.gather(*(_run(teller, returns, sandbox, story, report) for story in stories))


async def _run(
    teller: Teller,
    returns: ReturnsClient,
    sandbox: httpx.AsyncClient,
    story: Story,
    report: Callable[[Progress], None],
) -> StoryResult:
    try:
        status = await teller.play(story, report)
        explanation = in_words(await returns.explain(status.rma_id))
    except (StoryError, ReturnsError, httpx.HTTPError) as error:
        return StoryResult(story, differences=(f"not played to its end: {error}",))
    ending, differences = await judge(sandbox, story, status.rma_id)
    if not explanation.adds_up:
        differences.append("explain: the worksheets do not come to the money that was drawn")
    virtual = status.timeline[-1].at - status.timeline[0].at
    return StoryResult(story, status.rma_id, status, ending, virtual, tuple(differences), explanation)
