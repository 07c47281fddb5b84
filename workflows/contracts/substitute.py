"""What people send where a remedy cannot be carried out."""

from pydantic import Field

from domain.application import Remedy
from domain.record import Identifier
from workflows.contracts.base import ActionRequest


class SubstituteChoice(ActionRequest):
    """What takes the place of a remedy that cannot be carried out; the status lists what may be chosen.

    `item_ids` names a variant per unit, for an exchange only.
    """

    remedy: Remedy
    item_ids: tuple[Identifier, ...] = Field(default=(), max_length=1_000)
