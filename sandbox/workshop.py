"""The workshop: a ticket for every repair, as a fold over its book."""

from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.routing import APIRoute
from pydantic import Field

from domain.record import Record
from sandbox.bodies import Id, TimedBody, make_id
from sandbox.books import Book, Books, Draft, Entry
from sandbox.faults import Target
from sandbox.refusals import Refused


class RepairBody(TimedBody):
    """Repair units of an order, by line id. The reference is not looked at: a repeat is another ticket."""

    reference: Id
    rma_id: str = ""
    order_id: Id
    units: dict[Id, Annotated[int, Field(ge=1)]] = Field(min_length=1)


class CancelBody(TimedBody):
    """Withdraw a repair."""


class TicketStatus(StrEnum):
    """Whether the repair is still to be made. What comes of it is reported by people."""

    ORDERED = "ordered"
    CANCELLED = "cancelled"


class Ticket(Record):
    """A repair."""

    ticket_id: str
    reference: str
    rma_id: str
    order_id: str
    units: dict[str, int]
    status: TicketStatus = TicketStatus.ORDERED


class TicketsAnswer(Record):
    """The tickets of a reference, oldest first; empty if there are none."""

    tickets: tuple[Ticket, ...]


class Workshop:
    """Every ticket as it stands."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._tickets: dict[str, Ticket] = {}
        books.fold(Book.REPAIRS, self._take)

    def order(self, body: RepairBody) -> Ticket:
        """Open a ticket."""
        ticket = Ticket(
            ticket_id=make_id("wo_", body.reference, self._books.next_seq), **body.model_dump(exclude={"at"})
        )
        self._books.append(Draft(book=Book.REPAIRS, key=body.reference, at=body.at, data=ticket))
        return ticket

    def find(self, reference: str) -> tuple[Ticket, ...]:
        """The tickets of a reference."""
        return tuple(ticket for ticket in self._tickets.values() if ticket.reference == reference)

    def cancel(self, ticket_id: str, body: CancelBody) -> Ticket:
        """Withdraw a repair; a repeat changes nothing.

        Raises:
            Refused: ``unknown_ticket``.
        """
        ticket = self._tickets.get(ticket_id)
        if ticket is None:
            raise Refused(404, "unknown_ticket", f"There is no ticket {ticket_id}.")
        if ticket.status is TicketStatus.ORDERED:
            ticket = ticket.model_copy(update={"status": TicketStatus.CANCELLED})
            self._books.append(Draft(book=Book.REPAIRS, key=ticket.reference, at=body.at, data=ticket))
        return ticket

    def _take(self, entry: Entry) -> None:
        ticket = Ticket.model_validate(entry.data)
        self._tickets[ticket.ticket_id] = ticket


def workshop_router(workshop: Workshop, route_class: type[APIRoute]) -> APIRouter:
    """Make the routes of the workshop."""
    router = APIRouter(prefix="/workshop/repairs", tags=["workshop"], route_class=route_class)

    @router.post("", name=Target.REPAIR)
    async def order(body: RepairBody) -> Ticket:
        """Open a ticket, anew with each request."""
        return workshop.order(body)

    @router.get("", name=Target.FIND_REPAIR)
    async def find(reference: Annotated[str, Query(min_length=1)]) -> TicketsAnswer:
        """Look up tickets by reference."""
        return TicketsAnswer(tickets=workshop.find(reference))

    @router.post("/{ticket_id}/cancel", name=Target.CANCEL_REPAIR)
    async def cancel(ticket_id: str, body: CancelBody) -> Ticket:
        """Withdraw a repair. 404 ``unknown_ticket``."""
        return workshop.cancel(ticket_id, body)

    return router
