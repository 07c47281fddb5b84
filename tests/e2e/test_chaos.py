"""The oracle is worth its word: a run of a careful worker holds, one of a worker that never looks up does not."""

from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from chaos.clocks import write_policy
from chaos.plan import Plan, Size, make_plan
from chaos.run import run_on_stack
from chaos.staging import run_on_platform
from starters.cli.session import Session
from starters.ports import Ports
from starters.stack import Stack

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


async def test_on_a_platform_that_is_not_ours_only_the_providers_are_disturbed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = {"RETURNFLOW_POLICY_FILE": str(write_policy(tmp_path))}
    async with Stack(tmp_path, Ports.free(), worker_environment=environment) as stack:
        pids = {part: stack.pid(part) for part in ("temporal", "worker", "api", "sandbox")}
        monkeypatch.delenv("RETURNFLOW_LEDGER_URL", raising=False)
        size = replace(Size.short(8), arrival=6.0, bound=60.0, outages=1, steps=1, outage=2.0)
        plan = make_plan(5, size, run="staging", kills=False)
        session = Session(stack.address, "default")
        report = await run_on_platform(plan, stack.api_url, stack.sandbox_url, "", session, lambda _: None)
        assert report.broken == ()
        assert report.lost == {}
        assert report.histories >= len(plan.lives)
        assert any("RETURNFLOW_LEDGER_URL" in each for each in report.not_checked)
        assert {part: stack.pid(part) for part in pids} == pids
        assert stack.dead_parts() == []
        async with httpx.AsyncClient(base_url=stack.sandbox_url) as sandbox:
            assert (await sandbox.get("/faults")).json()["faults"] == []
            assert (await sandbox.get("/clock")).json() == {"ahead_seconds": 0}
