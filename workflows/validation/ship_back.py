"""What a parcel on its way refuses."""

from datetime import datetime

from domain.actions import Action
from workflows.case import ReturnCase
from workflows.contracts import Handover, PickupChoice, Receipt
from workflows.validation.rules import (
    INVALID_ACTION,
    allowed,
    known_lines,
    named_once,
    not_before_the_application,
    not_in_the_future,
    not_too_many,
    refuse,
)


def pickup(case: ReturnCase, request: PickupChoice) -> None:
    """Refuse a carrier that the policy does not name."""
    allowed(case, Action.BOOK_PICKUP, request)
    carriers = case.rules.pickup.carriers if case.rules.pickup else ()
    if request.carrier is not None and request.carrier not in carriers:
        refuse(INVALID_ACTION, "carrier", f"Unknown carrier. Known: {', '.join(carriers)}.")


def handover(case: ReturnCase, request: Handover, now: datetime) -> None:
    """Refuse a hand-over in the future or before the application: its silence would be over at once."""
    allowed(case, Action.RECORD_HANDOVER, request)
    not_in_the_future("handed_over_at", request.handed_over_at, now)
    not_before_the_application(case, "handed_over_at", request.handed_over_at)


def receipt(case: ReturnCase, request: Receipt, now: datetime) -> None:
    """Refuse a receipt in the future or before the application, of unknown lines, or of too many units."""
    allowed(case, Action.RECEIVE, request)
    not_in_the_future("received_at", request.received_at, now)
    not_before_the_application(case, "received_at", request.received_at)
    known_lines(case, (line.line_id for line in request.lines))
    named_once(line.line_id for line in request.lines)
    not_too_many(case, ((line.line_id, line.quantity) for line in request.lines))
