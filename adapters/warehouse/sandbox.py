"""The warehouse of the sandbox."""

import httpx

from adapters.http import ProviderHttp
from adapters.warehouse.port import WarehouseNotice, WarehousePort
from domain.record import Record


class _Taken(Record):
    notice_id: str


class SandboxWarehouse(WarehousePort):
    """The warehouse port on the sandbox."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._http = ProviderHttp(client, "warehouse")

    async def notify(self, notice: WarehouseNotice) -> None:
        """Hand a notice over, at least once."""
        await self._http.write("/warehouse/notices", notice.model_dump(mode="json"), _Taken)
