"""What a report of a repair refuses."""

from domain.actions import Action
from workflows.case import ReturnCase
from workflows.contracts import RepairReport
from workflows.validation.rules import INVALID_ACTION, allowed, refuse


def repair_report(case: ReturnCase, request: RepairReport) -> None:
    """Refuse a report of a repair that is not open, or that does not say which one it is of."""
    allowed(case, Action.REPORT_REPAIR, request)
    repairs = case.open_repairs()
    if request.reference is None and len(repairs) > 1:
        refuse(INVALID_ACTION, "reference", f"Several repairs are open; name one of {', '.join(repairs)}.")
    if request.reference is not None and request.reference not in repairs:
        refuse(INVALID_ACTION, "reference", f"Open repairs: {', '.join(repairs)}.")
