"""Calls to providers over HTTP: JSON in, JSON out, and every way to fail mapped to `adapters.errors`.

A call is made once. Retries belong to the caller, who alone knows when a repeat is safe.
"""

import re
import time
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

import httpx
from pydantic import BaseModel, JsonValue, ValidationError

from adapters.errors import OutcomeUnknown, ProviderRefused, ProviderUnavailable

A = TypeVar("A", bound=BaseModel)

# A server may close a connection that idles for 5 seconds (uvicorn's default). A write on one that is just
# being closed cannot be told from a lost answer, so ours are given up first.
_IDLE_SECONDS = 3.0
_CONNECTIONS = 100

send_until: ContextVar[float | None] = ContextVar("send_until", default=None)
"""The moment of `time.monotonic()` after which nothing that changes something is sent; None if there is none.

Somebody else may be at the same work by then, so what was read before it may not be so any more (ADR 0035).
"""

_CODE = re.compile(r"[A-Za-z0-9_.-]{1,64}")

# Wrong credentials say nothing of the request; a customer's card is not declined because our key expired.
_OURS_TO_MEND = (401, 403, 407)
_NOT_FINISHED = (408, 425)

_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


def make_http_client(
    base_url: str, timeout: float = 8.0, kind: type[httpx.AsyncClient] = httpx.AsyncClient
) -> httpx.AsyncClient:
    """Make the client that all adapters of a process share; the process closes it.

    Args:
        base_url: Where the providers are.
        timeout: Seconds for each of connecting, sending, and waiting for bytes. Keep it below the
            start-to-close timeout of the activities that call.
        kind: The class of the client, for one that also traces its calls.
    """
    return kind(
        base_url=base_url,
        timeout=timeout,
        follow_redirects=False,
        limits=httpx.Limits(
            max_connections=_CONNECTIONS,
            max_keepalive_connections=_CONNECTIONS,
            keepalive_expiry=_IDLE_SECONDS,
        ),
    )


class ProviderHttp:
    """Calls one provider. Neither bodies nor answers get into errors or logs: they hold personal data.

    Args:
        client: A client made by `make_http_client`.
        provider: The port, named in errors.
    """

    def __init__(self, client: httpx.AsyncClient, provider: str) -> None:
        self._client = client
        self._provider = provider

    async def read(self, path: str, answer: type[A], params: Mapping[str, str | Sequence[str]] | None = None) -> A:
        """Ask without changing anything, so every failure but a refusal is `ProviderUnavailable`.

        Raises:
            ProviderUnavailable: If no answer came, or not the one that was promised.
            ProviderRefused: If the provider refuses the question.
        """
        request = self._client.build_request("GET", path, params=params)
        return await self._call(request, answer, ProviderUnavailable)

    async def write(
        self,
        path: str,
        body: Mapping[str, JsonValue],
        answer: type[A],
        headers: Mapping[str, str] | None = None,
    ) -> A:
        """Ask for something to be done.

        Raises:
            ProviderUnavailable: If it was certainly not done: not reached, too busy, or too late to be sent.
            OutcomeUnknown: If it may have been done.
            ProviderRefused: If the provider refuses.
        """
        request = self._client.build_request(
            "POST", path, json=body, headers=headers, extensions={"trace": self._only_in_time}
        )
        return await self._call(request, answer, OutcomeUnknown)

    async def _only_in_time(self, step: str, _: Mapping[str, object]) -> None:
        """Asked by the client before each of its steps, so also when it has a connection and is about to send."""
        until = send_until.get()
        if until is not None and time.monotonic() >= until and step.endswith("send_request_headers.started"):
            raise ProviderUnavailable(self._provider, "not sent: the time of the call is over")

    async def _call(
        self,
        request: httpx.Request,
        answer: type[A],
        unclear: type[ProviderUnavailable] | type[OutcomeUnknown],
    ) -> A:
        try:
            response = await self._client.send(request)
        except _NOT_SENT as error:
            raise ProviderUnavailable(self._provider, f"not reached: {type(error).__name__}") from error
        except httpx.RequestError as error:
            raise unclear(self._provider, f"no answer: {type(error).__name__}") from error
        self._check_status(response, unclear)
        try:
            return answer.model_validate_json(response.content)
        except ValidationError as error:
            fields = sorted({".".join(map(str, each["loc"])) for each in error.errors(include_input=False)})
            # The cause quotes the answer, which may hold personal data.
            raise unclear(self._provider, f"not the promised answer, at {fields[:5]}") from None

    def _check_status(
        self, response: httpx.Response, unclear: type[ProviderUnavailable] | type[OutcomeUnknown]
    ) -> None:
        status = response.status_code
        if response.is_success:
            return
        if status == 429 or (status == 503 and "Retry-After" in response.headers):
            raise ProviderUnavailable(self._provider, f"too busy: {status}", _retry_after(response))
        if status in _OURS_TO_MEND:
            raise ProviderUnavailable(self._provider, f"our access is refused: {status}")
        if status in _NOT_FINISHED:
            raise unclear(self._provider, f"not finished: {status}")
        if response.is_client_error:
            code = _code(response)
            raise ProviderRefused(self._provider, f"refused: {status} {code}", code)
        raise unclear(self._provider, f"not the promised answer: {status}")


def _retry_after(response: httpx.Response) -> float | None:
    """Read the header in either of its forms: seconds, or the date from which to try again."""
    value = response.headers.get("Retry-After", "")
    if value.isdecimal():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max((moment.astimezone(UTC) - datetime.now(UTC)).total_seconds(), 0.0)


def _code(response: httpx.Response) -> str:
    """Read the provider's code from an error's body; the status stands in for one that is missing."""
    try:
        body = response.json()
    except ValueError:
        body = None
    code = body.get("code") if isinstance(body, dict) else None
    is_code = isinstance(code, str) and _CODE.fullmatch(code)
    return str(code) if is_code else f"http_{response.status_code}"
