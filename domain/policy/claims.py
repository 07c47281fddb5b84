"""From whom a loss is recovered, and how long that may take."""

from datetime import timedelta

from pydantic import Field

from domain.claims import ClaimParty, ClaimReason
from domain.policy.durations import PositiveDuration
from domain.record import Record


class ClaimRules(Record):
    """Recovery claims.

    Attributes:
        parties: Who is claimed from, by reason; the carrier where nothing is said.
        evidence: How long a person may gather what is missing before the claim is filed as it is.
        filing: The time to file, from the loss.
        answer: The time that a party has to answer.
    """

    parties: dict[ClaimReason, ClaimParty] = Field(default_factory=dict)
    evidence: PositiveDuration = timedelta(days=7)
    filing: PositiveDuration = timedelta(days=30)
    answer: PositiveDuration = timedelta(days=30)

    def party(self, reason: ClaimReason) -> ClaimParty:
        """Who is claimed from for a reason."""
        return self.parties.get(reason, ClaimParty.CARRIER)
