"""What people send to have another remedy for goods that are on their way back."""

from pydantic import Field

from domain.application import Remedy
from domain.record import Identifier, Record
from workflows.contracts.base import ActionRequest


class LineReplacements(Record):
    """The variants that are wanted for the units of a line, one per unit."""

    line_id: Identifier
    item_ids: tuple[Identifier, ...] = Field(min_length=1, max_length=1_000)


class RemedyChange(ActionRequest):
    """A refund, an exchange or store credit in the place of what was applied for, until it is settled.

    `replacements` are for an exchange only. `payment_method_id` is where a refund goes, or what a price difference
    is paid with; naming another means than the original one is the customer's consent to it.
    """

    remedy: Remedy
    replacements: tuple[LineReplacements, ...] = Field(default=(), max_length=500)
    payment_method_id: Identifier | None = None
