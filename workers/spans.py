"""Spans of a worker: one for each attempt of an activity, and one for each call to a provider within it.

They say which return, what was done and how it ended: no bodies, no paths (which name orders), no error texts.
"""

from typing import Any

import httpx
from opentelemetry import propagate, trace
from opentelemetry.trace import SpanKind, Status, StatusCode
from temporalio import activity
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from starters.logs import context_of_activity, kind_of

_tracer = trace.get_tracer("returnflow")


class ActivitySpans(Interceptor):
    """Worker interceptor: a span for each attempt of an activity."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        """Wrap an activity."""
        return _Inbound(next)


class _Inbound(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        info = activity.info()
        with _tracer.start_as_current_span(
            info.activity_type,
            kind=SpanKind.CONSUMER,
            attributes=context_of_activity(info),
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                return await super().execute_activity(input)
            except Exception as error:
                span.set_attribute("error.type", kind_of(error))
                span.set_status(Status(StatusCode.ERROR))
                raise


class TracedHttp(httpx.AsyncClient):
    """The client of the providers with a span for each call, whose context the provider gets as `traceparent`."""

    async def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        """Send a request."""
        provider = request.url.path.removeprefix(self.base_url.path).strip("/").partition("/")[0]
        with _tracer.start_as_current_span(
            f"{request.method} {provider}",
            kind=SpanKind.CLIENT,
            attributes={
                "http.request.method": request.method,
                "server.address": request.url.host,
                "returnflow.provider": provider,
            },
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            propagate.inject(request.headers)
            try:
                response = await super().send(request, **options)
            except httpx.HTTPError as error:
                span.set_attribute("error.type", kind_of(error))
                span.set_status(Status(StatusCode.ERROR))
                raise
            span.set_attribute("http.response.status_code", response.status_code)
            if response.is_error:
                span.set_status(Status(StatusCode.ERROR))
            return response
