"""Stock that is held for exchanges."""

from temporalio import activity

from activities.errors import provider_errors
from adapters.inventory.port import InventoryPort
from domain.exchange import HoldAnswer, HoldRelease, StockHold
from domain.record import Done


class InventoryActivities:
    """Holds and gives back stock."""

    def __init__(self, inventory: InventoryPort) -> None:
        self._inventory = inventory

    @activity.defn(name="inventory.hold")
    async def hold(self, hold: StockHold) -> HoldAnswer:
        """Hold all of the items, or none; or renew their lease."""
        with provider_errors():
            return await self._inventory.hold(hold)

    @activity.defn(name="inventory.release")
    async def release(self, release: HoldRelease) -> Done:
        """Give a hold back."""
        with provider_errors():
            await self._inventory.release(release)
        return Done()
