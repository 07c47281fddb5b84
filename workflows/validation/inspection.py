"""What an inspection and a contest refuse."""

from domain.actions import Action
from workflows.case import ReturnCase
from workflows.contracts import ContestVerdict, InspectionReport
from workflows.validation.rules import INVALID_ACTION, allowed, known_lines, named_once, not_too_many, refuse


def inspection(case: ReturnCase, request: InspectionReport) -> None:
    """Refuse units that are not in the return."""
    allowed(case, Action.INSPECT, request)
    known_lines(case, (entry.line_id for entry in request.units), "units")
    not_too_many(case, ((entry.line_id, entry.quantity) for entry in request.units), "units")


def contest_verdict(case: ReturnCase, request: ContestVerdict) -> None:
    """Refuse to accept more units than were not accepted."""
    allowed(case, Action.DECIDE_CONTEST, request)
    known_lines(case, (line.line_id for line in request.accepted), "accepted")
    named_once((line.line_id for line in request.accepted), "accepted")
    for index, entry in enumerate(request.accepted):
        line = case.lines[entry.line_id]
        if entry.quantity > line.authorized - line.accepted:
            refuse(
                INVALID_ACTION,
                f"accepted[{index}].quantity",
                f"Only {line.authorized - line.accepted} units of {entry.line_id} are not accepted yet.",
            )
