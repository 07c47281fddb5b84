"""What an inspection and a contest refuse."""

from domain.actions import Action
from workflows.case import ReturnCase
from workflows.contracts import ContestVerdict, InspectionReport
from workflows.parcel import Parcel
from workflows.validation.parcels import allowed_parcel
from workflows.validation.rules import INVALID_ACTION, known_lines, named_once, not_too_many, refuse


def inspection(case: ReturnCase, request: InspectionReport) -> Parcel:
    """Refuse units that are not in the parcel."""
    parcel = allowed_parcel(case, Action.INSPECT, request, request.tracking_no)
    known_lines(case, (entry.line_id for entry in request.units), "units")
    not_too_many(parcel, ((entry.line_id, entry.quantity) for entry in request.units), "units")
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
