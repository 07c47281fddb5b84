"""What a return that was reopened refuses."""

from domain.actions import Action
from workflows.case import ReturnCase
from workflows.contracts import ReopeningOrder, ReopeningVerdict
from workflows.validation.rules import INVALID_ACTION, allowed, refuse


def reopening_verdict(case: ReturnCase, request: ReopeningVerdict) -> None:
    """Refuse another look where every unit was paid for, or is in another return."""
    allowed(case, Action.DECIDE_REOPENING, request)
    if request.order is ReopeningOrder.INSPECT_AGAIN and not any(case.line_quantities().values()):
        refuse(
            INVALID_ACTION,
            "order",
            "No unit is left to inspect: each was paid for, or is in another return.",
        )
