"""A span for each request of the API: a caller's trace goes on, from here into the return and to the providers."""

from opentelemetry import trace
from opentelemetry.trace import SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_CALLERS = TraceContextTextMapPropagator()
"""Of a caller the trace is taken, not its baggage: that could be anything, and would travel with the return."""

_PROBES = ("/healthz", "/readyz")
"""Asked every few seconds by whoever watches the process."""

_tracer = trace.get_tracer("returnflow")


class RequestSpans:
    """ASGI middleware: names each request by its route, never by its address, query or body."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, in a span."""
        if scope["type"] != "http" or scope["path"] in _PROBES:
            await self._app(scope, receive, send)
            return
        with _tracer.start_as_current_span(
            scope["method"],
            context=_CALLERS.extract(Headers(scope=scope)),
            kind=SpanKind.SERVER,
            attributes={"http.request.method": scope["method"]},
            record_exception=False,
            set_status_on_exception=False,
        ) as span:

            async def observed(message: Message) -> None:
                if message["type"] == "http.response.start":
                    span.set_attribute("http.response.status_code", message["status"])
                    if message["status"] >= 500:
                        span.set_status(Status(StatusCode.ERROR))
                await send(message)

            try:
                await self._app(scope, receive, observed)
            finally:
                route = getattr(scope.get("route"), "path", "")
                span.update_name(f"{scope['method']} {route}".strip())
                span.set_attribute("http.route", route)
