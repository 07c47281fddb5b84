"""A sample of recorded requests against the real pipeline, where the data is there."""

import os
from pathlib import Path

import pytest

from testkit.pipeline import Pipeline
from tests.conformance.cases import Shop, read_cases
from tests.conformance.runner import compare, load, run_cases

DATA = Path(os.environ.get("RETURNFLOW_RETAIL_DATA", "../shared/data/retail"))
SAMPLE = 16


async def test_sample_of_recorded_requests(pipeline: Pipeline) -> None:
    if not (DATA / "cases.jsonl").exists():
        pytest.skip(f"no recorded requests in {DATA}: set RETURNFLOW_RETAIL_DATA to their folder")
    everything = read_cases(DATA / "cases.jsonl")
    cases = everything[:: max(len(everything) // SAMPLE, 1)][:SAMPLE]
    await load(pipeline.sandbox, Shop(DATA), cases)
    answers = await run_cases(pipeline.returns, pipeline.sandbox, cases, lambda: None)
    assert [text for case, answer in zip(cases, answers, strict=True) if (text := compare(case, answer))] == []
