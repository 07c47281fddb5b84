"""Who may send what, and when: refused before any state changes and before any history is written.

Every refusal is an `ApplicationError` whose type says which kind it is and whose first detail names the field.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NoReturn

from temporalio.exceptions import ApplicationError

from domain.actions import PERMITTED_ROLES, Action, Role, allowed_actions
from domain.application import MOST_EVIDENCE
from domain.status import Approval
from workflows.case import ReturnCase
from workflows.contracts import (
    ActionRequest,
    ContestVerdict,
    DecisionRequest,
    EvidenceSubmission,
    Handover,
    InspectionReport,
    PaymentMethodChoice,
    PickupChoice,
    Receipt,
    ReviewVerdict,
)

ACTION_NOT_ALLOWED = "ActionNotAllowed"
ROLE_NOT_PERMITTED = "RoleNotPermitted"
INVALID_ACTION = "InvalidAction"
REQUEST_ID_REUSED = "RequestIdReused"

_CLOCK_SKEW = timedelta(minutes=5)


def same_request(case: ReturnCase, request: DecisionRequest) -> None:
    """Refuse another body under a request id that was used before."""
    if request.request_fingerprint != case.request_fingerprint:
        _refuse(
            REQUEST_ID_REUSED,
            "Idempotency-Key",
            f"This request id already started {case.rma_id} with another body. Use a new id for a new request.",
        )


def allowed(case: ReturnCase, action: Action, request: ActionRequest) -> None:
    """Refuse an action that the return does not allow now, or that the role may not send."""
    possible = allowed_actions(case.standing())
    if action not in possible:
        now = ", ".join(possible) or "none"
        _refuse(
            ACTION_NOT_ALLOWED,
            "action",
            f"{action.value} is not allowed while the return is {case.header().value}. Allowed now: {now}.",
        )
    if request.actor.role not in PERMITTED_ROLES[action]:
        roles = ", ".join(PERMITTED_ROLES[action])
        _refuse(
            ROLE_NOT_PERMITTED,
            "actor.role",
            f"{request.actor.role.value} may not send {action.value}. Permitted: {roles}.",
        )


def evidence(case: ReturnCase, request: EvidenceSubmission) -> None:
    """Refuse evidence for lines that are not in the return."""
    allowed(case, Action.SUBMIT_EVIDENCE, request)
    _known_lines(case, (line.line_id for line in request.lines))
    _named_once(line.line_id for line in request.lines)
    had = {line.line_id: len(line.evidence) for line in case.application.lines}
    for index, line in enumerate(request.lines):
        if had[line.line_id] + len(line.evidence) > MOST_EVIDENCE:
            _refuse(
                INVALID_ACTION,
                f"lines[{index}].evidence",
                f"A line takes {MOST_EVIDENCE} pieces of evidence; {had[line.line_id]} are there already.",
            )


def review(case: ReturnCase, request: ReviewVerdict) -> None:
    """Refuse a verdict on unknown lines, or on an appeal by anybody but a supervisor."""
    allowed(case, Action.REVIEW, request)
    if case.approval is Approval.APPEALED and request.actor.role is not Role.SUPERVISOR:
        _refuse(ROLE_NOT_PERMITTED, "actor.role", "An appeal is decided by a supervisor.")
    unknown = [line_id for line_id in request.liability if line_id not in case.lines]
    if unknown:
        _refuse(INVALID_ACTION, f"liability.{unknown[0]}", f"The return has no line {unknown[0]}.")


def pickup(case: ReturnCase, request: PickupChoice) -> None:
    """Refuse a carrier that the policy does not name."""
    allowed(case, Action.BOOK_PICKUP, request)
    carriers = case.rules.pickup.carriers if case.rules.pickup else ()
    if request.carrier is not None and request.carrier not in carriers:
        _refuse(INVALID_ACTION, "carrier", f"Unknown carrier. Known: {', '.join(carriers)}.")


def handover(case: ReturnCase, request: Handover, now: datetime) -> None:
    """Refuse a hand-over in the future or before the application: its silence would be over at once."""
    allowed(case, Action.RECORD_HANDOVER, request)
    _not_in_the_future("handed_over_at", request.handed_over_at, now)
    _not_before_the_application(case, "handed_over_at", request.handed_over_at)


def receipt(case: ReturnCase, request: Receipt, now: datetime) -> None:
    """Refuse a receipt in the future or before the application, of unknown lines, or of too many units."""
    allowed(case, Action.RECEIVE, request)
    _not_in_the_future("received_at", request.received_at, now)
    _not_before_the_application(case, "received_at", request.received_at)
    _known_lines(case, (line.line_id for line in request.lines))
    _named_once(line.line_id for line in request.lines)
    _not_too_many(case, ((line.line_id, line.quantity) for line in request.lines))


def inspection(case: ReturnCase, request: InspectionReport) -> None:
    """Refuse units that are not in the return."""
    allowed(case, Action.INSPECT, request)
    _known_lines(case, (entry.line_id for entry in request.units), "units")
    _not_too_many(case, ((entry.line_id, entry.quantity) for entry in request.units), "units")


def contest_verdict(case: ReturnCase, request: ContestVerdict) -> None:
    """Refuse to accept more units than were not accepted."""
    allowed(case, Action.DECIDE_CONTEST, request)
    _known_lines(case, (line.line_id for line in request.accepted), "accepted")
    _named_once((line.line_id for line in request.accepted), "accepted")
    for index, entry in enumerate(request.accepted):
        line = case.lines[entry.line_id]
        if entry.quantity > line.authorized - line.accepted:
            _refuse(
                INVALID_ACTION,
                f"accepted[{index}].quantity",
                f"Only {line.authorized - line.accepted} units of {entry.line_id} are not accepted yet.",
            )


def payment_method(case: ReturnCase, request: PaymentMethodChoice) -> None:
    """Refuse a means of payment that is not the customer's."""
    allowed(case, Action.CHOOSE_PAYMENT_METHOD, request)
    if request.method_id not in case.known_payment_methods():
        _refuse(INVALID_ACTION, "method_id", "It is not one of this customer's means of payment.")


def _known_lines(case: ReturnCase, line_ids: Iterable[str], field: str = "lines") -> None:
    for index, line_id in enumerate(line_ids):
        if line_id not in case.lines:
            _refuse(INVALID_ACTION, f"{field}[{index}].line_id", f"The return has no line {line_id}.")


def _named_once(line_ids: Iterable[str], field: str = "lines") -> None:
    seen: list[str] = []
    for index, line_id in enumerate(line_ids):
        if line_id in seen:
            _refuse(INVALID_ACTION, f"{field}[{index}].line_id", f"Line {line_id} is named twice.")
        seen.append(line_id)


def _not_too_many(case: ReturnCase, quantities: Iterable[tuple[str, int]], field: str = "lines") -> None:
    totals: dict[str, int] = {}
    for index, (line_id, quantity) in enumerate(quantities):
        totals[line_id] = totals.get(line_id, 0) + quantity
        if totals[line_id] > case.lines[line_id].authorized:
            _refuse(
                INVALID_ACTION,
                f"{field}[{index}].quantity",
                f"The return has {case.lines[line_id].authorized} units of {line_id}, not {totals[line_id]}.",
            )


def _not_in_the_future(field: str, moment: datetime, now: datetime) -> None:
    if moment > now + _CLOCK_SKEW:
        _refuse(INVALID_ACTION, field, f"It lies in the future; now is {now.isoformat()}.")


def _not_before_the_application(case: ReturnCase, field: str, moment: datetime) -> None:
    if moment < case.opened_at - _CLOCK_SKEW:
        _refuse(INVALID_ACTION, field, f"It lies before the application of {case.opened_at.isoformat()}.")


def _refuse(kind: str, field: str, message: str) -> NoReturn:
    raise ApplicationError(message, {"field": field}, type=kind, non_retryable=True)
