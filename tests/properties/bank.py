"""A payment provider that trusts its caller: it honours no idempotency key and checks no ceiling.

Every submission that reaches it moves money once more, so whatever keeps a refund from being paid twice has to be
on our side of the wire.
"""

import itertools
from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum

from adapters.errors import OutcomeUnknown, ProviderRefused, ProviderUnavailable
from adapters.payment.port import PaymentPort
from domain.intents import PaymentDirection, PaymentIntent, ProviderPayment, ProviderStatus


class WorkerKilled(BaseException):
    """The worker died after the provider had answered and before anything was written down."""


class Weather(StrEnum):
    """What becomes of the next submission."""

    FINE = "fine"
    DECLINED = "declined"
    PENDING = "pending"
    REFUSED = "refused"
    NOT_REACHED = "not_reached"
    LOST_ON_THE_WAY = "lost_on_the_way"
    ANSWER_LOST = "answer_lost"
    WORKER_KILLED = "worker_killed"


class Movement:
    """An entry of the provider's book."""

    def __init__(self, number: int, intent: PaymentIntent, status: ProviderStatus) -> None:
        self.number = number
        self.intent = intent
        self.status = status

    def seen(self) -> ProviderPayment:
        """The entry as the provider shows it."""
        return ProviderPayment(
            reference=self.intent.key,
            provider_reference=f"bank-{self.number}",
            status=self.status,
            amount_minor=self.intent.amount_minor,
            currency=self.intent.currency,
            failure="" if self.status is not ProviderStatus.FAILED else "account_closed",
        )


class Bank(PaymentPort):
    """The provider, with its book in the sequence of the submissions."""

    def __init__(self) -> None:
        self.book: list[Movement] = []
        self.weather = Weather.FINE
        self._numbers = itertools.count(1)

    async def find(self, direction: PaymentDirection, reference: str) -> ProviderPayment | None:
        """Look a reference up; of several entries the first is shown."""
        if self.weather in (Weather.NOT_REACHED, Weather.LOST_ON_THE_WAY):
            raise ProviderUnavailable("bank", "not reached")
        return next((entry.seen() for entry in self.of(direction) if entry.intent.key == reference), None)

    async def submit(self, intent: PaymentIntent, at: datetime) -> ProviderPayment:
        """Move the money of an intent, whether or not it was moved before."""
        match self.weather:
            case Weather.NOT_REACHED:
                raise ProviderUnavailable("bank", "not reached")
            case Weather.LOST_ON_THE_WAY:
                raise OutcomeUnknown("bank", "no answer")
            case Weather.REFUSED:
                raise ProviderRefused("bank", "refused", "no_such_account")
        status = {Weather.DECLINED: ProviderStatus.FAILED, Weather.PENDING: ProviderStatus.PENDING}
        entry = Movement(next(self._numbers), intent, status.get(self.weather, ProviderStatus.SUCCEEDED))
        self.book.append(entry)
        if self.weather is Weather.ANSWER_LOST:
            raise OutcomeUnknown("bank", "no answer")
        if self.weather is Weather.WORKER_KILLED:
            raise WorkerKilled
        return entry.seen()

    async def renew_hold(self, reference: str, at: datetime) -> datetime:
        """Refuse: nothing is held here."""
        raise ProviderRefused("bank", f"{reference} is no hold", "unknown_hold")

    async def release_hold(self, reference: str, at: datetime) -> None:
        """Refuse: nothing is held here."""
        raise ProviderRefused("bank", f"{reference} is no hold", "unknown_hold")

    def of(self, direction: PaymentDirection) -> Iterator[Movement]:
        """The entries of one direction."""
        return (entry for entry in self.book if entry.intent.direction is direction)

    def moved(self, direction: PaymentDirection, order_id: str) -> int:
        """What moved for an order, in minor units."""
        return sum(entry.intent.amount_minor for entry in self.succeeded(direction, order_id))

    def succeeded(self, direction: PaymentDirection, order_id: str) -> list[Movement]:
        """The entries of an order that moved money and did not come back."""
        return [
            entry
            for entry in self.of(direction)
            if entry.status is ProviderStatus.SUCCEEDED and entry.intent.order_id == order_id
        ]
