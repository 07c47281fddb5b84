"""Seeded random cases over the whole pipeline: the providers' books keep every invariant."""

import asyncio
import os

import pytest

from domain.actions import Action
from testkit.pipeline import Pipeline
from tests.properties.lives import Life
from tests.properties.oracle import broken_invariants
from tests.properties.speaker import BODIES

CASES = int(os.environ.get("RETURNFLOW_TEST_CASES", "4"))
FIRST_SEED = int(os.environ.get("RETURNFLOW_TEST_SEED", "1"))
_AT_ONCE = 4


def test_every_action_is_played() -> None:
    assert set(BODIES) == set(Action)


@pytest.mark.deep
@pytest.mark.timeout(600)
@pytest.mark.parametrize("first", range(FIRST_SEED, FIRST_SEED + CASES, _AT_ONCE))
async def test_random_lives_keep_every_invariant(pipeline: Pipeline, first: int) -> None:
    lives = [Life(pipeline, seed) for seed in range(first, min(first + _AT_ONCE, FIRST_SEED + CASES))]
    ends = await asyncio.gather(*(life.live() for life in lives))
    for life, cases in zip(lives, ends, strict=True):
        assert await broken_invariants(pipeline, life.order, *cases) == [], "\n".join(life.log)
