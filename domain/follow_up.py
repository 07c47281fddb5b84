"""What comes after the end of a case starts a follow-up case of its own: `<rma>-2`, `<rma>-3`, and so on."""

from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import Field

from domain.actions import AGENTS, Actor, Role
from domain.application import ReturnApplication
from domain.record import Identifier, Quantity, Record, UtcDatetime
from domain.status import Header


class FollowUpKind(StrEnum):
    """What came after the end."""

    REOPENED = "reopened"
    LATE_RECEIPT = "late_receipt"


PERMITTED_ROLES: dict[FollowUpKind, tuple[Role, ...]] = {
    FollowUpKind.REOPENED: (Role.CUSTOMER, Role.ORDER_SYSTEM, *AGENTS),
    FollowUpKind.LATE_RECEIPT: (Role.WAREHOUSE, Role.ORDER_SYSTEM, *AGENTS),
}

_POSSIBLE_AFTER: dict[FollowUpKind, tuple[Header, ...]] = {
    FollowUpKind.REOPENED: (Header.COMPLETED,),
    FollowUpKind.LATE_RECEIPT: (Header.COMPLETED, Header.EXPIRED, Header.CANCELED),
}


class FollowUpLine(Record):
    """Units of a line that the follow-up is about."""

    line_id: Identifier
    quantity: int = Field(ge=1, le=100_000)


class FollowUpRequest(Record):
    """Take up a closed case again.

    Attributes:
        of: The closed return.
        request_id: The caller's own id of the request: the same one finds the same follow-up.
        reason: Why, in the words of whoever asks. Personal data: stays in payloads.
        lines: The units that it is about; none means every unit of the closed case.
        received_at: When the goods came, UTC; for a late receipt.
    """

    of: Identifier
    request_id: Identifier
    kind: FollowUpKind
    actor: Actor
    reason: str = Field(min_length=1, max_length=2_000)
    lines: tuple[FollowUpLine, ...] = Field(default=(), max_length=500)
    received_at: UtcDatetime | None = None


class FollowUp(Record):
    """How a follow-up case hangs together with the closed one. `root` is the first case, number 1."""

    of: str
    root: str
    number: int = Field(ge=2)
    kind: FollowUpKind
    actor: Actor
    reason: str
    lines: tuple[FollowUpLine, ...] = ()
    received_at: UtcDatetime | None = None


class ClosedLine(Record):
    """What the quantities of a line came to at the end of a case."""

    line_id: str
    requested: Quantity
    authorized: Quantity = 0
    received: Quantity = 0
    accepted: Quantity = 0
    rejected: Quantity = 0
    missing: Quantity = 0
    refunded: Quantity = 0


class KeptCase(Record):
    """What outlives a case, beyond Temporal's retention, so that it can be taken up again."""

    application: ReturnApplication
    lines: tuple[ClosedLine, ...] = ()


class FollowUpRefusalCode(StrEnum):
    """Why a closed case is not taken up again."""

    NOT_FOUND = "not_found"
    STILL_OPEN = "still_open"
    NOTHING_KEPT = "nothing_kept"
    ROLE_NOT_PERMITTED = "role_not_permitted"
    NOT_POSSIBLE = "not_possible"
    WINDOW_PASSED = "window_passed"
    ALREADY_REOPENED = "already_reopened"
    FOLLOW_UP_OPEN = "follow_up_open"
    UNKNOWN_LINE = "unknown_line"


class FollowUpRefusal(Record):
    """A refusal with what to do instead. `rma_id` is the follow-up that there is already."""

    code: FollowUpRefusalCode
    detail: str
    rma_id: str = ""


class FollowUpAnswer(Record):
    """The follow-up case that was opened, or why none was. `request` is what the request id stands for."""

    request: FollowUpRequest
    rma_id: str = ""
    application: ReturnApplication | None = None
    follows: FollowUp | None = None
    refusal: FollowUpRefusal | None = None


class ClaimedLine(Record):
    """Units of a line in a follow-up: held again because they were free, and paid for before."""

    line_id: str
    held: Quantity
    paid_before: Quantity = 0


class EarlierFollowUp(Record):
    """A follow-up of the same case that exists already."""

    rma_id: str
    kind: FollowUpKind
    is_open: bool


def refuse_follow_up(
    request: FollowUpRequest,
    header: str,
    closed_at: datetime,
    reopen_within: timedelta,
    earlier: tuple[EarlierFollowUp, ...],
    now: datetime,
) -> FollowUpRefusal | None:
    """Why a case that ended may not be taken up again, or None if it may.

    A case is reopened once and within its time; goods that come late may come more than once and at any time.
    One follow-up is open at a time, so that two people never decide the same units.
    """
    if request.actor.role not in PERMITTED_ROLES[request.kind]:
        roles = ", ".join(PERMITTED_ROLES[request.kind])
        return FollowUpRefusal(
            code=FollowUpRefusalCode.ROLE_NOT_PERMITTED,
            detail=f"{request.actor.role.value} may not do this. Permitted: {roles}.",
        )
    if header not in _POSSIBLE_AFTER[request.kind]:
        return FollowUpRefusal(
            code=FollowUpRefusalCode.NOT_POSSIBLE,
            detail=f"{request.of} ended as {header}; there is nothing to take up. Apply for a new return.",
        )
    if running := next((other for other in earlier if other.is_open), None):
        return FollowUpRefusal(
            code=FollowUpRefusalCode.FOLLOW_UP_OPEN,
            detail=f"{running.rma_id} follows {request.of} and is still open.",
            rma_id=running.rma_id,
        )
    if request.kind is not FollowUpKind.REOPENED:
        return None
    if before := next((other for other in earlier if other.kind is FollowUpKind.REOPENED), None):
        return FollowUpRefusal(
            code=FollowUpRefusalCode.ALREADY_REOPENED,
            detail=f"{request.of} was reopened once already, as {before.rma_id}.",
            rma_id=before.rma_id,
        )
    if now > closed_at + reopen_within:
        return FollowUpRefusal(
            code=FollowUpRefusalCode.WINDOW_PASSED,
            detail=f"{request.of} ended on {closed_at.isoformat()}; it could be reopened for "
            f"{reopen_within.days} days. Write to the shop's complaints desk.",
        )
    return None
