"""The oracle is worth its word: a run of a careful worker holds, one of a worker that never looks up does not."""

from dataclasses import replace
from pathlib import Path

import pytest

from chaos.plan import Plan, Size, make_plan
from chaos.run import run_on_stack

pytestmark = [pytest.mark.deep, pytest.mark.timeout(150)]

RETURNS = 24


def without_kills() -> Plan:
    """A third of all provider calls go wrong. Nothing is killed: what is found is the payments' doing."""
    size = replace(Size.short(RETURNS), arrival=6.0, bound=40.0, outages=0, steps=0)
    return make_plan(4, size, kills=False, fault_rate=0.35)


async def test_without_the_look_up_before_a_retry_a_run_fails(tmp_path: Path) -> None:
    report = await run_on_stack(without_kills(), tmp_path, lambda _: None, "tests.e2e.careless_worker")
    assert not report.holds
    assert report.double_refunds > 0
    assert any(each.startswith("I2") and "paid more than once" in each for each in report.broken)


async def test_with_it_the_same_run_holds(tmp_path: Path) -> None:
    report = await run_on_stack(without_kills(), tmp_path, lambda _: None)
    assert report.broken == ()
    assert report.lost == {}
    assert report.double_refunds == report.double_coupons == 0
