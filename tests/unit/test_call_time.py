"""An activity may change something at a provider for as long as Temporal gives it."""

import time
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from temporalio.testing import ActivityEnvironment
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput

from adapters.http import send_until
from workers.call_time import CallTime


class _Activity(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        return send_until.get()


@pytest.mark.parametrize("seconds", [20, 0.5])
async def test_it_is_the_time_of_the_attempt(seconds: float) -> None:
    environment = ActivityEnvironment()
    environment.info = replace(environment.info, start_to_close_timeout=timedelta(seconds=seconds))
    began = time.monotonic()
    until = await environment.run(_through_the_interceptor)
    assert began + seconds <= until <= time.monotonic() + seconds


async def test_nothing_of_it_is_left_behind() -> None:
    await ActivityEnvironment().run(_through_the_interceptor)
    assert send_until.get() is None


async def _through_the_interceptor() -> Any:
    inbound = CallTime().intercept_activity(_Activity(None))  # type: ignore[arg-type]
    return await inbound.execute_activity(None)  # type: ignore[arg-type]
