"""What a parcel on its way refuses."""

from datetime import datetime, timedelta

from domain.actions import Action
from workflows.case import ReturnCase
from workflows.contracts import Handover, PickupChange, PickupChoice, Receipt
from workflows.parcel import Parcel
from workflows.validation.parcels import allowed_parcel
from workflows.validation.rules import (
    INVALID_ACTION,
    known_lines,
    named_once,
    not_before_the_application,
    not_in_the_future,
    not_too_many,
    refuse,
)


def pickup(case: ReturnCase, request: PickupChoice, now: datetime) -> Parcel:
    """Refuse a carrier that the policy does not name, and a window after the hand-over's own promise."""
    parcel = allowed_parcel(case, Action.BOOK_PICKUP, request)
    carriers = case.rules.pickup.carriers if case.rules.pickup else ()
    if request.carrier is not None and request.carrier not in carriers:
        refuse(INVALID_ACTION, "carrier", f"Unknown carrier. Known: {', '.join(carriers)}.")
    latest = now + case.rules.clocks.handover
    if request.window is not None and request.window.start > latest:
        refuse(INVALID_ACTION, "window.start", f"The parcel has to be collected by {latest.isoformat()}.")
    return parcel


def pickup_change(case: ReturnCase, request: PickupChange, now: datetime) -> Parcel:
    """Refuse a change of nothing, and a window that nobody can keep any more."""
    parcel = allowed_parcel(case, Action.CHANGE_PICKUP, request)
    if request.window is None and request.address is None:
        refuse(INVALID_ACTION, "window", "Name another window, another address, or both.")
    if request.window is not None:
        lead = case.rules.pickup.lead if case.rules.pickup else timedelta()
        if request.window.end <= now + lead:
            refuse(INVALID_ACTION, "window.end", f"A courier needs {lead} to come; now is {now.isoformat()}.")
        latest = now + case.rules.clocks.handover
        if request.window.start > latest:
            refuse(INVALID_ACTION, "window.start", f"The parcel has to be collected by {latest.isoformat()}.")
    return parcel


def handover(case: ReturnCase, request: Handover, now: datetime) -> Parcel:
    """Refuse a hand-over in the future or before the application: its silence would be over at once."""
    parcel = allowed_parcel(case, Action.RECORD_HANDOVER, request)
    not_in_the_future("handed_over_at", request.handed_over_at, now)
    not_before_the_application(case, "handed_over_at", request.handed_over_at)
    known_lines(case, (line.line_id for line in request.lines))
    named_once(line.line_id for line in request.lines)
    not_too_many(parcel, ((line.line_id, line.quantity) for line in request.lines))
    if request.freight_collect and not case.terms.collect_authorized:
        refuse(
            INVALID_ACTION,
            "freight_collect",
            "The warehouse refuses a parcel that is sent freight-collect; send it prepaid.",
        )
    return parcel


def receipt(case: ReturnCase, request: Receipt, now: datetime) -> Parcel:
    """Refuse a receipt in the future or before the application, of unknown lines, or of too many units."""
    repeated = next((parcel for parcel in case.parcels if parcel.was_received_by(request)), None)
    if repeated:
        return repeated
    parcel = allowed_parcel(case, Action.RECEIVE, request, request.tracking_no)
    not_in_the_future("received_at", request.received_at, now)
    not_before_the_application(case, "received_at", request.received_at)
    known_lines(case, (line.line_id for line in request.lines))
    named_once(line.line_id for line in request.lines)
    for index, line in enumerate(request.lines):
        left = case.parcels.room(parcel, line.line_id) - parcel.line(line.line_id).received
        if line.quantity > left:
            refuse(
                INVALID_ACTION,
                f"lines[{index}].quantity",
                f"Of {line.line_id} {left} units are still to come, not {line.quantity}; "
                "name what is beyond them in the inspection.",
            )
    if request.freight_collect and parcel.has_arrived:
        refuse(INVALID_ACTION, "freight_collect", f"Parcel {parcel.number} has arrived already.")
    return parcel
