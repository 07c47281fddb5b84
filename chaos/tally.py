"""Per kind of disturbance: how often it was injected, what survived it, and how long recovery took.

*Recovery* is measured so:

- a fault at a provider's call: from the call that it struck until a call about the same thing (the same reference,
  key, message or order) was answered as it should be, by the sandbox's own word; of a late or repeated webhook,
  until the pipeline took it;
- a worker that was killed, or stopped: from then until each activity that it was at had ended, by the history of
  the return; where it was at none, until its successor asked for work;
- the API or the server killed: until a status was answered again through the API;
- a clock that was stepped has none.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import ceil
from typing import Any

from chaos.oracle import Judgement
from chaos.plan import Disturbance
from chaos.strikes import Struck
from domain.record import Record


class Row(Record):
    """A kind of disturbance.

    Attributes:
        injected: How often.
        touched: How many returns.
        survived: How many of them ended as their story tells, without a person beyond it.
        by_hand: How many of them wait for a person, or needed one beyond their story.
        p95_recovery_seconds: None where there is nothing to measure.
        never: How many were never answered again.
    """

    name: str
    injected: int
    touched: int
    survived: int
    by_hand: int
    p95_recovery_seconds: float | None = None
    never: int = 0


@dataclass
class _Kind:
    injected: int = 0
    touched: set[str] = field(default_factory=set)
    recoveries: list[float] = field(default_factory=list)
    never: int = 0


_NAMES = {
    "lost_response": "response lost",
    "error_after": "error after processing",
    "too_busy": "429",
    "reset": "connection reset",
    "latency": "slow",
    "unavailable": Disturbance.OUTAGE.value,
    "repeat_webhook": "duplicate carrier event",
    "late_webhook": "reordered carrier event",
    "closed_method": "closed card",
    "forgotten_key": "idempotency key forgotten",
}
_NOT_MEASURED = ("closed card", "idempotency key forgotten")
"""What is no outage: it changes what an answer says."""


def tally(
    hits: Iterable[Mapping[str, Any]],
    struck: Iterable[Struck],
    returns: Mapping[str, Iterable[str]],
    ended_at: Mapping[tuple[str, str], datetime],
    judgement: Judgement,
    helped: Iterable[str],
) -> list[Row]:
    """Count a run.

    Args:
        hits: The sandbox's list of faults that struck.
        struck: What was done to processes and clocks.
        returns: The RMA ids of the run, each with other names that calls may carry, such as its order.
        ended_at: When activities ended.
        judgement: Where each return is.
        helped: The returns that needed a person beyond their story.
    """
    kinds: dict[str, _Kind] = defaultdict(_Kind)
    by_name = {name: rma_id for rma_id, names in returns.items() for name in (rma_id, *names)}
    for hit in hits:
        kind = kinds[_NAMES.get(hit["kind"], hit["kind"])]
        kind.injected += 1
        if rma_id := _return_of(hit["reference"], by_name):
            kind.touched.add(rma_id)
        if hit["answered_at"]:
            kind.recoveries.append(_seconds(hit["at"], hit["answered_at"]))
        else:
            kind.never += 1
    for each in struck:
        _count_strike(kinds[each.strike.kind.value], each, ended_at)
    people = {*judgement.by_hand, *helped}
    not_well = {*people, *judgement.lost, *judgement.waiting, *judgement.otherwise}
    not_well |= {each.rma_id for each in judgement.broken}
    return [
        Row(
            name=name,
            injected=kind.injected,
            touched=len(kind.touched),
            survived=len(kind.touched - not_well),
            by_hand=len(kind.touched & people),
            p95_recovery_seconds=None if name in _NOT_MEASURED else p95(kind.recoveries),
            never=0 if name in _NOT_MEASURED else kind.never,
        )
        for name, kind in sorted(kinds.items())
    ]


def p95(values: Sequence[float]) -> float | None:
    """The value that 95 % do not exceed (nearest rank); None of no values."""
    return round(sorted(values)[ceil(0.95 * len(values)) - 1], 2) if values else None


def _count_strike(kind: _Kind, struck: Struck, ended_at: Mapping[tuple[str, str], datetime]) -> None:
    match struck.strike.kind:
        case Disturbance.TWO_HOLDERS:
            held = [each for each in struck.held if each.again]
            kind.injected += len(held)
        case Disturbance.WORKER_KILL:
            held = struck.held
            kind.injected += 1
        case Disturbance.CLOCK_STEP:
            kind.injected += 1
            kind.touched.update(struck.open)
            return
        case _:
            kind.injected += 1
            kind.touched.update(struck.open)
            held = []
    kind.touched.update(each.rma_id for each in held)
    for each in held:
        ended = ended_at.get((each.rma_id, each.activity_id))
        if ended is None:
            kind.never += 1
        else:
            kind.recoveries.append((ended - struck.at).total_seconds())
    if not held and struck.recovered_at and struck.strike.kind is not Disturbance.TWO_HOLDERS:
        kind.recoveries.append((struck.recovered_at - struck.at).total_seconds())


def _return_of(reference: str, by_name: Mapping[str, str]) -> str:
    """The return that a call was about: its name, or what begins with it."""
    if reference in by_name:
        return by_name[reference]
    head = reference.split("/", 1)[0]
    while head and head not in by_name:
        head = head.rpartition("-")[0]
    return by_name.get(head, "")


def _seconds(start: str, end: str) -> float:
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()
