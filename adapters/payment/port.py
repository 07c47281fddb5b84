"""What the pipeline asks of a payment provider."""

from datetime import datetime
from typing import Protocol

from domain.intents import PaymentDirection, PaymentIntent, ProviderPayment


class PaymentPort(Protocol):
    """Refunds and charges under our reference. Every method raises the errors of `adapters.errors`."""

    async def find(self, direction: PaymentDirection, reference: str) -> ProviderPayment | None:
        """Look up a refund or charge by our reference; None if the provider never saw it."""
        ...

    async def submit(self, intent: PaymentIntent, at: datetime) -> ProviderPayment:
        """Ask for the money of an intent to move.

        A decline by the provider is an answer with the status ``failed``, not an error.
        """
        ...
