"""Goodwill on a case that was reopened: what a supervisor pays though no rule owes it (sections 10 and 12).

As money it is a refund like any other, within what the lines and the order have left. Above that it is a coupon.
"""

from pydantic import Field

from domain.compensation import share_over_lines
from domain.record import MinorUnits, Record
from domain.refund import LineCompensation


class LeftToPayQuestion(Record):
    """Ask what the lines of a case have left to pay back."""

    rma_id: str


class LeftToPay(Record):
    """What may still be paid back, in minor units: for each line of the case, and for its order.

    `kept_minor` is what the customer keeps of an advance, which is left of none of the lines.
    """

    lines: dict[str, MinorUnits] = Field(default_factory=dict)
    kept_minor: MinorUnits = 0
    order_minor: MinorUnits = 0

    @property
    def lines_minor(self) -> int:
        """What the lines together have left."""
        return max(sum(self.lines.values()) - self.kept_minor, 0)

    @property
    def total_minor(self) -> int:
        """The most that a refund for these lines can be."""
        return min(self.lines_minor, self.order_minor)


def share_goodwill(amount_minor: int, left: LeftToPay) -> tuple[LineCompensation, ...]:
    """Share an amount over the lines by what each has left (rule 2), so that no line gets more than that.

    Raises:
        ValueError: If there is less left than the amount.
    """
    if amount_minor > left.total_minor:
        raise ValueError(f"{left.total_minor} are left to pay back, not {amount_minor}")
    return share_over_lines(amount_minor, left.lines)
