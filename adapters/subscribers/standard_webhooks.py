"""A webhook as Standard Webhooks 1.0.0 has it: signed, sent once, and judged by its status alone."""

import asyncio
import base64
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx

from adapters.http import retry_after

_TIMEOUT_SECONDS = 15.0
_MOST_SECONDS = 86_400.0
_GONE = 410
_BUSY = (429, 502, 503, 504)


@dataclass(frozen=True)
class Refused:
    """A webhook that was not taken, or of which that is not known.

    Attributes:
        why: Without address and secrets.
        wait: How long the receiver asks to be left alone.
        is_gone: Whether it wants nothing any more.
    """

    why: str
    wait: timedelta = timedelta(0)
    is_gone: bool = False


@dataclass(frozen=True)
class Endpoint:
    """Where webhooks go, and the keys that they are signed with; several while a secret changes."""

    name: str
    url: str
    keys: tuple[bytes, ...]

    def __repr__(self) -> str:
        return f"Endpoint({self.name})"


def signatures(keys: Sequence[bytes], webhook_id: str, sent_at: datetime, body: bytes) -> str:
    """The value of `webhook-signature`: one signature for each key."""
    signed = f"{webhook_id}.{int(sent_at.timestamp())}.".encode() + body
    made = (base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode() for key in keys)
    return " ".join(f"v1,{signature}" for signature in made)


async def send(
    http: httpx.AsyncClient, to: Endpoint, webhook_id: str, body: bytes, sent_at: datetime
) -> Refused | None:
    """Send a webhook once; None if it was taken. Only its status counts, so its answer is not read."""
    headers = {
        "content-type": "application/json",
        "webhook-id": webhook_id,
        "webhook-timestamp": str(int(sent_at.timestamp())),
        "webhook-signature": signatures(to.keys, webhook_id, sent_at, body),
    }
    try:
        async with (
            asyncio.timeout(_TIMEOUT_SECONDS),
            http.stream("POST", to.url, content=body, headers=headers, follow_redirects=False) as answer,
        ):
            if answer.is_success:
                return None
            seconds = retry_after(answer) if answer.status_code in _BUSY else None
            wait = timedelta(seconds=min(seconds or 0.0, _MOST_SECONDS))
            return Refused(f"HTTP {answer.status_code}", wait, answer.status_code == _GONE)
    except (httpx.HTTPError, TimeoutError) as error:
        return Refused(type(error).__name__)
