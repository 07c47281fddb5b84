"""Arithmetic on amounts: integers in the currency's minor unit, exact sums, never a float.

The rules are those of section 9 of the specification; each function names its rule.
"""

from collections.abc import Sequence


def split_by_largest_remainder(total: int, weights: Sequence[int]) -> list[int]:
    """Share `total` over `weights` so that the shares sum to it exactly (rule 2).

    Each share is floored, and the units left over go to the largest remainders, ties to the earliest.
    A weight of zero gets nothing.

    Raises:
        ValueError: If an argument is negative, or there is an amount but no weight to carry it.
    """
    if total < 0 or any(weight < 0 for weight in weights):
        raise ValueError("a total and its weights are never negative")
    weight_sum = sum(weights)
    if weight_sum == 0:
        if total:
            raise ValueError("an amount cannot be shared over weights that are all zero")
        return [0] * len(weights)
    shares = [total * weight // weight_sum for weight in weights]
    remainders = [total * weight % weight_sum for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda index: (-remainders[index], index))
    for index in by_remainder[: total - sum(shares)]:
        shares[index] += 1
    return shares


def cumulative_target(paid_minor: int, units: int, quantity: int) -> int:
    """What is due for the first `units` of a line of `quantity` that was paid `paid_minor` (rule 3)."""
    if not 0 <= units <= quantity:
        raise ValueError("units must lie between zero and the line's quantity")
    return paid_minor * units // quantity if quantity else 0


def refund_for_units(paid_minor: int, quantity: int, settled_units: int, units: int) -> int:
    """What `units` more are worth after `settled_units` were settled (rule 3).

    It is a difference of cumulative targets, so any split of a line into partial returns sums to
    exactly what was paid, and the last unit takes the cents. The same rule holds for each frozen tax
    component (rule 4).
    """
    return cumulative_target(paid_minor, settled_units + units, quantity) - cumulative_target(
        paid_minor, settled_units, quantity
    )


def diminished_value(gross_minor: int, basis_points: int) -> int:
    """The deduction for diminished value, rounded in the customer's favour (rule 8)."""
    if not 0 <= basis_points <= 10_000:
        raise ValueError("a deduction lies between 0 and 10000 basis points")
    return gross_minor * basis_points // 10_000


def split_over_tenders(amount_minor: int, paid_minor: Sequence[int], left_minor: Sequence[int]) -> list[int]:
    """Share a refund over the tenders that paid, pro rata to what each paid and capped at what it has left.

    Rule 10. What a cap cuts off is shared again over the tenders that still have room.

    Raises:
        ValueError: If the tenders together have less left than the amount.
    """
    if amount_minor < 0:
        raise ValueError("a refund is never negative")
    if amount_minor > sum(left_minor):
        raise ValueError("the tenders together have less left than the refund")
    shares = [0] * len(paid_minor)
    while (rest := amount_minor - sum(shares)) > 0:
        room = [left - share for left, share in zip(left_minor, shares, strict=True)]
        weights = [paid if free else 0 for paid, free in zip(paid_minor, room, strict=True)]
        if not any(weights):
            weights = room
        portion = split_by_largest_remainder(rest, weights)
        shares = [share + min(more, free) for share, more, free in zip(shares, portion, room, strict=True)]
    return shares
