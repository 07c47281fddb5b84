"""What the pipeline asks of a payment provider."""

from datetime import datetime
from typing import Protocol

from domain.intents import PaymentDirection, PaymentIntent, ProviderPayment
from domain.record import Record


class PaymentPort(Protocol):
    """Movements of money, and holds, under our reference. Every method raises the errors of `adapters.errors`."""

    async def find(self, intent: PaymentIntent) -> ProviderPayment | None:
        """Look up what became of an intent, by its key; None if the provider never saw it.

        The whole intent is given: some providers find a refund only among those of its payment (ADR 0036).
        """
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


class ListedPayment(ProviderPayment):
    """A payment in a list. A capture is listed as the charge that it is at the provider."""

    direction: PaymentDirection


class PaymentPage(Record):
    """A part of a list; `next` is where the next part begins, and empty at the end."""

    payments: tuple[ListedPayment, ...]
    next: str = ""


class PaymentRecords(Protocol):
    """What a provider tells of payments that were asked for under our access. It moves nothing.

    Every method raises the errors of `adapters.errors`.
    """

    async def under(
        self, direction: PaymentDirection, reference: str, payment_id: str
    ) -> tuple[ProviderPayment, ...]:
        """Everything of a direction under a reference, oldest first; more than one where it was done twice.

        Args:
            direction: What the provider calls it; a capture is a charge there.
            reference: Ours, the key of the intent.
            payment_id: The payment that a refund draws from; empty if neither ledger nor provider told it. A
                provider that cannot look without it refuses.
        """
        ...

    async def changed(self, since: datetime, until: datetime, after: str = "") -> PaymentPage:
        """A page of the payments and holds that were made, or came to another end, in a time.

        Args:
            since: The first moment, UTC.
            until: The moment after the last one, UTC.
            after: `next` of the page before; empty for the first page.
        """
        ...


class PaymentProvider(PaymentPort, PaymentRecords, Protocol):
    """Both sides of a provider: what moves money, and what tells of it."""
