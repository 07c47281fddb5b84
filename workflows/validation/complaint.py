"""What a ruling of the platform refuses."""

from domain.actions import Action, Role
from domain.remainder import Remainder
from workflows.case import ReturnCase
from workflows.contracts import ArbitrationRuling
from workflows.validation.rules import INVALID_ACTION, ROLE_NOT_PERMITTED, allowed, known_lines, named_once, refuse


def ruling(case: ReturnCase, request: ArbitrationRuling) -> None:
    """Refuse units that are not in the return, or that the customer was given their due for already.

    That a ruling was paid by hand is a supervisor's to say.
    """
    allowed(case, Action.RECORD_ARBITRATION, request)
    if request.paid_by_hand and request.actor.role is not Role.SUPERVISOR:
        refuse(ROLE_NOT_PERMITTED, "paid_by_hand", "A supervisor says that a ruling was paid in another way.")
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


def within(case: ReturnCase, request: ArbitrationRuling, left: Remainder) -> None:
    """Refuse an amount above what can still be paid back on the lines of the return."""
    most = left.for_a_ruling_minor
    if request.amount_minor is not None and request.amount_minor > most:
        refuse(
            INVALID_ACTION,
            "amount_minor",
            f"Only {most} {case.rules.currency} minor units can still be paid back on the lines of this "
            "return. Record that much, or have the ruling paid in another way and record it with paid_by_hand.",
        )
