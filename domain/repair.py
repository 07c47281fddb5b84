"""Repairs: ordered from the workshop under our reference (section 6)."""

from domain.record import Record, UtcDatetime


class RepairOrder(Record):
    """Repair units that the inspection diagnosed; quantities by line id."""

    reference: str
    rma_id: str
    order_id: str
    units: dict[str, int]
    at: UtcDatetime


class RepairTicket(Record):
    """A repair as the workshop knows it."""

    reference: str
    ticket_id: str


class RepairCancellation(Record):
    """Withdraw a repair whose promise was broken: the customer gets something else."""

    reference: str
    at: UtcDatetime
