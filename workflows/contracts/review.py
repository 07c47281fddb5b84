"""What people send while an application is reviewed."""

from pydantic import Field

from domain.application import Evidence
from domain.liability import Liability
from domain.reasons import LiableParty
from domain.record import Identifier, Quantity, Record
from workflows.contracts.base import ActionRequest


class CancelRequest(ActionRequest):
    """Withdraw the return before the goods are handed over."""

    note: str = Field(default="", max_length=2_000)


class EvidenceLine(Record):
    """Evidence for one line of the return."""

    line_id: Identifier
    evidence: tuple[Evidence, ...] = Field(min_length=1, max_length=20)


class EvidenceSubmission(ActionRequest):
    """Evidence that was asked for, or that the customer adds while a person decides."""

    lines: tuple[EvidenceLine, ...] = Field(min_length=1, max_length=500)


class EvidenceRequest(ActionRequest):
    """A reviewer asks the customer for evidence; the note says what is needed and is shown to the customer."""

    note: str = Field(min_length=1, max_length=2_000)


class ReviewVerdict(ActionRequest):
    """A person's decision. A reviewer may change who is liable, per line, with the reason in the note.

    One party answers alone, or several in shares of 10000 basis points.

    With `authorized`, by line, fewer units than were applied for may come back; a line that is not named keeps
    all of its units.
    """

    approve: bool
    note: str = Field(min_length=1, max_length=2_000)
    authorized: dict[str, Quantity] = Field(default_factory=dict, max_length=500)
    liability: dict[str, LiableParty | Liability] = Field(default_factory=dict)


class LiabilityVerdict(ActionRequest):
    """A supervisor decides again who is liable, per line, before money moves, with the reason in the note."""

    note: str = Field(min_length=1, max_length=2_000)
    liability: dict[str, LiableParty | Liability] = Field(min_length=1)


class AppealRequest(ActionRequest):
    """Ask a supervisor to look again at a declined return. Once."""

    note: str = Field(min_length=1, max_length=2_000)
