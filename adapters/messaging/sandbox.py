"""The messaging service of the sandbox."""

import httpx

from adapters.http import ProviderHttp
from adapters.messaging.port import Message, MessagingPort
from domain.record import Record


class _Taken(Record):
    message_id: str


class SandboxMessaging(MessagingPort):
    """The messaging port on the sandbox."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._http = ProviderHttp(client, "messaging")

    async def send(self, message: Message) -> None:
        """Send a message at least once."""
        await self._http.write("/messages", message.model_dump(mode="json"), _Taken)
