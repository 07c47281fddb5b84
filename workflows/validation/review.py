"""What an application that is under review refuses."""

from collections.abc import Iterable

from domain.actions import Action, Role
from domain.application import COMPENSATIONS, MOST_EVIDENCE, Remedy
from domain.status import Approval
from workflows.case import ReturnCase
from workflows.contracts import DecisionRequest, EvidenceSubmission, LiabilityVerdict, ReviewVerdict
from workflows.validation.rules import (
    INVALID_ACTION,
    REQUEST_ID_REUSED,
    ROLE_NOT_PERMITTED,
    allowed,
    known_lines,
    named_once,
    refuse,
)


def same_request(case: ReturnCase, request: DecisionRequest) -> None:
    """Refuse another body under a request id that was used before."""
    if request.request_fingerprint != case.request_fingerprint:
        refuse(
            REQUEST_ID_REUSED,
            "Idempotency-Key",
            f"This request id already started {case.rma_id} with another body. Use a new id for a new request.",
        )


def evidence(case: ReturnCase, request: EvidenceSubmission) -> None:
    """Refuse evidence for lines that are not in the return."""
    allowed(case, Action.SUBMIT_EVIDENCE, request)
    known_lines(case, (line.line_id for line in request.lines))
    named_once(line.line_id for line in request.lines)
    had = {line.line_id: len(line.evidence) for line in case.application.lines}
    for index, line in enumerate(request.lines):
        if had[line.line_id] + len(line.evidence) > MOST_EVIDENCE:
            refuse(
                INVALID_ACTION,
                f"lines[{index}].evidence",
                f"A line takes {MOST_EVIDENCE} pieces of evidence; {had[line.line_id]} are there already.",
            )


def review(case: ReturnCase, request: ReviewVerdict) -> None:
    """Refuse a verdict on unknown lines, on an amount that nobody named, or by somebody who may not decide it."""
    allowed(case, Action.REVIEW, request)
    if case.approval is Approval.APPEALED and request.actor.role is not Role.SUPERVISOR:
        refuse(ROLE_NOT_PERMITTED, "actor.role", "An appeal is decided by a supervisor.")
    if case.approval is Approval.APPEALED and request.actor.id == case.declined_by:
        refuse(ROLE_NOT_PERMITTED, "actor.id", "An appeal is decided by another person than the one who declined.")
    has_no_amount = case.remedy is Remedy.TRADE_IN and not case.terms.amount_minor
    if request.approve and (has_no_amount or case.remedy in COMPENSATIONS):
        what = case.remedy.value
        refuse(INVALID_ACTION, "approve", f"A {what} needs an amount that both sides agree on: make_offer.")
    _known_liability(case, request.liability)
    if request.authorized:
        _authorized(case, request)


def liability(case: ReturnCase, request: LiabilityVerdict) -> None:
    """Refuse a liability of unknown lines."""
    allowed(case, Action.DECIDE_LIABILITY, request)
    _known_liability(case, request.liability)


def _known_liability(case: ReturnCase, line_ids: Iterable[str]) -> None:
    if unknown := next((line_id for line_id in line_ids if line_id not in case.lines), None):
        refuse(INVALID_ACTION, f"liability.{unknown}", f"The return has no line {unknown}.")


def _authorized(case: ReturnCase, request: ReviewVerdict) -> None:
    if not request.approve or case.remedy is Remedy.CANCEL_ORDER:
        refuse(INVALID_ACTION, "authorized", "Only the approval of goods that come back can be for a part.")
    for line_id, quantity in request.authorized.items():
        if line_id not in case.lines:
            refuse(INVALID_ACTION, f"authorized.{line_id}", f"The return has no line {line_id}.")
        requested = case.lines[line_id].requested
        if quantity > requested:
            refuse(INVALID_ACTION, f"authorized.{line_id}", f"{requested} units of {line_id} were applied for.")
    if not any(request.authorized.get(line.line_id, line.requested) for line in case.lines.values()):
        refuse(INVALID_ACTION, "authorized", "Nothing would come back; decline the return instead.")
