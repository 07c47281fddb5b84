"""The relay: delivers what stages wrote to the outbox, and passes on scans, receipts and reports of payments.

It never holds up a return: a messaging outage delays messages only. The outbox row is its own retry state, so a
delivery costs no workflow event and no activity; a crash loses nothing, since a lease ends by itself.
"""

import asyncio
import math
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import structlog

from adapters.errors import ProviderError, ProviderRefused
from adapters.messaging.port import Message, MessagingPort
from adapters.warehouse.port import WarehouseNotice, WarehousePort
from domain.messages import MessageTexts
from domain.outbox import Delivery, MessageChannel, OutboxKind
from ledger.ledger import Ledger
from starters.client import ReturnsClient
from starters.errors import ReturnsError, ServiceUnavailable
from starters.payment_news import PaymentDesk
from starters.receiving import Receiving

_LEASE = timedelta(seconds=30)
"""Longer than a batch takes with a service that answers late: else a second relay would send it again."""
_RETRY = timedelta(seconds=2)
_BATCH = 50
_INBOUND_EACH = timedelta(seconds=1)
"""How often is looked for what came in: it is rarely there, and each look reads three tables."""
_FIRST_TRY = timedelta(seconds=2)
"""How long a scan is left to the webhook that accepted it: a second signal would cost the return four events."""

log = structlog.get_logger(__name__)


class Relay:
    """Claims due outbox rows, in order per return, and delivers them through the ports.

    What a port does not take now is tried again after `retry`, for as long as that lasts.
    """

    def __init__(
        self,
        ledger: Ledger,
        messaging: MessagingPort,
        warehouse: WarehousePort,
        texts: MessageTexts,
        zone: ZoneInfo,
        returns: ReturnsClient,
        retry: timedelta = _RETRY,
    ) -> None:
        self._ledger = ledger
        self._messaging = messaging
        self._warehouse = warehouse
        self._texts = texts
        self._zone = zone
        self._returns = returns
        self._receiving = Receiving(returns, ledger)
        self._payments = PaymentDesk(returns, ledger)
        self._retry = retry

    async def run(self, poll: timedelta) -> None:
        """Deliver until cancelled."""
        passed_on = -math.inf
        while True:
            try:
                delivered = await self.deliver_due()
                if time.monotonic() - passed_on >= _INBOUND_EACH.total_seconds():
                    await self._pass_on_inbound()
                    passed_on = time.monotonic()
            except Exception:
                log.exception("relay_failed")
                delivered = 0
            if not delivered:
                await asyncio.sleep(poll.total_seconds())

    async def _pass_on_inbound(self) -> None:
        await self.pass_on_events()
        await self._receiving.pass_on_due()
        await self._payments.pass_on_due()

    async def deliver_due(self) -> int:
        """Deliver one batch; how many rows were claimed."""
        claimed: list[Delivery] = await self._in_ledger(
            self._ledger.claim_deliveries, datetime.now(UTC), _BATCH, _LEASE
        )
        outcomes = await asyncio.gather(*(self._deliver(delivery) for delivery in claimed), return_exceptions=True)
        delivered = [delivery.message_id for delivery, done in zip(claimed, outcomes, strict=True) if done is True]
        if delivered:
            await self._in_ledger(self._ledger.delivered, delivered, datetime.now(UTC))
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome
        return len(claimed)

    async def pass_on_events(self) -> None:
        """Signal carrier events that were accepted before their parcel or Temporal was there."""
        before = datetime.now(UTC) - _FIRST_TRY
        waiting = await self._in_ledger(self._ledger.undelivered_events, _BATCH, before)
        for rma_id, event in waiting:
            try:
                await self._returns.report_carrier_event(rma_id, event)
            except ServiceUnavailable:
                return
            except ReturnsError as error:
                parked = await self._in_ledger(
                    self._ledger.event_refused, event.carrier, event.event_id, str(error)
                )
                log.error(
                    "event_not_passed_on", event_id=event.event_id, rma_id=rma_id, parked=parked, error=str(error)
                )
                continue
            await self._in_ledger(self._ledger.event_delivered, event.carrier, event.event_id, datetime.now(UTC))

    async def _deliver(self, delivery: Delivery) -> bool:
        """Hand one item over; False if it was not taken, which is then written down."""
        try:
            await self._hand_over(delivery)
        except (ProviderRefused, KeyError, ValueError) as error:
            log.error("delivery_parked", message_id=delivery.message_id, error=str(error))
            await self._in_ledger(self._ledger.park_delivery, delivery.message_id, str(error))
        except ProviderError as error:
            log.warning("delivery_failed", message_id=delivery.message_id, error=str(error))
            await self._in_ledger(
                self._ledger.delivery_failed,
                delivery.message_id,
                str(error),
                datetime.now(UTC) + self._retry,
            )
        else:
            return True
        return False

    async def _hand_over(self, delivery: Delivery) -> None:
        item = delivery.item
        if item.kind in (OutboxKind.CUSTOMER_MESSAGE, OutboxKind.STAFF_ALERT):
            subject, body = self._texts.render(item, self._zone)
            await self._messaging.send(
                Message(
                    message_id=delivery.message_id,
                    recipient=item.recipient,
                    audience=item.kind.value,
                    template=item.name,
                    channel=next(iter(item.channels), MessageChannel.IN_APP),
                    locale=item.locale,
                    subject=subject,
                    body=body,
                    at=delivery.at,
                )
            )
            return
        await self._warehouse.notify(
            WarehouseNotice(
                notice_id=delivery.message_id,
                rma_id=delivery.rma_id,
                subject=f"{item.kind.value}:{item.name}",
                details=item.params,
                at=delivery.at,
            )
        )

    @staticmethod
    async def _in_ledger(call: Callable[..., Any], *args: object) -> Any:
        return await asyncio.to_thread(call, *args)
