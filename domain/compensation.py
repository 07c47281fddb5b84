"""An amount beyond what units are worth, shared over lines: an agreed price reduction, or a ruling."""

from collections.abc import Mapping

from domain.money import refund_for_units, split_by_largest_remainder
from domain.orders import OrderSnapshot, paid_by_line
from domain.refund import LineCompensation


def share_compensation(
    amount_minor: int, order: OrderSnapshot, units: Mapping[str, int]
) -> tuple[LineCompensation, ...]:
    """Share an amount by largest remainder over what was paid for the units of each line (rule 2).

    Raises:
        ValueError: If nothing was paid for the units, so that there is nothing to reduce.
    """
    paid = paid_by_line(order)
    lines = [line for line in order.lines if line.line_id in units]
    weights = [refund_for_units(paid[line.line_id], line.quantity, 0, units[line.line_id]) for line in lines]
    shares = split_by_largest_remainder(amount_minor, weights)
    return tuple(
        LineCompensation(line_id=line.line_id, amount_minor=share)
        for line, share in zip(lines, shares, strict=True)
        if share
    )


def share_over_lines(amount_minor: int, left_minor: Mapping[str, int]) -> tuple[LineCompensation, ...]:
    """Share an amount by largest remainder over what each line has left (rule 2).

    No line gets more than it has left.

    Raises:
        ValueError: If the lines together have less left.
    """
    if amount_minor > sum(left_minor.values()):
        raise ValueError("the lines together have less left")
    shares = split_by_largest_remainder(amount_minor, list(left_minor.values()))
    return tuple(
        LineCompensation(line_id=line_id, amount_minor=share)
        for line_id, share in zip(left_minor, shares, strict=True)
        if share
    )
