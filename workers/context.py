"""What every line that an activity logs says of itself."""

from typing import Any

import structlog
from temporalio import activity
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from starters.logs import context_of_activity


class ActivityContext(Interceptor):
    """Worker interceptor: lines of an activity, those of its threads too, carry its return, type and attempt."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        """Wrap an activity."""
        return _Inbound(next)


class _Inbound(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        with structlog.contextvars.bound_contextvars(**context_of_activity(activity.info())):
            return await super().execute_activity(input)
