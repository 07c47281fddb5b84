"""Claims for the tests, short to write."""

from datetime import UTC, datetime
from typing import Any

from domain.claims import ClaimEvidence, ClaimEvidenceKind, ClaimParty, ClaimReason, ClaimState, RecoveryClaim

DUE_AT = datetime(2026, 12, 22, 8, tzinfo=UTC)


def a_claim(rma_id: str = "RMA-1", party: ClaimParty = ClaimParty.CARRIER, **fields: Any) -> RecoveryClaim:
    """A claim of 299 yuan for a lost parcel, filed."""
    claim = {
        "reference": f"{rma_id}-claim-{party.value}",
        "order_id": "O-1",
        "reason": ClaimReason.LOST_IN_TRANSIT,
        "state": ClaimState.FILED,
        "currency": "CNY",
        "claimed_minor": 29_900,
        "evidence": (ClaimEvidence(kind=ClaimEvidenceKind.TRACKING, reference="sf SF-1"),),
        "due_at": DUE_AT,
        **fields,
    }
    return RecoveryClaim(rma_id=rma_id, party=party, **claim)
