"""How something grows with a size, and what that is called."""

import math
from collections.abc import Iterable
from statistics import linear_regression, median

from domain.record import Record

_FLAT, _LOGARITHMIC, _LINEAR = 0.15, 0.5, 1.2
"""The most that the exponent may be."""

_DECADE = 10


class Point(Record):
    """A value at a size."""

    size: int
    value: float


class Curve(Record):
    """A series of values.

    Attributes:
        what: What was measured.
        unit: Of the values.
        points: From the smallest size to the largest.
        exponent: How the value grows where the size is largest: as the size to the power of it, by the slope of
            both logarithms over the last decade of sizes. 0 stays flat, 1 is linear.
        growth: The exponent in a word; "logarithmic" stands for all that grows more slowly than a square root.
    """

    what: str
    unit: str
    points: tuple[Point, ...]
    exponent: float
    growth: str


def curve(what: str, unit: str, points: Iterable[tuple[int, float]]) -> Curve:
    """Say how the values grow.

    Raises:
        ValueError: If there are fewer than two sizes.
    """
    ordered = sorted(points)
    last = ordered[-1][0]
    in_decade = [point for point in ordered if point[0] * _DECADE >= last]
    # Of a series that was measured at a few sizes, the last decade may hold one of them only.
    in_decade = in_decade if len(in_decade) > 1 else ordered[-2:]
    logs = [(math.log(size), math.log(max(value, 1e-9))) for size, value in in_decade]
    exponent = linear_regression([size for size, _ in logs], [value for _, value in logs]).slope
    return Curve(
        what=what,
        unit=unit,
        points=tuple(Point(size=size, value=value) for size, value in ordered),
        exponent=round(exponent, 2),
        growth=_named(exponent),
    )


def in_tenths(points: Iterable[tuple[int, float]]) -> list[tuple[int, float]]:
    """A long series as the medians of its tenths, so that single slow ones do not decide."""
    ordered = sorted(points)
    length = max(len(ordered) // 10, 1)
    parts = [ordered[first : first + length] for first in range(0, len(ordered), length)]
    return [(part[-1][0], median(value for _, value in part)) for part in parts]


def _named(exponent: float) -> str:
    if exponent <= _FLAT:
        return "flat"
    if exponent <= _LOGARITHMIC:
        return "logarithmic"
    return "linear" if exponent <= _LINEAR else "worse than linear"
