"""What people send while an application is reviewed."""

from pydantic import Field

from domain.application import Evidence
from domain.reasons import LiableParty
from domain.record import Identifier, Record
from workflows.contracts.base import ActionRequest


class CancelRequest(ActionRequest):
    """Withdraw the return before the goods are handed over."""

    note: str = Field(default="", max_length=2_000)


class EvidenceLine(Record):
    """Evidence for one line of the return."""

    line_id: Identifier
    evidence: tuple[Evidence, ...] = Field(min_length=1, max_length=20)


class EvidenceSubmission(ActionRequest):
    """The evidence that was asked for."""

    lines: tuple[EvidenceLine, ...] = Field(min_length=1, max_length=500)


class ReviewVerdict(ActionRequest):
    """A person's decision. A reviewer may change who is liable, per line, with the reason in the note."""

    approve: bool
    note: str = Field(min_length=1, max_length=2_000)
    liability: dict[str, LiableParty] = Field(default_factory=dict)


class AppealRequest(ActionRequest):
    """Ask a supervisor to look again at a declined return. Once."""

    note: str = Field(min_length=1, max_length=2_000)
