"""One log line per request, without personal data, and an answer to what nobody expected."""

import time
import traceback
import uuid
from datetime import timedelta

import structlog
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from starters.api.problems import ProblemError, problem_response
from starters.api.request_metrics import RequestMetrics

_CLIENT_CLOSED = 499

_log = structlog.get_logger(__name__)


class AccessLog:
    """ASGI middleware around all that answers: logs and counts each request by its route, never by what was sent.

    An exception that no handler knows is answered with a 500 that tells nothing of the inside. Its text is not
    logged either, since it may quote what was sent; its type and its frames are.
    """

    def __init__(self, app: ASGIApp, metrics: RequestMetrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and log how it was answered."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = uuid.uuid4().hex
        started = time.perf_counter()
        status = 0

        async def observed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": [*message["headers"], (b"x-request-id", request_id.encode())]}
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._app(scope, receive, observed)
            except ClientDisconnect:
                status = _CLIENT_CLOSED
            except Exception as error:
                _log.error("request_failed", error=type(error).__qualname__, frames=_frames(error))
                if not status:
                    await problem_response(_unexpected(request_id), scope)(scope, receive, observed)
            finally:
                method, route = scope["method"], getattr(scope.get("route"), "path", "")
                took = timedelta(seconds=time.perf_counter() - started)
                duration_ms = round(took / timedelta(milliseconds=1), 1)
                _log.info("request", method=method, route=route, status=status, duration_ms=duration_ms)
                self._metrics.record(method, route, status, took)


def _unexpected(request_id: str) -> ProblemError:
    detail = f"Something went wrong here. The log has it under {request_id}."
    return ProblemError(500, "internal_error", detail)


def _frames(error: Exception) -> list[str]:
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)]
