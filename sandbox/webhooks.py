"""Scans pushed to whoever wants to know, signed, and tried again until they are taken."""

import asyncio
import hashlib
import hmac
import time
from collections.abc import Callable

import httpx
import structlog

from domain.shipping import CarrierEvent

SIGNATURE_HEADER = "X-Returnflow-Signature"

_BACKOFF_SECONDS = (0.1, 0.3, 1.0, 3.0, 6.0)
_TIMEOUT_SECONDS = 5.0

_log = structlog.get_logger()


def sign(secret: str, body: bytes, sent_at: int) -> str:
    """Sign a body for the signature header.

    Args:
        secret: What sender and receiver share.
        body: The body as sent.
        sent_at: Seconds since the epoch by the wall clock, so that a receiver can refuse an old push.
    """
    digest = hmac.new(secret.encode(), f"{sent_at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={sent_at},v1={digest}"


class Webhooks:
    """Delivers scans in the background: at least once while the receiver comes back within seconds, unordered."""

    def __init__(self, url: str, secret: str) -> None:
        self._url = url
        self._secret = secret
        self._client = httpx.AsyncClient(timeout=_TIMEOUT_SECONDS)
        self._deliveries: set[asyncio.Task[None]] = set()

    def push(
        self, event: CarrierEvent, after_seconds: float = 0.0, taken: Callable[[], None] = lambda: None
    ) -> None:
        """Start to deliver a scan, now or later; `taken` is called when the receiver has it."""
        delivery = asyncio.get_running_loop().create_task(self._deliver(event, after_seconds, taken))
        self._deliveries.add(delivery)
        delivery.add_done_callback(self._deliveries.discard)

    async def close(self) -> None:
        """Give up what is not delivered."""
        for delivery in list(self._deliveries):
            delivery.cancel()
        await asyncio.gather(*self._deliveries, return_exceptions=True)
        await self._client.aclose()

    async def _deliver(self, event: CarrierEvent, after_seconds: float, taken: Callable[[], None]) -> None:
        await asyncio.sleep(after_seconds)
        for pause in (*_BACKOFF_SECONDS, None):
            if await self._is_taken(event):
                taken()
                return
            if pause is not None:
                await asyncio.sleep(pause)
        _log.warning("webhook_given_up", event_id=event.event_id, tracking_no=event.tracking_no)

    async def _is_taken(self, event: CarrierEvent) -> bool:
        body = event.model_dump_json().encode()
        signature = sign(self._secret, body, int(time.time()))
        headers = {"Content-Type": "application/json", SIGNATURE_HEADER: signature}
        try:
            url = self._url.replace("{carrier}", event.carrier)
            response = await self._client.post(url, content=body, headers=headers)
        except httpx.RequestError:
            return False
        return response.is_success
