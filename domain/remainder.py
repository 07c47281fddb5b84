"""What the lines of a case and their order have left to pay back (section 9)."""

from pydantic import Field

from domain.record import MinorUnits, Record


class RemainderQuestion(Record):
    """Ask what a case has left to pay back."""

    rma_id: str


class Remainder(Record):
    """What is left to pay back, in minor units; nothing for a case that was never opened.

    Attributes:
        lines: For each line of the case, before what the customer keeps of an advance.
        kept_minor: What the customer keeps of an advance, which is left of none of the lines.
        order_minor: What the payments of the order have left.
        given_minor: What the customer has in advance or by a lost chargeback, and no line accounts for yet.
    """

    lines: dict[str, MinorUnits] = Field(default_factory=dict)
    kept_minor: MinorUnits = 0
    order_minor: MinorUnits = 0
    given_minor: int = 0

    @property
    def lines_minor(self) -> int:
        """What the lines together have left."""
        return max(sum(self.lines.values()) - self.kept_minor, 0)

    @property
    def for_a_refund_minor(self) -> int:
        """The most that a refund for these lines can be."""
        return min(self.lines_minor, self.order_minor)

    @property
    def for_a_ruling_minor(self) -> int:
        """The most that a ruling can give back; what the customer was given becomes theirs and costs nothing."""
        return max(min(self.lines_minor, self.order_minor + self.given_minor), 0)
