"""What the workshop reports."""

from pydantic import Field, model_validator

from domain.record import Identifier
from workflows.contracts.base import ActionRequest


class RepairReport(ActionRequest):
    """What came of a repair. A repaired unit travels back to the customer: carrier and tracking number say how.

    `reference` tells the repairs of a return apart, where it has several.
    """

    repaired: bool
    note: str = Field(default="", max_length=2_000)
    carrier: Identifier | None = None
    tracking_no: Identifier | None = None
    reference: Identifier | None = None

    @model_validator(mode="after")
    def _says_what_comes_next(self) -> "RepairReport":
        if self.repaired and not (self.carrier and self.tracking_no):
            raise ValueError("tracking_no: name the carrier and the tracking number of the way back")
        if not self.repaired and not self.note:
            raise ValueError("note: say why it could not be repaired")
        return self
