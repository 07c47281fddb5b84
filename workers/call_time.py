"""Nothing is sent to a provider after the time that Temporal gives an activity (ADR 0035)."""

import time
from typing import Any

from temporalio import activity
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from adapters.http import send_until


class CallTime(Interceptor):
    """Worker interceptor: an attempt may change something at a provider until its start-to-close timeout."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        """Wrap an activity."""
        return _Inbound(next)


class _Inbound(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        given = activity.info().start_to_close_timeout
        token = send_until.set(time.monotonic() + given.total_seconds() if given else None)
        try:
            return await super().execute_activity(input)
        finally:
            send_until.reset(token)
