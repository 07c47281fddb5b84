"""What people send while a parcel is on its way."""

from pydantic import Field

from domain.application import PickupAddress, PickupWindow
from domain.record import Identifier, Record, UtcDatetime
from workflows.contracts.base import ActionRequest


class PickupChoice(ActionRequest):
    """Book a collection again after every carrier failed, or ship with a label instead."""

    by_label: bool = False
    carrier: Identifier | None = None
    window: PickupWindow | None = None
    address: PickupAddress | None = None


class Handover(ActionRequest):
    """The customer handed the parcel to a carrier of their choice, or to ours before its scan came."""

    carrier: Identifier
    tracking_no: Identifier
    handed_over_at: UtcDatetime


class ReceivedLine(Record):
    """Units of a line that arrived."""

    line_id: Identifier
    quantity: int = Field(ge=0, le=100_000)


class Receipt(ActionRequest):
    """The receipt scan of the warehouse. `received_at` is the scan's own time; no lines means everything."""

    received_at: UtcDatetime
    lines: tuple[ReceivedLine, ...] = Field(default=(), max_length=500)
