"""Recovery from whoever answers for a loss: carrier, insurer, platform or promoter (section 5).

It runs beside the return and after its money: the customer is paid first and never waits for it.
"""

from collections.abc import Sequence
from enum import StrEnum

from pydantic import Field

from domain.liability import WHOLE_BPS
from domain.money import refund_for_units
from domain.orders import OrderSnapshot, paid_by_line
from domain.record import Identifier, MinorUnits, Record, UtcDatetime
from domain.shipping import TrackingAnswer


class ClaimParty(StrEnum):
    """Who is claimed from."""

    CARRIER = "carrier"
    INSURER = "insurer"
    PLATFORM = "platform"
    PROMOTER = "promoter"


class ClaimReason(StrEnum):
    """What went wrong. The first of this order counts where several did."""

    LOST_IN_TRANSIT = "lost_in_transit"
    DAMAGED_IN_TRANSIT = "damaged_in_transit"
    SCAN_MISSING = "scan_missing"


class ClaimState(StrEnum):
    """PREPARING → FILED → ACCEPTED / PARTLY_ACCEPTED / REJECTED; a first rejection is CONTESTED once."""

    PREPARING = "PREPARING"
    FILED = "FILED"
    CONTESTED = "CONTESTED"
    ACCEPTED = "ACCEPTED"
    PARTLY_ACCEPTED = "PARTLY_ACCEPTED"
    REJECTED = "REJECTED"
    WITHDRAWN = "WITHDRAWN"
    WRITTEN_OFF = "WRITTEN_OFF"

    @property
    def is_final(self) -> bool:
        """Whether nobody waits for anything any more."""
        return self not in (ClaimState.PREPARING, ClaimState.FILED, ClaimState.CONTESTED)


class ClaimEvidenceKind(StrEnum):
    """What a party asks to see."""

    ORDER_VALUE = "order_value"
    REFUND = "refund"
    TRACKING = "tracking"
    PHOTO = "photo"
    OTHER = "other"


class ClaimEvidence(Record):
    """One piece of evidence: an amount, a key, a scan or a reference into the shop's own store, never bytes."""

    kind: ClaimEvidenceKind
    reference: str = Field(min_length=1, max_length=512)


REQUIRED_EVIDENCE: dict[ClaimReason, tuple[ClaimEvidenceKind, ...]] = {
    ClaimReason.LOST_IN_TRANSIT: (
        ClaimEvidenceKind.ORDER_VALUE,
        ClaimEvidenceKind.REFUND,
        ClaimEvidenceKind.TRACKING,
    ),
    ClaimReason.DAMAGED_IN_TRANSIT: (
        ClaimEvidenceKind.ORDER_VALUE,
        ClaimEvidenceKind.REFUND,
        ClaimEvidenceKind.PHOTO,
    ),
    ClaimReason.SCAN_MISSING: (ClaimEvidenceKind.TRACKING,),
}


class ClaimedUnits(Record):
    """Units that were lost or damaged, and how much of the loss the party answers for, in basis points."""

    line_id: str
    quantity: int = Field(ge=1)
    share_bps: int = Field(default=WHOLE_BPS, ge=1, le=WHOLE_BPS)


class TrackedParcel(Record):
    """A parcel by which its carrier knows what it had."""

    carrier: str
    tracking_no: str


class ClaimGrounds(Record):
    """What a return knows of the loss.

    Attributes:
        event_at: When it was lost, or delivered damaged; the time to file counts from here.
        fixed_minor: What the contract pays for a missed scan, in minor units; 0 where the goods' value counts.
    """

    party: ClaimParty
    reason: ClaimReason
    event_at: UtcDatetime
    parcels: tuple[TrackedParcel, ...] = ()
    units: tuple[ClaimedUnits, ...] = ()
    photos: tuple[str, ...] = ()
    fixed_minor: MinorUnits = 0


class RecoveryClaim(Record):
    """A claim as it stands; amounts in minor units of its currency. `reference` is ours and never changes."""

    reference: str
    rma_id: str
    order_id: str
    party: ClaimParty
    reason: ClaimReason
    state: ClaimState = ClaimState.PREPARING
    currency: str
    claimed_minor: MinorUnits
    awarded_minor: MinorUnits = 0
    evidence: tuple[ClaimEvidence, ...] = ()
    claim_id: str = ""
    filed_at: UtcDatetime | None = None
    due_at: UtcDatetime


class ClaimFiling(Record):
    """File a claim, or contest its rejection. `at` is the workflow's time of the effect, UTC."""

    claim: RecoveryClaim
    at: UtcDatetime
    note: str = ""


class ClaimVerdict(StrEnum):
    """What a party says to a claim."""

    ACCEPTED = "accepted"
    PARTLY_ACCEPTED = "partly_accepted"
    REJECTED = "rejected"


class ClaimAnswer(Record):
    """A party's answer. `round` is 1 for the claim and 2 for its contest."""

    verdict: ClaimVerdict
    amount_minor: MinorUnits = 0
    note: str = Field(default="", max_length=2_000)
    round: int = Field(default=1, ge=1, le=2)


class FiledClaim(Record):
    """A claim as its party knows it, with its latest answer, if there is one."""

    claim_id: Identifier
    round: int = 1
    answer: ClaimAnswer | None = None


class ClaimLookup(Record):
    """Ask a party how a claim stands."""

    reference: str
    party: ClaimParty


class ClaimLookupAnswer(Record):
    """The claim; None if the party knows none under the reference."""

    claim: FiledClaim | None = None


def claimed_value(order: OrderSnapshot, grounds: ClaimGrounds) -> int:
    """What is claimed, in minor units: what was paid for the units, or what the contract pays."""
    if grounds.fixed_minor:
        return grounds.fixed_minor
    paid = paid_by_line(order)
    value_minor = 0
    for entry in grounds.units:
        line = order.line(entry.line_id)
        if line is not None:
            paid_minor = refund_for_units(paid[line.line_id], line.quantity, 0, entry.quantity)
            value_minor += paid_minor * entry.share_bps // WHOLE_BPS
    return value_minor


def evidence_for(
    order: OrderSnapshot, grounds: ClaimGrounds, refund_keys: Sequence[str]
) -> tuple[ClaimEvidence, ...]:
    """What is known to support a claim: the order's value, the refund, the parcels, the photos."""
    evidence = []
    if grounds.units:
        value = f"{claimed_value(order, grounds)} {order.currency}"
        evidence.append(ClaimEvidence(kind=ClaimEvidenceKind.ORDER_VALUE, reference=f"{order.order_id} {value}"))
    evidence += [ClaimEvidence(kind=ClaimEvidenceKind.REFUND, reference=key) for key in refund_keys]
    evidence += [
        ClaimEvidence(kind=ClaimEvidenceKind.TRACKING, reference=f"{parcel.carrier} {parcel.tracking_no}")
        for parcel in grounds.parcels
    ]
    evidence += [ClaimEvidence(kind=ClaimEvidenceKind.PHOTO, reference=photo) for photo in grounds.photos]
    return tuple(evidence)


def scan_evidence(tracking: TrackingAnswer) -> tuple[ClaimEvidence, ...]:
    """The scans of a parcel, as its carrier itself tells them."""
    return tuple(
        ClaimEvidence(
            kind=ClaimEvidenceKind.TRACKING,
            reference=f"{scan.tracking_no} {scan.kind} {scan.occurred_at.isoformat()}"[:512],
        )
        for scan in tracking.events
    )


def missing_evidence(reason: ClaimReason, evidence: Sequence[ClaimEvidence]) -> tuple[ClaimEvidenceKind, ...]:
    """What the party will ask for and is not there yet."""
    there = {piece.kind for piece in evidence}
    return tuple(kind for kind in REQUIRED_EVIDENCE[reason] if kind not in there)
