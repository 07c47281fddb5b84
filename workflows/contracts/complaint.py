"""What is said of a complaint, and the platform's ruling."""

from pydantic import Field

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
    """What the platform ruled. It binds: units are paid for, or without any the complaint is dismissed."""

    reference: Identifier
    note: str = Field(min_length=1, max_length=2_000)
    units: tuple[ContestedLine, ...] = Field(default=(), max_length=500)
