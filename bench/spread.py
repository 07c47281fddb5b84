"""How a series of times is spread."""

import math
from collections.abc import Sequence

from domain.record import Record


class Spread(Record):
    """Percentiles by nearest rank, in the unit of what was measured.

    Attributes:
        count: How many there were; the others are 0 where it is.
    """

    count: int
    p50: float = 0.0
    p95: float = 0.0
    p99: float = 0.0
    max: float = 0.0


def spread_of(values: Sequence[float]) -> Spread:
    """Sum up a series."""
    if not values:
        return Spread(count=0)
    ordered = sorted(values)

    def at(share: float) -> float:
        return round(ordered[max(math.ceil(share * len(ordered)) - 1, 0)], 3)

    return Spread(count=len(ordered), p50=at(0.5), p95=at(0.95), p99=at(0.99), max=at(1))
