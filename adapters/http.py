"""Calls to providers over HTTP: JSON or a form in, JSON out, and every way to fail mapped to `adapters.errors`.

A call is made once. Retries belong to the caller, who alone knows when a repeat is safe.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import httpx
from pydantic import BaseModel, JsonValue, ValidationError

from adapters.errors import OutcomeUnknown, ProviderRefused, ProviderUnavailable
from adapters.failures import Failure, Meaning, by_status

A = TypeVar("A", bound=BaseModel)

# A server may close a connection that idles for 5 seconds (uvicorn's default). A write on one that is just
# being closed cannot be told from a lost answer, so ours are given up first.
_IDLE_SECONDS = 3.0
_CONNECTIONS = 100

send_until: ContextVar[float | None] = ContextVar("send_until", default=None)
"""The moment of `time.monotonic()` after which nothing that changes something is sent; None if there is none.

Somebody else may be at the same work by then, so what was read before it may not be so any more (ADR 0035).
"""

_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


def make_http_client(
    base_url: str,
    timeout: float = 8.0,
    kind: type[httpx.AsyncClient] = httpx.AsyncClient,
    headers: Mapping[str, str] | None = None,
    auth: httpx.Auth | None = None,
) -> httpx.AsyncClient:
    """Make the client that all adapters of a process share for one provider; the process closes it.

    Args:
        base_url: Where the providers are.
        timeout: Seconds for each of connecting, sending, and waiting for bytes. Keep it below the
            start-to-close timeout of the activities that call.
        kind: The class of the client, for one that also traces its calls.
        headers: Sent with each call, such as the access to the provider.
        auth: What signs each call, for a provider that wants that.
    """
    return kind(
        base_url=base_url,
        timeout=timeout,
        headers=headers,
        auth=auth,
        follow_redirects=False,
        limits=httpx.Limits(
            max_connections=_CONNECTIONS,
            max_keepalive_connections=_CONNECTIONS,
            keepalive_expiry=_IDLE_SECONDS,
        ),
    )


class HttpClients:
    """The HTTP clients of a process, closed together: one for each provider, and one for all stand-ins.

    Args:
        timeout: As of `make_http_client`.
        kind: As of `make_http_client`.

    Attributes:
        open: What was made so far.
    """

    def __init__(self, timeout: float = 8.0, kind: type[httpx.AsyncClient] = httpx.AsyncClient) -> None:
        self._timeout = timeout
        self._kind = kind
        self.open: list[httpx.AsyncClient] = []
        self._plain: dict[str, httpx.AsyncClient] = {}

    async def __aenter__(self) -> "HttpClients":
        return self

    async def __aexit__(self, *_: object) -> None:
        for client in self.open:
            await client.aclose()

    def to(
        self, base_url: str, headers: Mapping[str, str] | None = None, auth: httpx.Auth | None = None
    ) -> httpx.AsyncClient:
        """A client for a provider; without headers or signatures of its own it is the same for the same URL."""
        if headers or auth:
            return self._make(base_url, headers, auth)
        if base_url not in self._plain:
            self._plain[base_url] = self._make(base_url, None, None)
        return self._plain[base_url]

    def _make(
        self, base_url: str, headers: Mapping[str, str] | None, auth: httpx.Auth | None
    ) -> httpx.AsyncClient:
        client = make_http_client(base_url, self._timeout, self._kind, headers, auth)
        self.open.append(client)
        return client


class ProviderHttp:
    """Calls one provider. Neither bodies nor answers get into errors or logs: they hold personal data.

    Args:
        client: A client made by `make_http_client`.
        provider: The port, named in errors.
        understand: What an answer says of the call, None for a success; by default by its status. It is asked
            before anything is read, so it is also where a signature over the raw bytes is verified.
    """

    def __init__(
        self,
        client: httpx.AsyncClient,
        provider: str,
        understand: Callable[[httpx.Response], Failure | None] = by_status,
    ) -> None:
        self._client = client
        self._provider = provider
        self._understand = understand

    async def read(self, path: str, answer: type[A], params: Mapping[str, str | Sequence[str]] | None = None) -> A:
        """Ask without changing anything, so every failure but a refusal is `ProviderUnavailable`.

        Raises:
            ProviderUnavailable: If no answer came, or not the one that was promised.
            ProviderRefused: If the provider refuses the question.
        """
        request = self._client.build_request("GET", path, params=params)
        return await self._call(request, answer, ProviderUnavailable)

    async def read_form(self, path: str, form: Mapping[str, str], answer: type[A]) -> A:
        """Ask without changing anything, like `read`, of a provider that takes its questions as forms."""
        return await self._call(self._client.build_request("POST", path, data=form), answer, ProviderUnavailable)

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
        return await self._write(path, answer, headers, json=body)

    async def write_form(
        self, path: str, form: Mapping[str, str], answer: type[A], headers: Mapping[str, str] | None = None
    ) -> A:
        """Ask for something to be done, like `write`, of a provider that takes forms and answers with JSON."""
        return await self._write(path, answer, headers, data=form)

    async def _write(self, path: str, answer: type[A], headers: Mapping[str, str] | None, **content: Any) -> A:
        request = self._client.build_request(
            "POST", path, headers=headers, extensions={"trace": self._only_in_time}, **content
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
        self._check(response, unclear)
        try:
            return answer.model_validate_json(response.content)
        except ValidationError as error:
            fields = sorted({".".join(map(str, each["loc"])) for each in error.errors(include_input=False)})
            # The cause quotes the answer, which may hold personal data.
            raise unclear(self._provider, f"not the promised answer, at {fields[:5]}") from None

    def _check(self, response: httpx.Response, unclear: type[ProviderUnavailable] | type[OutcomeUnknown]) -> None:
        failure = self._understand(response)
        if failure is None:
            return
        match failure.meaning:
            case Meaning.NOT_DONE:
                raise ProviderUnavailable(self._provider, failure.detail, retry_after(response))
            case Meaning.UNCLEAR:
                raise unclear(self._provider, failure.detail)
            case Meaning.REFUSED:
                raise ProviderRefused(self._provider, failure.detail, failure.code)


def retry_after(response: httpx.Response) -> float | None:
    """Read the header in either of its forms: seconds, or the date from which to try again."""
    value = response.headers.get("Retry-After", "")
    if value.isdecimal():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max((moment.astimezone(UTC) - datetime.now(UTC)).total_seconds(), 0.0)
