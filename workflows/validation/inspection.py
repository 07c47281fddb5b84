"""What an inspection and a contest refuse."""

from domain.actions import Action
from domain.application import Remedy
from workflows.case import ReturnCase
from workflows.contracts import ContestVerdict, InspectionReport
from workflows.parcel import Parcel
from workflows.validation.parcels import allowed_parcel
from workflows.validation.rules import INVALID_ACTION, known_lines, named_once, refuse

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
    return parcel
