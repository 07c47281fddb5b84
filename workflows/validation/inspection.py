"""What an inspection and a contest refuse."""

from domain.actions import Action
from domain.application import Remedy
from domain.inspection import Finding, SerialCheck, Verdict
from workflows.case import ReturnCase
from workflows.contracts import Contest, ContestVerdict, ExpertRequest, InspectionReport, ResultAcceptance
from workflows.parcel import Parcel
from workflows.validation.parcels import allowed_parcel
from workflows.validation.rules import ACTION_NOT_ALLOWED, INVALID_ACTION, known_lines, named_once, refuse

_WITHOUT_A_DEDUCTION = (Remedy.TRADE_IN, Remedy.REPAIR)


def inspection(case: ReturnCase, request: InspectionReport) -> Parcel:
    """Refuse a deduction where none can be made. What is in the parcel is a result, whatever it is."""
    parcel = allowed_parcel(case, Action.INSPECT, request, request.tracking_no)
    for index, entry in enumerate(request.units):
        if entry.deduction_bps and case.remedy in _WITHOUT_A_DEDUCTION:
            refuse(
                INVALID_ACTION,
                f"units[{index}].deduction_bps",
                f"A {case.remedy.value} has no deduction: accept the units as agreed, or reject them.",
            )
    return parcel


def serials(request: InspectionReport) -> None:
    """Refuse to accept goods whose serial number is not the one that was sold.

    For the validator alone: a report that was taken before there was this rule is never judged again.
    """
    for index, entry in enumerate(request.units):
        if entry.serial is SerialCheck.MISMATCH and entry.verdict is Verdict.ACCEPTED:
            refuse(
                INVALID_ACTION,
                f"units[{index}].serial",
                "It is not the serial number that was sold: reject the units. Where the customer contests that, a "
                "supervisor can ask for an expert (request_expert).",
            )


def acceptance(case: ReturnCase, request: ResultAcceptance) -> Parcel:
    """Refuse to send back what did not come."""
    parcel = allowed_parcel(case, Action.ACCEPT_RESULT, request)
    _something_to_return(parcel, request.return_rejected)
    return parcel


def contest(case: ReturnCase, request: Contest) -> Parcel:
    """Refuse to send back what did not come."""
    parcel = allowed_parcel(case, Action.CONTEST, request)
    _something_to_return(parcel, request.return_rejected)
    return parcel


def expert_request(case: ReturnCase, request: ExpertRequest) -> Parcel:
    """Refuse a second opinion, and one on goods that did not come."""
    parcel = allowed_parcel(case, Action.REQUEST_EXPERT, request)
    if parcel.finding is not None:
        refuse(ACTION_NOT_ALLOWED, "action", f"An expert found {parcel.finding.value} already, and that binds.")
    if not any(line.rejected for line in parcel.lines.values()):
        refuse(ACTION_NOT_ALLOWED, "action", "There are no rejected goods that an expert could look at.")
    return parcel


def _something_to_return(parcel: Parcel, wanted: bool) -> None:
    if wanted and not any(line.rejected for line in parcel.lines.values()):
        refuse(INVALID_ACTION, "return_rejected", "No goods were rejected, so there is nothing to send back.")


def contest_verdict(case: ReturnCase, request: ContestVerdict) -> Parcel:
    """Refuse to accept more units than were not accepted."""
    parcel = allowed_parcel(case, Action.DECIDE_CONTEST, request)
    known_lines(case, (line.line_id for line in request.accepted), "accepted")
    named_once((line.line_id for line in request.accepted), "accepted")
    for index, entry in enumerate(request.accepted):
        line = parcel.line(entry.line_id)
        left = line.expected - line.accepted
        if entry.quantity > left:
            refuse(
                INVALID_ACTION,
                f"accepted[{index}].quantity",
                f"Only {left} units of {entry.line_id} are not accepted yet.",
            )
    _as_the_expert_found(parcel, request)
    return parcel


def _as_the_expert_found(parcel: Parcel, request: ContestVerdict) -> None:
    """A fault that an expert found is accepted, misuse is not; a misunderstanding is the supervisor's to weigh."""
    accepted = {entry.line_id: entry.quantity for entry in request.accepted}
    if parcel.finding is Finding.FAULT:
        for line in parcel.lines.values():
            if accepted.get(line.line_id, 0) < line.rejected:
                refuse(
                    INVALID_ACTION,
                    "accepted",
                    f"The expert found a fault: accept the {line.rejected} rejected units of {line.line_id}.",
                )
    if parcel.finding is Finding.MISUSE:
        for index, entry in enumerate(request.accepted):
            missing = parcel.line(entry.line_id).missing
            if entry.quantity > missing:
                refuse(
                    INVALID_ACTION,
                    f"accepted[{index}].quantity",
                    f"The expert found misuse: of {entry.line_id} only {missing} missing units can be accepted.",
                )
