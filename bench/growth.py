"""What a return takes by its lines, by the returns before it, and by the scans that it was told."""

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from statistics import median
from typing import Any
from uuid import uuid4

from google.protobuf.message import Message
from temporalio.api.common.v1 import Payload
from temporalio.api.history.v1 import History
from temporalio.client import WorkflowHistory

from bench.curve import Curve, curve, in_tenths
from bench.players import PlainRefund, an_order, application
from bench.rig import Rig
from domain.record import Record
from domain.shipping import CarrierEvent, CarrierEventKind
from starters.errors import ServiceUnavailable
from workflows import ids

LINES = (1, 10, 50, 100, 200)
RETURNS_OF_ORDER = 50
EVENTS = 1000
_WARM_UP = 3
_REPEATS = 3


class Growth(Record):
    """Each curve over the lines of a return, the place of a return in its order, or the scans of a return.

    Attributes:
        by_lines: Seconds to the decision (the median), bytes of the whole history, the largest payload.
        decisions_by_lines: The seconds of every decision by the lines of its return.
        by_returns_of_order: Seconds to the decision of the k-th return of one order.
        by_events: Seconds until a scan is seen, events and bytes of the history.
        history_events: How long the history was after the last scan.
        suggests_new_run: After how many scans Temporal first suggested a new run; None if it did not.
        unanswered: Questions after a scan that Temporal did not answer in time; they count in `by_events` with
            their elapsed time, or the slowest before them if that is longer.
    """

    by_lines: tuple[Curve, ...]
    decisions_by_lines: dict[int, tuple[float, ...]]
    by_returns_of_order: tuple[Curve, ...]
    by_events: tuple[Curve, ...]
    history_events: int
    suggests_new_run: int | None
    unanswered: int


async def measure_growth(
    rig: Rig,
    report: Callable[[str], None],
    *,
    lines: Sequence[int] = LINES,
    returns_of_order: int = RETURNS_OF_ORDER,
    events: int = EVENTS,
) -> Growth:
    """Play returns of growing size, one at a time. The ledger's growth is measured by `bench.ledger_growth`.

    Args:
        rig: What they are played on.
        report: Is told how far it is.
        lines: How many lines a return has.
        returns_of_order: How many returns one order gets.
        events: How many scans one return is told.
    """
    player = PlainRefund(rig)
    await player.prepare(_WARM_UP)
    for _ in range(_WARM_UP):
        await player.play()
    by_lines, decisions = await _by_lines(rig, player, lines, report)
    by_returns = await _by_returns_of_order(rig, returns_of_order, report)
    by_events, length, suggests, unanswered = await _by_events(rig, events, report)
    return Growth(
        by_lines=by_lines,
        decisions_by_lines=decisions,
        by_returns_of_order=by_returns,
        by_events=by_events,
        history_events=length,
        suggests_new_run=suggests,
        unanswered=unanswered,
    )


async def _by_lines(
    rig: Rig, player: PlainRefund, sizes: Sequence[int], report: Callable[[str], None]
) -> tuple[tuple[Curve, ...], dict[int, tuple[float, ...]]]:
    history_bytes, payloads = [], []
    decisions: dict[int, tuple[float, ...]] = {}
    for size in sizes:
        took = []
        for _ in range(_REPEATS):
            line_ids = await _load_order(rig, order_id := f"O-{uuid4().hex[:12]}", size)
            began = time.perf_counter()
            rma_id = await _apply(rig, order_id, line_ids, "R-1")
            took.append(time.perf_counter() - began)
        # The last one goes on to its end, since a history is as large as it is at its end.
        await player.deliver(rma_id)
        await player.inspect(rma_id, line_ids)
        await rig.returns.result(rma_id)
        history = await _history(rig, rma_id)
        decisions[size] = tuple(took)
        history_bytes.append((size, _size(history)))
        payloads.append((size, max(_payload_sizes(history))))
        report(f"{size} lines: {median(took):.2f} s, {_size(history) / 1024:.0f} KiB of history")
    curves = (
        curve(
            "decision on a return with so many lines",
            "s",
            [(size, median(took)) for size, took in decisions.items()],
        ),
        curve("history of a return with so many lines", "bytes", history_bytes),
        curve("largest payload of a return with so many lines", "bytes", payloads),
    )
    return curves, decisions


async def _by_returns_of_order(rig: Rig, count: int, report: Callable[[str], None]) -> tuple[Curve, ...]:
    order_id = f"O-{uuid4().hex[:12]}"
    seconds = []
    for number, line_id in enumerate(await _load_order(rig, order_id, count), start=1):
        began = time.perf_counter()
        await _apply(rig, order_id, [line_id], f"R-{number}")
        seconds.append((number, time.perf_counter() - began))
    report(f"an order with {count} returns: {seconds[0][1]:.2f} s the first, {seconds[-1][1]:.2f} s the last")
    return (curve("decision on the k-th return of an order", "s", in_tenths(seconds)),)


async def _by_events(
    rig: Rig, count: int, report: Callable[[str], None]
) -> tuple[tuple[Curve, ...], int, int | None, int]:
    """Tell one return of one scan after the other, each once it has seen the one before."""
    [line_id] = await _load_order(rig, order_id := f"O-{uuid4().hex[:12]}", 1)
    rma_id = await _apply(rig, order_id, [line_id], "R-1")
    parcel = await PlainRefund(rig).booked(rma_id)
    seconds: list[tuple[int, float]] = []
    lengths, sizes, unanswered = [], [], 0
    for number in range(1, count + 1):
        event = CarrierEvent(
            event_id=f"{rma_id}-{number}",
            carrier=parcel.carrier,
            tracking_no=parcel.tracking_no,
            kind=CarrierEventKind.IN_TRANSIT,
            occurred_at=datetime.now(UTC),
        )
        began = time.perf_counter()
        await rig.returns.report_carrier_event(rma_id, event)
        # A query is answered after the tasks that were there before it, and so after the scan.
        try:
            await rig.returns.status(rma_id)
        except ServiceUnavailable:
            unanswered += 1
            # However soon it failed, it was seen no sooner than the slowest that was.
            took = max(time.perf_counter() - began, *(value for _, value in seconds), 0.0)
        else:
            took = time.perf_counter() - began
        seconds.append((number, took))
        if number % max(count // 10, 1) == 0:
            history = await _history(rig, rma_id)
            lengths.append((number, float(len(history.events))))
            sizes.append((number, _size(history)))
            latest = median(value for _, value in seconds[-10:]) * 1000
            report(f"{number} scans: {latest:.0f} ms, {len(history.events)} events")
    suggested = (
        event.event_id
        for event in history.events
        if event.workflow_task_started_event_attributes.suggest_continue_as_new
    )
    first = next(suggested, None)
    told = sum(
        event.HasField("workflow_execution_signaled_event_attributes") and event.event_id < (first or 0)
        for event in history.events
    )
    curves = (
        curve("the k-th scan, until it is seen", "s", in_tenths(seconds)),
        curve("history after so many scans", "events", lengths),
        curve("history after so many scans", "bytes", sizes),
    )
    return curves, len(history.events), told if first else None, unanswered


async def _load_order(rig: Rig, order_id: str, lines: int) -> list[str]:
    """Load an order with so many lines of one unit; their ids."""
    _, order = an_order(order_id)
    [line] = order["lines"]
    line_ids = ["SHIRT-M", *(f"SHIRT-M-{number}" for number in range(2, lines + 1))]
    customer, order = an_order(order_id, lines=[line | {"item_id": line_id} for line_id in line_ids])
    await rig.load("customers", [customer])
    await rig.load("orders", [order])
    return line_ids


async def _apply(rig: Rig, order_id: str, line_ids: Sequence[str], request_id: str) -> str:
    asked = application(order_id)
    [line] = asked.lines
    lines = tuple(line.model_copy(update={"line_id": line_id}) for line_id in line_ids)
    decision = await rig.returns.apply(asked.model_copy(update={"lines": lines}), request_id)
    if decision.refusal:
        raise RuntimeError(f"{order_id}: {decision.refusal.detail}")
    return decision.rma_id


async def _history(rig: Rig, rma_id: str) -> WorkflowHistory:
    handle = rig.client.get_workflow_handle(ids.return_workflow_id(rma_id))
    history: WorkflowHistory = await handle.fetch_history()
    return history


def _size(history: WorkflowHistory) -> int:
    return History(events=history.events).ByteSize()


def _payload_sizes(history: WorkflowHistory) -> Iterator[int]:
    for event in history.events:
        yield from (len(payload.data) for payload in _payloads(event))


def _payloads(message: Message) -> Iterator[Payload]:
    """Every payload within a message."""
    if isinstance(message, Payload):
        yield message
        return
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        parts: Any = value
        if field.message_type.GetOptions().map_entry:
            parts = [part for part in value.values() if isinstance(part, Message)]
        elif isinstance(value, Message):
            parts = [value]
        for part in parts:
            yield from _payloads(part)
