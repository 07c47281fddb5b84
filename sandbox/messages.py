"""The messaging service: records every message, repeats too."""

from fastapi import APIRouter
from fastapi.routing import APIRoute

from domain.application import Locale
from domain.outbox import MessageChannel
from domain.record import Record
from sandbox.bodies import Id, TimedBody
from sandbox.books import Book, Books, Draft
from sandbox.faults import Target


class MessageBody(TimedBody):
    """A text for a customer or a role."""

    message_id: Id
    recipient: Id
    audience: Id
    template: Id
    channel: MessageChannel = MessageChannel.IN_APP
    locale: Locale
    subject: str
    body: str


class MessageAnswer(Record):
    """A message was taken."""

    message_id: str


def messages_router(books: Books, route_class: type[APIRoute]) -> APIRouter:
    """Make the route of the messaging service."""
    router = APIRouter(prefix="/messages", tags=["messages"], route_class=route_class)

    @router.post("", name=Target.MESSAGE)
    async def send(body: MessageBody) -> MessageAnswer:
        """Take a message. Repeats are recorded as they come."""
        books.append(Draft(book=Book.MESSAGES, key=body.message_id, at=body.at, data=body))
        return MessageAnswer(message_id=body.message_id)

    return router
