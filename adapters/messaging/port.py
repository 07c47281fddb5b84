"""What the pipeline asks of the messaging service."""

from typing import Protocol

from domain.application import Locale
from domain.outbox import MessageChannel
from domain.record import Record, UtcDatetime


class Message(Record):
    """A text for a customer or a role. Repeats share the id, so that the receiver can drop them.

    `recipient` is an id; the service knows the address of each channel.
    """

    message_id: str
    recipient: str
    audience: str
    template: str
    channel: MessageChannel = MessageChannel.IN_APP
    locale: Locale
    subject: str
    body: str
    at: UtcDatetime


class MessagingPort(Protocol):
    """SMS, e-mail and in-app behind one door. Raises the errors of `adapters.errors`."""

    async def send(self, message: Message) -> None:
        """Send a message at least once."""
        ...
