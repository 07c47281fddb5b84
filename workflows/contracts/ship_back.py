"""What people send while a parcel is on its way."""

from pydantic import Field

from domain.application import PickupAddress, PickupWindow
from domain.record import Identifier, Record, UtcDatetime
from workflows.contracts.base import ParcelRequest


class PickupChoice(ParcelRequest):
    """Book a collection again after every carrier failed, or ship with a label instead."""

    by_label: bool = False
    carrier: Identifier | None = None
    window: PickupWindow | None = None
    address: PickupAddress | None = None


class PickupChange(ParcelRequest):
    """Another address or window for a collection that is booked, until the courier has the parcel."""

    window: PickupWindow | None = None
    address: PickupAddress | None = None


class HandedOverLine(Record):
    """Units of a line that were handed over."""

    line_id: Identifier
    quantity: int = Field(ge=1, le=100_000)


class Handover(ParcelRequest):
    """The customer handed the parcel to a carrier of their choice, or to ours before its scan came.

    With lines, only these units were handed over: the rest becomes another parcel that is still awaited.
    """

    carrier: Identifier
    tracking_no: Identifier
    handed_over_at: UtcDatetime
    lines: tuple[HandedOverLine, ...] = Field(default=(), max_length=500)
    freight_collect: bool = False


class ReceivedLine(Record):
    """Units of a line that arrived."""

    line_id: Identifier
    quantity: int = Field(ge=0, le=100_000)


class Receipt(ParcelRequest):
    """The receipt scan of the warehouse. `received_at` is the scan's own time; no lines means everything.

    A part of a parcel may come first and the rest later, each with a receipt of its own; the same receipt again
    is a repeat. A parcel that came freight-collect, where that was not agreed, is refused at the door: nothing
    was received.
    """

    received_at: UtcDatetime
    lines: tuple[ReceivedLine, ...] = Field(default=(), max_length=500)
    tracking_no: Identifier | None = None
    freight_collect: bool = False
