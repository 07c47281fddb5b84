"""A route whose calls can be delayed, fail, or lose their answer."""

import asyncio
import json
import math
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from starlette.types import Receive, Scope, Send

from sandbox.faults import FaultKind, Faults, Target
from sandbox.refusals import Refused


class LostResponse(Response):
    """An answer that breaks off: it promises more bytes than it sends, so the server drops the connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the head and no body."""
        head = [(b"content-type", b"application/json"), (b"content-length", b"1000")]
        await send({"type": "http.response.start", "status": 200, "headers": head})
        await send({"type": "http.response.body", "body": b"{", "more_body": True})


def faulty_route(faults: Faults) -> type[APIRoute]:
    """Make the class of the providers' routes. A route's name must be its `Target`."""

    class FaultyRoute(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            handle = super().get_route_handler()
            target = Target(self.name)

            async def handle_or_fail(request: Request) -> Response:
                if not faults.concern(target):
                    return await handle(request)
                fields = await _fields(request)
                if slow := faults.strike(target, FaultKind.LATENCY, fields):
                    await asyncio.sleep(slow.seconds)
                if busy := faults.strike(target, FaultKind.TOO_BUSY, fields):
                    wait = {"Retry-After": str(math.ceil(busy.seconds))}
                    return _failure(429, "too_busy", "Too many requests.", wait)
                if faults.strike(target, FaultKind.UNAVAILABLE, fields):
                    return _failure(503, "unavailable", "The service is down.")
                if faults.strike(target, FaultKind.RESET, fields):
                    return LostResponse()
                if faults.strike(target, FaultKind.ERROR_BEFORE, fields):
                    return _failure(500, "internal_error", "Something went wrong.")
                try:
                    response = await handle(request)
                except Refused:
                    faults.answered(target, fields)
                    raise
                if faults.strike(target, FaultKind.ERROR_AFTER, fields):
                    return _failure(500, "internal_error", "Something went wrong.")
                if faults.strike(target, FaultKind.LOST_RESPONSE, fields):
                    return LostResponse()
                if target is not Target.SCAN:
                    faults.answered(target, fields)
                return response

            return handle_or_fail

    return FaultyRoute


async def _fields(request: Request) -> dict[str, object]:
    fields: dict[str, object] = {**request.query_params, **request.path_params}
    try:
        body = await request.json()
    except (json.JSONDecodeError, UnicodeDecodeError):
        return fields
    return {**fields, **body} if isinstance(body, dict) else fields


def _failure(status: int, code: str, detail: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"code": code, "detail": detail}, status, headers)
