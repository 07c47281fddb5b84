"""What a choice of a substitute refuses."""

from domain.actions import Action
from domain.application import Remedy
from workflows.case import ReturnCase
from workflows.contracts import SubstituteChoice
from workflows.validation.rules import INVALID_ACTION, allowed, refuse


def substitute(case: ReturnCase, request: SubstituteChoice) -> None:
    """Refuse a remedy that is not offered, and an exchange that does not name a variant for each unit."""
    allowed(case, Action.CHOOSE_SUBSTITUTE, request)
    if request.remedy not in case.substitutes:
        offered = ", ".join(case.substitutes)
        refuse(INVALID_ACTION, "remedy", f"{request.remedy.value} is not offered here. Choose among: {offered}.")
    wanted = case.substitute_units if request.remedy is Remedy.EXCHANGE else 0
    if len(request.item_ids) != wanted:
        refuse(INVALID_ACTION, "item_ids", f"A {request.remedy.value} takes {wanted} item ids here, one per unit.")
