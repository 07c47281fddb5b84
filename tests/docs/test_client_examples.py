"""The programs of the guides for the typed client run as they stand there, and print what is shown."""

import asyncio
import re
import runpy
import sys
from contextlib import redirect_stdout
from importlib.resources import files
from io import StringIO
from pathlib import Path

import pytest

from testkit.environment import TimeSkippingEnv
from testkit.pipeline import Pipeline
from tests.docs.blocks import named_blocks, shown_runs

ROOT = Path(__file__).parents[2]
_SHOWN_ADDRESS = '"127.0.0.1:7233"'


@pytest.fixture(scope="module")
async def _sample_data(pipeline: Pipeline) -> None:
    for kind in ("customers", "catalog", "orders"):
        records = files("sandbox.data").joinpath(f"{kind}.jsonl").read_text("utf-8")
        (await pipeline.sandbox.post(f"/load/{kind}", content=records)).raise_for_status()


@pytest.mark.usefixtures("_sample_data")
@pytest.mark.parametrize("guide", ["README.md", "docs/order-system.md"])
async def test_the_programs_of_a_guide_print_what_it_shows(
    guide: str, pipeline: Pipeline, time_skipping_env: TimeSkippingEnv, tmp_path: Path
) -> None:
    here = f'"{time_skipping_env.address}", task_queue="{pipeline.task_queue}"'
    programs = named_blocks(ROOT / guide)
    assert programs
    for name, text in programs.items():
        assert _SHOWN_ADDRESS in text
        (tmp_path / name).write_text(text.replace(_SHOWN_ADDRESS, here), encoding="utf-8")
    runs = [(words[1:], output) for words, output in shown_runs(ROOT / guide) if set(words) & set(programs)]
    assert {words[0] for words, _ in runs} == set(programs)
    for words, output in runs:
        assert await asyncio.to_thread(_printed_by, words, tmp_path) == output
        for rma_id in re.findall(r"RMA-\w+", output):
            await pipeline.rest(rma_id)


def _printed_by(words: list[str], folder: Path) -> str:
    """Run a program on an event loop of its own, in this process: as one of its own it may abort after its end.

    See `starters/process.py`.
    """
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(StringIO()) as printed:
        patch.setattr(sys, "argv", words)
        runpy.run_path(str(folder / words[0]), run_name="__main__")
    return printed.getvalue()
