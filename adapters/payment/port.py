"""What the pipeline asks of a payment provider."""

from datetime import datetime
from typing import Protocol

from domain.intents import PaymentDirection, PaymentIntent, ProviderPayment


class PaymentPort(Protocol):
    """Movements of money, and holds, under our reference. Every method raises the errors of `adapters.errors`."""

    async def find(self, direction: PaymentDirection, reference: str) -> ProviderPayment | None:
        """Look up a movement or a hold by our reference; None if the provider never saw it."""
        ...

    async def submit(self, intent: PaymentIntent, at: datetime) -> ProviderPayment:
        """Ask for the money of an intent to move, to be held, or to be captured from its hold.

        A decline by the provider is an answer with the status ``failed``, not an error.
        """
        ...

    async def renew_hold(self, reference: str, at: datetime) -> datetime:
        """Let an open hold live on, and say when it lapses now. May be repeated.

        Raises:
            ProviderRefused: If the hold is not open any more, or is not renewed.
        """
        ...

    async def release_hold(self, reference: str, at: datetime) -> None:
        """Give a hold back. May be repeated; one that was captured or never made is left alone."""
        ...
