"""What the pipeline tells the warehouse."""

from typing import Protocol

from domain.record import Record, UtcDatetime


class WarehouseNotice(Record):
    """A parcel to expect, or goods to put somewhere. Repeats share the id."""

    notice_id: str
    rma_id: str
    subject: str
    details: dict[str, str | int]
    at: UtcDatetime


class WarehousePort(Protocol):
    """Notices to the warehouse. Raises the errors of `adapters.errors`."""

    async def notify(self, notice: WarehouseNotice) -> None:
        """Hand a notice over, at least once."""
        ...
