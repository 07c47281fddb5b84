"""How something grows with a size, and what that is called."""

import math
from collections.abc import Iterable, Sequence
from statistics import linear_regression, median

from domain.record import Record

_FLAT, _LINEAR = 0.15, 1.2
"""The most that the exponent may be: what is flat grows by no more than 1.4 times over a decade of sizes."""

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
        growth: "flat" and "worse than linear" by the exponent; between them "linear" or "logarithmic", whichever
            line of least squares lies closer to all points. The exponent does not tell these two apart: what is
            linear above a large base has a small one.
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
        growth=_named(exponent, ordered),
    )


def in_tenths(points: Iterable[tuple[int, float]]) -> list[tuple[int, float]]:
    """A long series as the medians of its tenths, so that single slow ones do not decide."""
    ordered = sorted(points)
    length = max(len(ordered) // 10, 1)
    parts = [ordered[first : first + length] for first in range(0, len(ordered), length)]
    return [(part[-1][0], median(value for _, value in part)) for part in parts]


def _named(exponent: float, points: Sequence[tuple[int, float]]) -> str:
    if exponent <= _FLAT:
        return "flat"
    if exponent > _LINEAR:
        return "worse than linear"
    values = [value for _, value in points]
    linear = _squares([float(size) for size, _ in points], values)
    logarithmic = _squares([math.log(size) for size, _ in points], values)
    # Two points lie on a line either way: then the worse is said.
    return "logarithmic" if len(points) > 2 and logarithmic < linear else "linear"


def _squares(sizes: Sequence[float], values: Sequence[float]) -> float:
    """What the line of least squares leaves over."""
    line = linear_regression(sizes, values)
    return sum(
        (line.slope * size + line.intercept - value) ** 2 for size, value in zip(sizes, values, strict=True)
    )
