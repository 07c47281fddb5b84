"""What units of a line are worth: their part of what was paid, less the deduction and an earlier compensation."""

from typing import NamedTuple

from domain.money import cumulative_target, diminished_value, refund_for_units


class UnitsWorth(NamedTuple):
    """What is owed for units, in minor units; `offset_minor` was paid as a compensation before."""

    gross_minor: int
    deduction_minor: int
    offset_minor: int


def worth_of_units(
    paid_minor: int,
    quantity: int,
    settled: int,
    units: int,
    deduction_bps: int,
    outstanding_minor: int,
    apart_minor: int = 0,
) -> UnitsWorth:
    """Work out what units are worth (rules 3 and 8 of section 9). The one place of the rule of the deduction.

    Args:
        paid_minor: What was paid for the line of `quantity` units.
        quantity: The units of the line.
        settled: Units of the line that were settled before these.
        units: How many there are.
        deduction_bps: The deduction for diminished value, in basis points.
        outstanding_minor: What of a compensation of the line was not taken off other units yet.
        apart_minor: As much of that as is for other units.
    """
    gross_minor = refund_for_units(paid_minor, quantity, settled, units)
    deduction_minor = diminished_value(gross_minor, deduction_bps)
    share_minor = compensation_share(paid_minor, quantity, settled, units, outstanding_minor, apart_minor)
    return UnitsWorth(gross_minor, deduction_minor, min(share_minor, gross_minor - deduction_minor))


def compensation_share(
    paid_minor: int, quantity: int, settled: int, units: int, outstanding_minor: int, apart_minor: int = 0
) -> int:
    """How much of a compensation is to be taken off units that come back after it.

    A share of it for each unit, without the part that is for other units, and always as much as the units that are
    left could not bear any more.
    """
    if units == 0:
        return 0
    left_minor = paid_minor - cumulative_target(paid_minor, settled, quantity)
    left_after = paid_minor - cumulative_target(paid_minor, settled + units, quantity)
    outstanding_minor = min(outstanding_minor, left_minor)
    share = max(outstanding_minor - apart_minor, 0) * units // (quantity - settled)
    return max(share, outstanding_minor - left_after)
