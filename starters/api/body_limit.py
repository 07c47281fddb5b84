"""Bodies that are too large are refused before anything reads them whole."""

import asyncio
import contextlib

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from starters.api.problems import ProblemError, problem_response

MAX_BODY_BYTES = 1024 * 1024

_DRAIN_SECONDS = 2.0


class BodyLimit:
    """ASGI middleware: refuses by the declared length, and counts what comes without one (chunked)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with its body counted."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refused = _declared_length(scope) > MAX_BODY_BYTES
        received = 0

        async def counted() -> Message:
            nonlocal received, refused
            message = await receive()
            received += len(message.get("body", b""))
            if received > MAX_BODY_BYTES:
                refused = True
                raise _too_large()
            return message

        async def held_open(message: Message) -> None:
            if refused and message["type"] == "http.response.body":
                message = {**message, "more_body": True}
            await send(message)

        if refused:
            await problem_response(_too_large(), scope)(scope, receive, held_open)
        else:
            await self._app(scope, counted, held_open)
        if refused:
            await _drain(receive)
            await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _drain(receive: Receive) -> None:
    """Drop what is still sent, for a while: closing at once would reset the connection under the answer."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_DRAIN_SECONDS):
            while (await receive()).get("more_body", False):
                pass


def _declared_length(scope: Scope) -> int:
    declared = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
    return int(declared) if declared.isdigit() else 0


def _too_large() -> ProblemError:
    detail = f"The body is larger than {MAX_BODY_BYTES} bytes. Send references to images and videos, not bytes."
    return ProblemError(413, "payload_too_large", detail, headers={"Connection": "close"})
