"""The workshop of the sandbox."""

from urllib.parse import quote

import httpx

from adapters.http import ProviderHttp
from adapters.workshop.port import WorkshopPort
from domain.record import Record
from domain.repair import RepairCancellation, RepairOrder, RepairTicket


class _Ticket(RepairTicket):
    status: str


class _Tickets(Record):
    tickets: tuple[_Ticket, ...]


class SandboxWorkshop(WorkshopPort):
    """The workshop port on the sandbox, which opens a ticket with every request, so we look first."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._http = ProviderHttp(client, "workshop")

    async def order_repair(self, order: RepairOrder) -> RepairTicket:
        """Order a repair, or find the one ordered under the reference.

        One that was cancelled since counts as well: a late repeat must not have it done after all.
        """
        found = await self._tickets(order.reference)
        if found:
            return found[0]
        return await self._http.write("/workshop/repairs", order.model_dump(mode="json"), _Ticket)

    async def cancel_repair(self, cancellation: RepairCancellation) -> None:
        """Withdraw every repair of a reference."""
        for ticket in await self._tickets(cancellation.reference):
            if ticket.status == "ordered":
                path = f"/workshop/repairs/{quote(ticket.ticket_id, safe='')}/cancel"
                await self._http.write(path, {"at": cancellation.at.isoformat()}, _Ticket)

    async def _tickets(self, reference: str) -> tuple[_Ticket, ...]:
        return (await self._http.read("/workshop/repairs", _Tickets, {"reference": reference})).tickets
