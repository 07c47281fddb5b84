"""What a ruling of the platform refuses."""

from domain.actions import Action
from workflows.case import ReturnCase
from workflows.contracts import ArbitrationRuling
from workflows.validation.rules import INVALID_ACTION, allowed, known_lines, named_once, refuse


def ruling(case: ReturnCase, request: ArbitrationRuling) -> None:
    """Refuse units that are not in the return, or that the customer was given their due for already."""
    allowed(case, Action.RECORD_ARBITRATION, request)
    known_lines(case, (line.line_id for line in request.units), "units")
    named_once((line.line_id for line in request.units), "units")
    for index, entry in enumerate(request.units):
        line = case.lines[entry.line_id]
        open_units = line.requested - max(line.accepted, line.refunded)
        if entry.quantity > open_units:
            refuse(
                INVALID_ACTION,
                f"units[{index}].quantity",
                f"Only {open_units} units of {entry.line_id} are not paid for or replaced yet.",
            )
