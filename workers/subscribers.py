"""Tells subscribers of events, each from its own place in the sequence by its own task. Old ones are deleted.

One that does not answer keeps nobody waiting but itself. Delivery is at least once, in the sequence of the feed; a
repeat carries the same id. A crash between sending and keeping it repeats what was sent since the last claim.
"""

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import structlog

from adapters.subscribers.standard_webhooks import Endpoint, Refused, send
from domain.events import StoredEvent
from domain.subscribers import SubscriberState
from ledger.ledger import Ledger
from starters.events import public_event

_BATCH = 50
_SENDING = timedelta(seconds=30)
_LEASE = timedelta(seconds=60)
"""Longer than a batch may go on sending and its last webhook may take: else a second sender would overlap."""

_FORGOTTEN_AT_ONCE = 500
_BETWEEN_BATCHES = 0.2
_BETWEEN_SWEEPS = 3600.0

log = structlog.get_logger(__name__)


class Subscribers:
    """Tells each endpoint."""

    def __init__(self, ledger: Ledger, http: httpx.AsyncClient, endpoints: Sequence[Endpoint]) -> None:
        self._ledger = ledger
        self._http = http
        self._endpoints = endpoints

    async def run(self, poll: timedelta) -> None:
        """Tell them all until cancelled."""
        async with asyncio.TaskGroup() as group:
            for endpoint in self._endpoints:
                group.create_task(self._run(endpoint, poll))

    async def _run(self, endpoint: Endpoint, poll: timedelta) -> None:
        is_known = False
        while True:
            try:
                if not is_known:
                    await _in_ledger(self._ledger.register_subscriber, endpoint.name)
                    is_known = True
                told = await self.tell(endpoint)
            except Exception:
                log.exception("subscriber_not_served", subscriber=endpoint.name)
                told = 0
            if not told:
                await asyncio.sleep(poll.total_seconds())

    async def tell(self, endpoint: Endpoint) -> int:
        """Send what is due to one subscriber, up to the first that it does not take; how many it took."""
        found: Sequence[StoredEvent] = await _in_ledger(
            self._ledger.claim_events, endpoint.name, datetime.now(UTC), _BATCH, _LEASE
        )
        until = time.monotonic() + _SENDING.total_seconds()
        told = 0
        for event in found:
            if time.monotonic() > until:
                break
            refused = await send(self._http, endpoint, event.event_id, body_of(event), datetime.now(UTC))
            if refused:
                await self._keep(endpoint, found[:told])
                await self._not_taken(endpoint, event, refused)
                return told
            told += 1
        await self._keep(endpoint, found[:told])
        return told

    async def _keep(self, endpoint: Endpoint, taken: Sequence[StoredEvent]) -> None:
        if taken:
            await _in_ledger(self._ledger.events_taken, endpoint.name, taken[-1].position)

    async def _not_taken(self, endpoint: Endpoint, event: StoredEvent, refused: Refused) -> None:
        now = datetime.now(UTC)
        state: SubscriberState = await _in_ledger(
            self._ledger.event_not_taken,
            endpoint.name,
            event.position,
            refused.why,
            now,
            refused.wait,
            refused.is_gone,
        )
        write = log.error if state is SubscriberState.DEAD else log.warning
        write(
            "event_not_taken",
            subscriber=endpoint.name,
            event_id=event.event_id,
            state=state.value,
            error=refused.why,
        )


async def tell_subscribers(ledger: Ledger, endpoints: Sequence[Endpoint], poll: timedelta) -> None:
    """Tell all of them until cancelled."""
    async with httpx.AsyncClient() as http:
        await Subscribers(ledger, http, endpoints).run(poll)


async def forget_old_events(ledger: Ledger, kept: timedelta) -> None:
    """Delete events that are older than they are kept, a batch at a time, until cancelled.

    A subscriber that lags is waited for as long again; then it was taken out of the file, or cannot be helped.
    """
    while True:
        now = datetime.now(UTC)
        try:
            deleted: int = await _in_ledger(ledger.forget_events, now - kept, now - 2 * kept, _FORGOTTEN_AT_ONCE)
        except Exception:
            log.exception("events_not_forgotten")
            deleted = 0
        await asyncio.sleep(_BETWEEN_BATCHES if deleted == _FORGOTTEN_AT_ONCE else _BETWEEN_SWEEPS)


def body_of(event: StoredEvent) -> bytes:
    """What is signed and sent."""
    content = public_event(event).model_dump(mode="json", exclude={"id"})
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


async def _in_ledger(call: Callable[..., Any], *args: object) -> Any:
    return await asyncio.to_thread(call, *args)
