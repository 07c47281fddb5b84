"""What an inspection and a contest refuse."""

from domain.actions import Action
from domain.application import Remedy
from workflows.case import ReturnCase
from workflows.contracts import ContestVerdict, InspectionReport
from workflows.validation.rules import INVALID_ACTION, allowed, known_lines, named_once, not_too_many, refuse

_WITHOUT_A_DEDUCTION = (Remedy.TRADE_IN, Remedy.REPAIR)


def inspection(case: ReturnCase, request: InspectionReport) -> None:
    """Refuse units that are not in the return, and a deduction where none can be made."""
    allowed(case, Action.INSPECT, request)
    known_lines(case, (entry.line_id for entry in request.units), "units")
    not_too_many(case, ((entry.line_id, entry.quantity) for entry in request.units), "units")
    for index, entry in enumerate(request.units):
        if entry.deduction_bps and case.remedy in _WITHOUT_A_DEDUCTION:
            refuse(
                INVALID_ACTION,
                f"units[{index}].deduction_bps",
                f"A {case.remedy.value} has no deduction: accept the units as agreed, or reject them.",
            )


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
