"""Four independent axes, and the header that is derived from them (section 2)."""

from collections.abc import Sequence
from enum import StrEnum


class Approval(StrEnum):
    """Whether the return may happen. REFUSED is wrong in fact; DECLINED is a decision that can be appealed."""

    REQUESTED = "REQUESTED"
    AUTO_REVIEW = "AUTO_REVIEW"
    MANUAL_REVIEW = "MANUAL_REVIEW"
    EVIDENCE_REQUESTED = "EVIDENCE_REQUESTED"
    APPROVED = "APPROVED"
    DECLINED = "DECLINED"
    APPEALED = "APPEALED"
    REFUSED = "REFUSED"
    CANCELED = "CANCELED"
    EXPIRED = "EXPIRED"


class Logistics(StrEnum):
    """Where the parcel is."""

    NOT_REQUIRED = "NOT_REQUIRED"
    AWAITING_LABEL = "AWAITING_LABEL"
    AWAITING_HANDOVER = "AWAITING_HANDOVER"
    PICKUP_BOOKED = "PICKUP_BOOKED"
    PICKUP_FAILED = "PICKUP_FAILED"
    PICKED_UP = "PICKED_UP"
    IN_TRANSIT = "IN_TRANSIT"
    DELIVERED = "DELIVERED"
    RECEIVED = "RECEIVED"
    PARTIALLY_RECEIVED = "PARTIALLY_RECEIVED"
    REFUSED_COLLECT = "REFUSED_COLLECT"
    LOST = "LOST"
    EXPIRED = "EXPIRED"


class InspectionStatus(StrEnum):
    """What the warehouse found. IN_PROGRESS: of several parcels, some are inspected and others are not."""

    PENDING = "PENDING"
    IN_PROGRESS = "IN_PROGRESS"
    ACCEPTED = "ACCEPTED"
    PARTIALLY_ACCEPTED = "PARTIALLY_ACCEPTED"
    REJECTED = "REJECTED"
    EXPERT_REVIEW = "EXPERT_REVIEW"


class Reimbursement(StrEnum):
    """Where the money is. PROVISIONAL is paid in advance and not earned yet."""

    NONE = "NONE"
    QUOTED = "QUOTED"
    PROVISIONAL = "PROVISIONAL"
    AUTHORIZED = "AUTHORIZED"
    EXECUTING = "EXECUTING"
    SETTLED = "SETTLED"
    FAILED = "FAILED"
    UNKNOWN = "UNKNOWN"
    ALTERNATE_TENDER = "ALTERNATE_TENDER"


NOTHING_AUTHORIZED = (Reimbursement.NONE, Reimbursement.QUOTED)
_BEFORE_SETTLEMENT = (*NOTHING_AUTHORIZED, Reimbursement.PROVISIONAL)


class Header(StrEnum):
    """The one word for a list. Never stored as a fact of its own."""

    REQUESTED = "REQUESTED"
    OPEN = "OPEN"
    PARTIALLY_COMPLETED = "PARTIALLY_COMPLETED"
    COMPLETED = "COMPLETED"
    DECLINED = "DECLINED"
    REFUSED = "REFUSED"
    CANCELED = "CANCELED"
    EXPIRED = "EXPIRED"
    REOPENED = "REOPENED"


class Stage(StrEnum):
    """Which of the five stages a return is in, for those who look at many of them."""

    REVIEW = "review"
    SHIP_BACK = "ship_back"
    INSPECTION = "inspection"
    SETTLEMENT = "settlement"
    CLOSED = "closed"


_ENDED_BEFORE_SHIPPING = {
    Approval.REFUSED: Header.REFUSED,
    Approval.DECLINED: Header.DECLINED,
    Approval.CANCELED: Header.CANCELED,
    Approval.EXPIRED: Header.EXPIRED,
}
_UNDECIDED = (
    Approval.REQUESTED,
    Approval.AUTO_REVIEW,
    Approval.MANUAL_REVIEW,
    Approval.EVIDENCE_REQUESTED,
    Approval.APPEALED,
)
GOODS_WITH_US = (Logistics.RECEIVED, Logistics.PARTIALLY_RECEIVED)
BEFORE_HANDOVER = (
    Logistics.AWAITING_LABEL,
    Logistics.AWAITING_HANDOVER,
    Logistics.PICKUP_BOOKED,
    Logistics.PICKUP_FAILED,
    Logistics.REFUSED_COLLECT,
)
LOGISTICS_PROGRESS = (
    Logistics.NOT_REQUIRED,
    Logistics.REFUSED_COLLECT,
    Logistics.AWAITING_LABEL,
    Logistics.AWAITING_HANDOVER,
    Logistics.PICKUP_FAILED,
    Logistics.PICKUP_BOOKED,
    Logistics.PICKED_UP,
    Logistics.IN_TRANSIT,
    Logistics.DELIVERED,
    Logistics.PARTIALLY_RECEIVED,
    Logistics.RECEIVED,
)
"""The way of a parcel. A scan moves it forwards only; LOST and EXPIRED are exits from it."""


def derive_logistics(parcels: Sequence[Logistics]) -> Logistics:
    """Derive where the goods of a return are from where its parcels are.

    With one parcel it is that parcel's state. Of several, the one that is furthest behind tells what is still
    to come, until goods are with us: then some have come and some have not.
    """
    if not parcels:
        return Logistics.NOT_REQUIRED
    if len(set(parcels)) == 1:
        return parcels[0]
    if any(state in GOODS_WITH_US for state in parcels):
        return Logistics.PARTIALLY_RECEIVED
    moving = [state for state in parcels if state in LOGISTICS_PROGRESS]
    return min(moving, key=LOGISTICS_PROGRESS.index) if moving else Logistics.LOST


def derive_inspection(parcels: Sequence[tuple[InspectionStatus, bool]]) -> InspectionStatus:
    """Derive what was found from each parcel's result and whether one is still to be expected of it."""
    results = [status for status, _ in parcels if status is not InspectionStatus.PENDING]
    if not results:
        return InspectionStatus.PENDING
    if any(expected and status is InspectionStatus.PENDING for status, expected in parcels):
        return InspectionStatus.IN_PROGRESS
    if InspectionStatus.EXPERT_REVIEW in results:
        return InspectionStatus.EXPERT_REVIEW
    if len(set(results)) == 1:
        return results[0]
    return InspectionStatus.PARTIALLY_ACCEPTED


def derive_header(
    approval: Approval,
    logistics: Logistics,
    reimbursement: Reimbursement,
    ended: bool,
    follows: bool = False,
) -> Header:
    """Derive the header.

    `ended` says that the return waits for nothing any more, `follows` that it takes up a case that had ended.
    """
    if follows and not ended:
        return Header.REOPENED
    if approval in _UNDECIDED:
        return Header.REQUESTED
    if approval in _ENDED_BEFORE_SHIPPING:
        return _ENDED_BEFORE_SHIPPING[approval]
    if logistics is Logistics.EXPIRED:
        return Header.EXPIRED
    if ended:
        return Header.COMPLETED
    return Header.PARTIALLY_COMPLETED if reimbursement is Reimbursement.SETTLED else Header.OPEN


def derive_stage(
    approval: Approval,
    logistics: Logistics,
    inspection: InspectionStatus,
    reimbursement: Reimbursement,
    ended: bool,
) -> Stage:
    """Derive the stage from the axes."""
    if ended:
        return Stage.CLOSED
    if approval is not Approval.APPROVED:
        return Stage.REVIEW
    if inspection is not InspectionStatus.PENDING or reimbursement not in _BEFORE_SETTLEMENT:
        return Stage.SETTLEMENT
    if logistics is Logistics.NOT_REQUIRED:
        return Stage.SETTLEMENT
    at_the_warehouse = logistics is Logistics.DELIVERED or logistics in GOODS_WITH_US
    return Stage.INSPECTION if at_the_warehouse else Stage.SHIP_BACK


def is_money_settled(reimbursement: Reimbursement, ended: bool) -> bool:
    """Tell whether no money of the return is still to move."""
    return reimbursement is Reimbursement.SETTLED or (ended and reimbursement in NOTHING_AUTHORIZED)
