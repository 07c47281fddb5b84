"""What the pipeline asks of the workshop."""

from typing import Protocol

from domain.repair import RepairCancellation, RepairOrder, RepairTicket


class WorkshopPort(Protocol):
    """Repairs by our reference, which the workshop does not hold to be unique: a client looks up first.

    Every method raises the errors of `adapters.errors`.
    """

    async def order_repair(self, order: RepairOrder) -> RepairTicket:
        """Order a repair, or find the one ordered under the reference."""
        ...

    async def cancel_repair(self, cancellation: RepairCancellation) -> None:
        """Withdraw every repair of a reference. May be repeated; one that was never ordered is left alone."""
        ...
