"""The workshop: repairs."""

from temporalio import activity

from activities.errors import provider_errors
from adapters.workshop.port import WorkshopPort
from domain.record import Done
from domain.repair import RepairCancellation, RepairOrder, RepairTicket


class WorkshopActivities:
    """Orders repairs, each once for its reference, and withdraws them."""

    def __init__(self, workshop: WorkshopPort) -> None:
        self._workshop = workshop

    @activity.defn(name="workshop.order_repair")
    async def order_repair(self, order: RepairOrder) -> RepairTicket:
        """Order a repair; a repeat of the reference finds the first one."""
        with provider_errors():
            return await self._workshop.order_repair(order)

    @activity.defn(name="workshop.cancel_repair")
    async def cancel_repair(self, cancellation: RepairCancellation) -> Done:
        """Withdraw a repair."""
        with provider_errors():
            await self._workshop.cancel_repair(cancellation)
        return Done()
