"""The start of a return and the first decision on it."""

from domain.advances import AdvanceReason
from domain.application import ReturnApplication
from domain.follow_up import FollowUp
from domain.record import Record
from domain.refusals import Refusal
from domain.review import ReviewReason
from domain.status import Approval


class ReturnInput(Record):
    """The start of a return. `request_fingerprint` tells a repeat of the request from another one.

    A case that takes up one that had ended `follows` it, with that one's application.
    """

    rma_id: str
    request_fingerprint: str
    application: ReturnApplication
    follows: FollowUp | None = None


class DecisionRequest(Record):
    """Wait for the first decision on the request with this fingerprint."""

    request_fingerprint: str


class Decision(Record):
    """The first decision: refused with a reason, or where the approval stands and why.

    `quoted_minor` is what is paid back if everything is accepted; null where that is not known or is no refund.
    `why` says it in sentences, in the application's language; `priority` that people look at it before others.
    `advance` says whether a wish for an advance was granted, or why it was not; None where there was no wish.
    """

    rma_id: str
    approval: Approval
    refusal: Refusal | None = None
    reasons: tuple[ReviewReason, ...] = ()
    why: tuple[str, ...] = ()
    priority: bool = False
    policy_version: str = ""
    price_difference_minor: int | None = None
    quoted_minor: int | None = None
    currency: str = ""
    advance: AdvanceReason | None = None
