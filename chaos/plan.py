"""What a run will do, all drawn from its seed before it begins: the returns, the weather, the strikes."""

import random
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from chaos.stories import Life, make_life
from domain.keys import refund_key

FAULT_RATE = 0.10
"""The share of provider calls that go wrong, besides outages."""

_KINDS = ("lost_response", "error_after", "too_busy", "reset", "latency")
_SLOW_SECONDS = 2.0
_SCAN_RATE = 0.10
_LATE_SCAN_SECONDS = 3.0
_STEP_SECONDS = 600.0
HOLD_SECONDS = 23.0
"""Longer than the 20 seconds after which Temporal gives an activity to another worker."""


class Disturbance(StrEnum):
    """What is done to the platform, besides faults at single calls."""

    WORKER_KILL = "worker SIGKILL"
    API_KILL = "API SIGKILL"
    SERVER_KILL = "Temporal SIGKILL"
    TWO_HOLDERS = "two workers, one activity"
    OUTAGE = "provider down"
    CLOCK_STEP = "provider clock stepped"


@dataclass(frozen=True)
class Strike:
    """One disturbance.

    Attributes:
        at: Seconds since the run began.
        seconds: How long it lasts, where it does.
        ahead_seconds: Of a clock, how far it is stepped.
        targets: Of an outage, the calls that are down.
        pick: Which of the workers, as any number.
    """

    at: float
    kind: Disturbance
    seconds: float = 0.0
    ahead_seconds: float = 0.0
    targets: tuple[str, ...] = ()
    pick: int = 0


@dataclass(frozen=True)
class Size:
    """How large a run is, in seconds and returns.

    Attributes:
        returns: How many.
        arrival: In how many seconds they all have been applied for.
        outage: How long a provider is down.
        bound: After how many seconds what is not at its end counts as left behind.
    """

    returns: int
    arrival: float
    outage: float
    server_kills: int
    api_kills: int
    holds: int
    outages: int
    steps: int
    bound: float

    @classmethod
    def full(cls, returns: int) -> "Size":
        """About three returns a second and five kills of the server; longer with more returns."""
        arrival = max(60.0, returns * 0.3)
        share = max(1, round(arrival / 120))
        return cls(
            returns,
            arrival,
            60.0,
            max(5, share),
            max(3, share),
            max(2, share),
            max(len(_OUTAGES), share),
            max(2, share),
            arrival + 720.0,
        )

    @classmethod
    def short(cls, returns: int) -> "Size":
        """What a continuous integration has time for."""
        arrival = max(15.0, returns * 0.225)
        return cls(returns, arrival, 8.0, 2, 2, 1, 2, 2, arrival + 195.0)


@dataclass(frozen=True)
class Plan:
    """Everything that a run does. The same seed and size make the same plan."""

    seed: int
    size: Size
    run: str
    lives: tuple[Life, ...]
    faults: tuple[dict[str, Any], ...]
    strikes: tuple[Strike, ...]


def make_plan(seed: int, size: Size, run: str = "", kills: bool = True, fault_rate: float = FAULT_RATE) -> Plan:
    """Draw a run.

    Args:
        seed: What it is drawn from.
        size: How large it is.
        run: What the ids of orders and customers begin with; by default the seed.
        kills: Whether processes are killed and stopped; not on a platform that is somebody else's.
        fault_rate: The share of provider calls that go wrong.
    """
    run = run or f"S{seed}"
    draw = random.Random(seed)
    starts = sorted(draw.uniform(0, size.arrival) for _ in range(size.returns))
    lives = tuple(make_life(number, at, run, draw) for number, at in enumerate(starts, start=1))
    return Plan(
        seed=seed,
        size=size,
        run=run,
        lives=lives,
        faults=(*_weather(fault_rate, draw), *_closed_cards(lives)),
        strikes=tuple(sorted(_strikes(size, kills, draw), key=lambda strike: strike.at)),
    )


def _weather(rate: float, draw: random.Random) -> list[dict[str, Any]]:
    """The faults at every call, with equal shares, and what goes wrong with scans."""
    each = 1 - (1 - rate) ** (1 / len(_KINDS))
    seeds = iter(draw.sample(range(10_000), len(_KINDS) + 3))
    faults: list[dict[str, Any]] = [
        {
            "target": "*",
            "kind": kind,
            "times": None,
            "probability": each,
            "seed": next(seeds),
            "seconds": _SLOW_SECONDS if kind == "latency" else 1.0,
        }
        for kind in (_KINDS if rate else ())
    ]
    for kind in ("repeat_webhook", "late_webhook"):
        faults.append(
            {
                "target": "carriers.scan",
                "kind": kind,
                "times": None,
                "probability": _SCAN_RATE,
                "seed": next(seeds),
                "seconds": _LATE_SCAN_SECONDS,
            }
        )
    return faults


FORGOTTEN_KEYS = {
    "target": ["payments.refund", "payments.charge", "coupons.issue"],
    "kind": "forgotten_key",
    "times": None,
}
"""Providers forget idempotency keys after a day; where days are seconds, they forget them at once."""


def _closed_cards(lives: tuple[Life, ...]) -> list[dict[str, Any]]:
    return [
        {
            "target": "payments.refund",
            "kind": "closed_method",
            "match": {"reference": refund_key(life.rma_id, 1, 0)},
        }
        for life in lives
        if life.conduct.closed
    ]


_OUTAGES = (
    ("payments.refund", "payments.charge", "payments.find_refund", "payments.find_charge"),
    ("coupons.issue", "coupons.find"),
    ("carriers.pickup", "carriers.find_pickup", "carriers.label", "carriers.find_label", "carriers.track"),
    ("orders.get", "orders.replacement", "inventory.hold"),
    ("messages.send", "warehouse.notify"),
    (
        *("payments.hold", "payments.find_hold", "payments.capture_hold", "payments.release_hold"),
        *("store_credit.account", "store_credit.find_account", "store_credit.grant", "store_credit.find_grant"),
        *("carriers.cancel_pickup", "carriers.void_label", "inventory.release", "orders.cancel_fulfilment"),
    ),
)


def _strikes(size: Size, kills: bool, draw: random.Random) -> list[Strike]:
    strikes = [
        Strike(at, Disturbance.OUTAGE, seconds=size.outage, targets=_OUTAGES[(first + number) % len(_OUTAGES)])
        for first in [draw.randrange(len(_OUTAGES))]
        for number, at in enumerate(_spread(size.outages, size, draw))
    ]
    strikes += [
        Strike(at, Disturbance.CLOCK_STEP, seconds=6.0, ahead_seconds=_STEP_SECONDS * (-1) ** number)
        for number, at in enumerate(_spread(size.steps, size, draw))
    ]
    if not kills:
        return strikes
    at = draw.uniform(5, 12)
    while at < size.arrival + 10:
        strikes.append(Strike(at, Disturbance.WORKER_KILL, pick=draw.randrange(1_000)))
        at += draw.uniform(5, 20)
    strikes += [Strike(at, Disturbance.API_KILL) for at in _spread(size.api_kills, size, draw)]
    strikes += [Strike(at, Disturbance.SERVER_KILL) for at in _spread(size.server_kills, size, draw)]
    strikes += [
        Strike(at, Disturbance.TWO_HOLDERS, seconds=HOLD_SECONDS, pick=draw.randrange(1_000))
        for at in _spread(size.holds, size, draw)
    ]
    return strikes


def _spread(count: int, size: Size, draw: random.Random) -> list[float]:
    """One moment in each of equal parts of the time in which returns arrive, not before there are some."""
    part = (size.arrival - 5) / count if count else 0.0
    return [5 + part * (number + draw.uniform(0.1, 0.9)) for number in range(count)]
