"""Payment holds: money set aside on a customer's means of payment until it is captured, released or lapses."""

from enum import StrEnum

from domain.inspection import Grade, InspectedUnits, Verdict
from domain.record import MinorUnits, Record, UtcDatetime
from domain.refund import UnitsToSettle


class HoldState(StrEnum):
    """Only what is OPEN can be captured, until it lapses by itself."""

    DECLINED = "DECLINED"
    OPEN = "OPEN"
    CAPTURED = "CAPTURED"
    RELEASED = "RELEASED"


class PaymentHold(Record):
    """A hold as the ledger knows it; minor units of `currency`. `expires_at` is when it lapses, UTC."""

    key: str
    rma_id: str
    method_id: str
    amount_minor: MinorUnits
    currency: str
    state: HoldState
    expires_at: UtcDatetime | None = None


class HoldCall(Record):
    """Renew or release a hold at the provider. `at` is the workflow's time of the effect, UTC."""

    key: str
    rma_id: str
    at: UtcDatetime


def units_that_never_came(
    awaited: dict[str, int], rejected: dict[str, int], found: tuple[InspectedUnits, ...]
) -> tuple[UnitsToSettle, ...]:
    """The units that a sent replacement is charged for: missing, or something else in their place.

    Args:
        awaited: Units by line that did not come and that no carrier lost, after any contest.
        rejected: Units by line that came and are not accepted, after any contest.
        found: What the inspection found. Grade FAIL is wrong or counterfeit goods; worn goods did come back.
    """
    wrong: dict[str, int] = {}
    for entry in found:
        if entry.verdict is Verdict.REJECTED and entry.grade is Grade.FAIL:
            wrong[entry.line_id] = wrong.get(entry.line_id, 0) + entry.quantity
    units = {
        line_id: count + min(wrong.get(line_id, 0), rejected.get(line_id, 0)) for line_id, count in awaited.items()
    }
    return tuple(UnitsToSettle(line_id=line_id, quantity=count) for line_id, count in units.items() if count > 0)
