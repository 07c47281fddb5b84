"""What a change of the remedy refuses."""

from domain.actions import Action
from domain.application import Remedy
from domain.remedy_change import CHANGEABLE
from workflows.case import ReturnCase
from workflows.contracts import RemedyChange
from workflows.validation.rules import (
    ACTION_NOT_ALLOWED,
    INVALID_ACTION,
    allowed,
    known_lines,
    named_once,
    refuse,
)


def remedy_change(case: ReturnCase, request: RemedyChange) -> None:
    """Refuse what cannot be had for goods on their way back, what was agreed, and what was granted in advance."""
    allowed(case, Action.CHANGE_REMEDY, request)
    possible = ", ".join(CHANGEABLE)
    if case.remedy not in CHANGEABLE:
        refuse(
            ACTION_NOT_ALLOWED,
            "remedy",
            f"A {case.remedy.value} is not changed; withdraw the return and apply again. Changed are: {possible}.",
        )
    if request.remedy not in CHANGEABLE:
        refuse(INVALID_ACTION, "remedy", f"Goods on their way back can be settled by: {possible}.")
    if request.remedy is case.remedy:
        refuse(INVALID_ACTION, "remedy", f"The return is a {case.remedy.value} already.")
    if case.terms.agreed_offer:
        refuse(
            ACTION_NOT_ALLOWED,
            "remedy",
            f"Both sides agreed on offer {case.terms.agreed_offer}; ask the shop for another offer.",
        )
    if case.rules.advance and case.rules.advance.granted:
        refuse(
            ACTION_NOT_ALLOWED,
            "remedy",
            "An advance was granted for the remedy that was applied for; withdraw the return and apply again.",
        )
    if request.remedy is Remedy.STORE_CREDIT and request.payment_method_id:
        refuse(INVALID_ACTION, "payment_method_id", "Store credit takes no means of payment.")
    _replacements_fit(case, request)


def _replacements_fit(case: ReturnCase, request: RemedyChange) -> None:
    if request.remedy is not Remedy.EXCHANGE:
        if request.replacements:
            refuse(INVALID_ACTION, "replacements", "Replacements belong to an exchange.")
        return
    known_lines(case, (line.line_id for line in request.replacements), "replacements")
    named_once((line.line_id for line in request.replacements), "replacements")
    wanted = {line.line_id: len(line.item_ids) for line in request.replacements}
    for line_id, units in case.line_quantities().items():
        if wanted.get(line_id, 0) != units:
            refuse(
                INVALID_ACTION,
                "replacements",
                f"Name a replacement for each of the {units} units of {line_id}, not {wanted.get(line_id, 0)}.",
            )
