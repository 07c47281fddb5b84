"""A payment provider that trusts its caller: it honours no idempotency key and checks no ceiling.

Every submission that reaches it moves money once more, so whatever keeps a refund from being paid twice has to be
on our side of the wire. Only a hold that was given back cannot be captured any more.
"""

import itertools
from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import StrEnum

from adapters.errors import OutcomeUnknown, ProviderRefused, ProviderUnavailable
from adapters.payment.port import PaymentPort
from domain.intents import PaymentDirection, PaymentIntent, ProviderPayment, ProviderStatus

HOLD_LIFETIME = timedelta(days=7)


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


WEATHER = (*Weather, *itertools.repeat(Weather.FINE, 4))
"""What the weather is drawn from: fine more often than not, so that a life gets beyond its first payment."""


class Movement:
    """An entry of the provider's book; a hold lapses at `expires_at` unless it is renewed."""

    def __init__(self, number: int, intent: PaymentIntent, status: ProviderStatus, expires_at: datetime) -> None:
        self.number = number
        self.intent = intent
        self.status = status
        self.expires_at = expires_at

    def seen(self) -> ProviderPayment:
        """The entry as the provider shows it."""
        return ProviderPayment(
            reference=self.intent.key,
            provider_reference=f"bank-{self.number}",
            status=self.status,
            amount_minor=self.intent.amount_minor,
            currency=self.intent.currency,
            failure="" if self.status is not ProviderStatus.FAILED else "account_closed",
            expires_at=self.expires_at if self.intent.direction is PaymentDirection.HOLD else None,
        )


class Bank(PaymentPort):
    """The provider, with its book in the sequence of the submissions."""

    def __init__(self) -> None:
        self.book: list[Movement] = []
        self.given_up: set[str] = set()
        self.weather = Weather.FINE
        self._numbers = itertools.count(1)

    async def find(self, intent: PaymentIntent) -> ProviderPayment | None:
        """Look an intent up by its key; of several entries the first is shown."""
        self._reach()
        entries = self.of(intent.direction)
        return next((entry.seen() for entry in entries if entry.intent.key == intent.key), None)

    async def submit(self, intent: PaymentIntent, at: datetime) -> ProviderPayment:
        """Move or hold the money of an intent, whether or not it was done before."""
        match self.weather:
            case Weather.NOT_REACHED:
                raise ProviderUnavailable("bank", "not reached")
            case Weather.LOST_ON_THE_WAY:
                raise OutcomeUnknown("bank", "no answer")
            case Weather.REFUSED:
                raise ProviderRefused("bank", "refused", "no_such_account")
        if intent.direction is PaymentDirection.CAPTURE and not self.live_holds(intent.payment_id):
            raise ProviderRefused("bank", f"{intent.payment_id} holds nothing", "hold_not_open")
        status = {Weather.DECLINED: ProviderStatus.FAILED, Weather.PENDING: ProviderStatus.PENDING}
        status_now = status.get(self.weather, ProviderStatus.SUCCEEDED)
        entry = Movement(next(self._numbers), intent, status_now, at + HOLD_LIFETIME)
        self.book.append(entry)
        self._answer()
        return entry.seen()

    async def renew_hold(self, reference: str, at: datetime) -> datetime:
        """Let a hold live on, unless it was given back."""
        self._reach()
        holds = self.live_holds(reference)
        if not holds or self.weather is Weather.REFUSED:
            raise ProviderRefused("bank", f"{reference} is not renewed", "hold_not_open")
        for hold in holds:
            hold.expires_at += HOLD_LIFETIME
        self._answer()
        return holds[-1].expires_at

    async def release_hold(self, reference: str, at: datetime) -> None:
        """Give a hold back; one that was never made is left alone."""
        self._reach()
        self.given_up.add(reference)
        self._answer()

    def of(self, direction: PaymentDirection) -> Iterator[Movement]:
        """The entries of one direction."""
        return (entry for entry in self.book if entry.intent.direction is direction)

    def succeeded(self, direction: PaymentDirection) -> list[Movement]:
        """The entries of one direction that moved or hold money, and were not undone."""
        return [entry for entry in self.of(direction) if entry.status is ProviderStatus.SUCCEEDED]

    def moved(self, direction: PaymentDirection) -> int:
        """What moved in one direction, in minor units."""
        return sum(entry.intent.amount_minor for entry in self.succeeded(direction))

    def pending(self) -> list[Movement]:
        """The entries that the provider has not brought to their end."""
        return [entry for entry in self.book if entry.status is ProviderStatus.PENDING]

    def live_holds(self, reference: str) -> list[Movement]:
        """The holds under a reference that were made and not given back."""
        return [] if reference in self.given_up else self.holds(reference)

    def holds(self, reference: str) -> list[Movement]:
        """The holds under a reference that were made."""
        return [entry for entry in self.succeeded(PaymentDirection.HOLD) if entry.intent.key == reference]

    def _reach(self) -> None:
        if self.weather in (Weather.NOT_REACHED, Weather.LOST_ON_THE_WAY):
            raise ProviderUnavailable("bank", "not reached")

    def _answer(self) -> None:
        if self.weather is Weather.ANSWER_LOST:
            raise OutcomeUnknown("bank", "no answer")
        if self.weather is Weather.WORKER_KILLED:
            raise WorkerKilled
