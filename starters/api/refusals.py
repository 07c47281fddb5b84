"""Requests that are wrong in fact, as problems."""

from domain.refusals import Refusal, RefusalCode
from starters.api.problems import ProblemError

_CONFLICTS = frozenset(
    {
        RefusalCode.ORDER_NOT_DELIVERED,
        RefusalCode.ORDER_NOT_PENDING,
        RefusalCode.REPLACEMENT_UNAVAILABLE,
        RefusalCode.UNITS_ALREADY_CLAIMED,
        RefusalCode.RETURN_ALREADY_CLOSED,
        RefusalCode.TOO_MANY_APPLICATIONS,
    }
)


def refusal_problem(refusal: Refusal, rma_id: str) -> ProblemError:
    """404 for an unknown order, 409 for what the state of the order or the stock forbids, else 422."""
    if refusal.code is RefusalCode.ORDER_NOT_FOUND:
        status = 404
    elif refusal.code in _CONFLICTS:
        status = 409
    else:
        status = 422
    return ProblemError(status, refusal.code.value, refusal.detail, field=refusal.field, rma_id=rma_id)
