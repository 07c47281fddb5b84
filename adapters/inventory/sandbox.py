"""The stock of the sandbox."""

import httpx

from adapters.http import ProviderHttp
from adapters.inventory.port import InventoryPort
from domain.exchange import HoldAnswer, HoldRelease, StockHold
from domain.record import Record


class _Release(Record):
    released: bool


class SandboxInventory(InventoryPort):
    """The inventory port on the sandbox."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._http = ProviderHttp(client, "inventory")

    async def hold(self, hold: StockHold) -> HoldAnswer:
        """Hold one unit of each item, all or none; a repeat with a later end renews the lease."""
        return await self._http.write("/inventory/holds", hold.model_dump(mode="json"), HoldAnswer)

    async def release(self, release: HoldRelease) -> None:
        """Give a hold back. May be repeated; a hold that was used or never made is left alone."""
        await self._http.write("/inventory/holds/release", release.model_dump(mode="json"), _Release)
