"""How much waits, as gauges: asked of Temporal and of the ledger every minute by every worker.

Each worker shows the same numbers, so dashboards and alerts take the largest and never the sum.
"""

import asyncio
import time
from datetime import UTC, datetime, timedelta

import structlog
from temporalio.client import Client
from temporalio.common import MetricMeter

from domain.actions import Role
from domain.status import Stage
from domain.subscribers import SubscriberState
from ledger.ledger import Ledger
from starters.queues import queue_states
from workflows import ids

_EVERY = timedelta(seconds=60)
_ROLES = [role for role in Role if role not in (Role.ORDER_SYSTEM, Role.PAYMENT_PROVIDER)]
_STAGES = [stage for stage in Stage if stage is not Stage.CLOSED]
_RUNNING = 'ExecutionStatus = "Running"'

log = structlog.get_logger(__name__)


class Gauges:
    """Asks how much waits, and shows it."""

    def __init__(self, client: Client, task_queue: str, ledger: Ledger, meter: MetricMeter) -> None:
        """Ask a client and a ledger; the task queue is that of the workflows."""
        self._client = client
        self._task_queue = task_queue
        self._ledger = ledger
        self._open = meter.create_gauge("returnflow_returns_open", "Open returns by stage")
        self._waiting = meter.create_gauge("returnflow_waiting", "Open returns and claims that wait for a role")
        self._pollers = meter.create_gauge("returnflow_queue_pollers", "Workers that poll a task queue")
        self._backlog = meter.create_gauge("returnflow_queue_backlog", "Tasks that wait on a task queue")
        self._outbox = meter.create_gauge("returnflow_outbox_items", "Messages and scans that were not delivered")
        self._outbox_age = meter.create_gauge_float(
            "returnflow_outbox_oldest_age_seconds", "Since when the oldest undelivered message waits"
        )
        self._untold = meter.create_gauge("returnflow_subscriber_events", "Events that a subscriber has not taken")
        self._dead = meter.create_gauge("returnflow_subscriber_dead", "Whether a subscriber was given up")
        self._unknown = meter.create_gauge("returnflow_payments_unknown", "Payments without a known outcome")
        self._unknown_age = meter.create_gauge_float(
            "returnflow_payments_unknown_oldest_age_seconds", "Since when the oldest outcome is unknown"
        )
        self._claims = meter.create_gauge("returnflow_claims_open", "Recovery claims without an outcome")
        self._refreshed = meter.create_gauge_float(
            "returnflow_gauges_refreshed_timestamp_seconds", "When these gauges were last asked for"
        )

    async def run(self, every: timedelta = _EVERY) -> None:
        """Refresh until cancelled; what cannot be asked now keeps its last value, and its age shows."""
        while True:
            try:
                await self.refresh()
            except Exception:
                log.warning("gauges_not_refreshed", exc_info=True)
            await asyncio.sleep(every.total_seconds())

    async def refresh(self) -> None:
        """Ask once."""
        of_returns = f'WorkflowType = "{ids.RETURN_WORKFLOW}" AND {_RUNNING}'
        for stage in _STAGES:
            self._open.set(await self._count(f'{of_returns} AND ReturnStage = "{stage.value}"'), {"stage": stage})
        for role in _ROLES:
            self._waiting.set(await self._count(f'{_RUNNING} AND ReturnNeeds = "{role.value}"'), {"role": role})
        for queue in await queue_states(self._client, self._task_queue):
            labels = {"task_queue": queue.task_queue, "worker_role": queue.role.value}
            self._pollers.set(queue.pollers, labels)
            self._backlog.set(queue.backlog, labels)
        backlog = await asyncio.to_thread(self._ledger.backlog)
        self._outbox.set(backlog.messages_pending, {"state": "pending"})
        self._outbox.set(backlog.messages_parked, {"state": "parked"})
        self._outbox.set(backlog.scans_parked, {"state": "scan_parked"})
        self._outbox_age.set(_age(backlog.oldest_message_at))
        for subscriber in await asyncio.to_thread(self._ledger.subscribers):
            labels = {"subscriber": subscriber.name}
            self._untold.set(subscriber.waiting, labels)
            self._dead.set(subscriber.state is SubscriberState.DEAD, labels)
        self._unknown.set(backlog.intents_unknown)
        self._unknown_age.set(_age(backlog.oldest_unknown_at))
        self._claims.set(backlog.claims_open)
        self._refreshed.set(time.time())

    async def _count(self, query: str) -> int:
        return (await self._client.count_workflows(query)).count


def _age(since: datetime | None) -> float:
    """Seconds; none before its time, where a clock of a test is ahead."""
    return max((datetime.now(UTC) - since).total_seconds(), 0.0) if since else 0.0
