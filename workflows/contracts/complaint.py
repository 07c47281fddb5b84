"""What is said of a complaint, and the platform's ruling."""

from typing import Self

from pydantic import Field, model_validator

from domain.application import Evidence
from domain.record import Identifier
from workflows.contracts.base import ActionRequest
from workflows.contracts.inspection import ContestedLine


class Complaint(ActionRequest):
    """The customer complains about the return, whatever it is about; a supervisor answers."""

    note: str = Field(min_length=1, max_length=2_000)
    evidence: tuple[Evidence, ...] = Field(default=(), max_length=20)


class ComplaintAnswer(ActionRequest):
    """The supervisor's answer, as the customer is told it."""

    note: str = Field(min_length=1, max_length=2_000)


class Escalation(ActionRequest):
    """The customer takes the complaint to the platform; `reference` is the platform's own, if there is one yet."""

    note: str = Field(default="", max_length=2_000)
    reference: Identifier | None = None


class ArbitrationRuling(ActionRequest):
    """What the platform ruled. It binds: units are paid for, or an amount; without either it is a dismissal.

    Attributes:
        units: The units that are paid for.
        amount_minor: The bare amount that is paid, in minor units of the order's currency.
        paid_by_hand: The ruling was for the customer, and a supervisor has had it paid in another way, because it
            cannot be paid here: nothing is paid.
    """

    reference: Identifier
    note: str = Field(min_length=1, max_length=2_000)
    units: tuple[ContestedLine, ...] = Field(default=(), max_length=500)
    amount_minor: int | None = Field(default=None, ge=1)
    paid_by_hand: bool = False

    @model_validator(mode="after")
    def _is_one_of_them(self) -> Self:
        if self.units and self.amount_minor is not None:
            raise ValueError("amount_minor: a ruling is for units or for an amount; leave one of them out")
        if self.paid_by_hand and (self.units or self.amount_minor is not None):
            raise ValueError("paid_by_hand: what was paid in another way has no units and no amount here")
        return self
