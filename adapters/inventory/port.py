"""What the pipeline asks of the stock."""

from typing import Protocol

from domain.exchange import HoldAnswer, HoldRelease, StockHold


class InventoryPort(Protocol):
    """Holds of sellable stock by our reference. Every method raises the errors of `adapters.errors`."""

    async def hold(self, hold: StockHold) -> HoldAnswer:
        """Hold one unit of each item, all or none, until the end of the lease.

        A repeat of the reference finds the first hold; a later end renews it. One that was given back, or whose
        lease has ended, is taken again if the units are still there.
        """
        ...

    async def release(self, release: HoldRelease) -> None:
        """Give a hold back. May be repeated; a hold that was used or never made is left alone."""
        ...
