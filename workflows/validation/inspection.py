"""What an inspection and a contest refuse."""

from domain.actions import Action
from domain.application import Remedy
from domain.inspection import Finding, SerialCheck, Verdict
from domain.lowered import candidates
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
    if not _any_rejected(parcel) and not parcel.deducted:
        refuse(
            ACTION_NOT_ALLOWED, "action", "There are no rejected or deducted goods that an expert could look at."
        )
    return parcel


def _something_to_return(parcel: Parcel, wanted: bool) -> None:
    if wanted and not _any_rejected(parcel):
        refuse(INVALID_ACTION, "return_rejected", "No goods were rejected, so there is nothing to send back.")


def _any_rejected(parcel: Parcel) -> bool:
    return any(line.rejected for line in parcel.lines.values())


def contest_verdict(case: ReturnCase, request: ContestVerdict) -> Parcel:
    """Refuse more units than were not accepted, and a deduction that is not there or would not be lower."""
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
    _deductions(case, parcel, request)
    _as_the_expert_found(parcel, request)
    return parcel


def _deductions(case: ReturnCase, parcel: Parcel, request: ContestVerdict) -> None:
    known_lines(case, (entry.line_id for entry in request.deductions), "deductions")
    named_once((entry.line_id for entry in request.deductions), "deductions")
    for index, entry in enumerate(request.deductions):
        deducted = [units for units in parcel.deducted if units.line_id == entry.line_id]
        if not deducted:
            refuse(
                INVALID_ACTION,
                f"deductions[{index}].line_id",
                f"No accepted units of {entry.line_id} in this parcel were paid less a deduction.",
            )
        highest = max(units.deduction_bps for units in deducted)
        if entry.deduction_bps >= highest:
            refuse(
                INVALID_ACTION,
                f"deductions[{index}].deduction_bps",
                f"The deduction of {entry.line_id} is {highest} basis points; a contest can only lower it.",
            )
        count = sum(units.quantity for units in candidates(deducted, entry.line_id, entry.deduction_bps))
        if entry.quantity > count:
            refuse(
                INVALID_ACTION,
                f"deductions[{index}].quantity",
                f"Of {entry.line_id}, {count} units have a deduction above {entry.deduction_bps} basis points.",
            )


def _as_the_expert_found(parcel: Parcel, request: ContestVerdict) -> None:
    """A fault that an expert found is accepted, misuse is not; a misunderstanding is the supervisor's to weigh.

    Where nothing was rejected, it is about the deductions: for a fault there is none, for misuse they stand.
    """
    if not _any_rejected(parcel):
        _as_found_of_deductions(parcel, request)
        return
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


def _as_found_of_deductions(parcel: Parcel, request: ContestVerdict) -> None:
    lifted = {entry.line_id: entry.quantity for entry in request.deductions if not entry.deduction_bps}
    if parcel.finding is Finding.FAULT:
        for line_id in dict.fromkeys(units.line_id for units in parcel.deducted):
            count = sum(units.quantity for units in parcel.deducted if units.line_id == line_id)
            if lifted.get(line_id, 0) < count:
                refuse(
                    INVALID_ACTION,
                    "deductions",
                    f"The expert found a fault: lower the deduction of the {count} units of {line_id} to 0.",
                )
    if parcel.finding is Finding.MISUSE and request.deductions:
        refuse(INVALID_ACTION, "deductions", "The expert found misuse: the deductions stand.")
