import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory

from domain.status import Approval
from testkit.environment import TimeSkippingEnv
from testkit.histories import RecordHistory, Replay
from testkit.pipeline import line
from testkit.returns import FastForward, ReturnFactory


async def test_a_late_inspection_is_worth_a_coupon(
    return_factory: ReturnFactory, fast_forward: FastForward
) -> None:
    applied = await return_factory()
    await applied.to_the_warehouse()
    await fast_forward(applied, timedelta(hours=49))
    await applied.receive()
    await applied.inspect()
    assert (await applied.end()).refunded_minor == 10_000
    assert len(await applied.books("coupons")) == 1


async def test_a_return_is_recorded_and_replayed(
    return_factory: ReturnFactory, record_history: RecordHistory, replay: Replay, tmp_path: Path
) -> None:
    applied = await return_factory(line(quantity=2), line("LAMP"), order={"shipping_minor": 800}, locale="en")
    assert applied.decision.quoted_minor == 30_000
    await replay(await record_history(applied, tmp_path / "kept" / "open.json"))
    await replay(tmp_path)


async def test_a_history_that_differs_is_told_in_words(
    return_factory: ReturnFactory, record_history: RecordHistory, replay: Replay
) -> None:
    applied = await return_factory()
    assert applied.decision.approval is Approval.APPROVED
    await applied.pipeline.rest(applied.rma_id)
    recorded = await record_history(applied)
    changed = recorded.to_json().replace("carrier.book_pickup", "carrier.create_label")
    differs = (
        "event 15: history holds activity carrier.create_label, the code asked for activity carrier.book_pickup"
    )
    with pytest.raises(AssertionError, match=rf"{applied.rma_id}: {differs}(?s:.*)workflow\.patched"):
        await replay(WorkflowHistory.from_json(applied.rma_id, changed))


async def test_a_folder_without_histories_is_no_success(replay: Replay, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="record one with record_history"):
        await replay(tmp_path)


async def test_a_clock_of_a_return_that_has_ended_does_not_move(
    return_factory: ReturnFactory, fast_forward: FastForward
) -> None:
    applied = await return_factory(lines=[{"line_id": "NOT-THERE", "quantity": 1}])
    await applied.end()
    with pytest.raises(ValueError, match="has ended"):
        await fast_forward(applied, timedelta(hours=1))


async def test_another_event_loop_is_refused_before_it_hangs(return_factory: ReturnFactory) -> None:
    with pytest.raises(RuntimeError, match="asyncio_default_test_loop_scope"):
        await asyncio.to_thread(lambda: asyncio.run(return_factory()))


async def test_the_server_can_be_used_on_its_own(time_skipping_env: TimeSkippingEnv) -> None:
    host, port = time_skipping_env.address.split(":")
    assert (host, int(port) > 0) == ("127.0.0.1", True)
    assert await time_skipping_env.skipper.client.service_client.check_health()
