"""The payment provider of the sandbox."""

from datetime import datetime

import httpx
from pydantic import JsonValue

from adapters.http import HttpClients, ProviderHttp
from adapters.payment.port import PaymentPage, PaymentProvider
from adapters.payment.settings import PaymentSettings
from domain.intents import PaymentDirection, PaymentIntent, ProviderPayment
from domain.record import Record, UtcDatetime


class _Refunds(Record):
    refunds: tuple[ProviderPayment, ...]


class _Charges(Record):
    charges: tuple[ProviderPayment, ...]


class _Holds(Record):
    holds: tuple[ProviderPayment, ...]


class _Renewed(Record):
    expires_at: UtcDatetime


class _Released(Record):
    released: bool


_PAGE = "500"


class SandboxPayment(PaymentProvider):
    """The payment ports on the sandbox. The intent's key is the reference and the idempotency key."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._http = ProviderHttp(client, "payment")

    async def find(self, intent: PaymentIntent) -> ProviderPayment | None:
        """Look up what became of an intent, by its key; None if the provider never saw it."""
        return next(iter(await self.under(intent.direction, intent.key)), None)

    async def under(
        self, direction: PaymentDirection, reference: str, payment_id: str = ""
    ) -> tuple[ProviderPayment, ...]:
        """Everything of a direction under a reference, oldest first. The payment need not be known."""
        asked = {"reference": reference}
        if direction is PaymentDirection.REFUND:
            return (await self._http.read("/payments/refunds", _Refunds, asked)).refunds
        if direction is PaymentDirection.HOLD:
            return (await self._http.read("/payments/holds", _Holds, asked)).holds
        return (await self._http.read("/payments/charges", _Charges, asked)).charges

    async def changed(self, since: datetime, until: datetime, after: str = "") -> PaymentPage:
        """A page of the payments and holds that were made, or came to another end, in a time."""
        asked = {"since": since.isoformat(), "until": until.isoformat(), "limit": _PAGE, "after": after}
        return await self._http.read("/payments/changes", PaymentPage, asked)

    async def submit(self, intent: PaymentIntent, at: datetime) -> ProviderPayment:
        """Ask for the money of an intent to move, to be held, or to be captured from its hold.

        A decline by the provider is an answer with the status ``failed``, not an error.
        """
        body: dict[str, JsonValue] = {
            "reference": intent.key,
            "method_id": intent.method_id,
            "amount_minor": intent.amount_minor,
            "currency": intent.currency,
            "rma_id": intent.rma_id,
            "at": at.isoformat(),
        }
        headers = {"Idempotency-Key": intent.key}
        if intent.direction is PaymentDirection.REFUND:
            refund = {**body, "payment_id": intent.payment_id}
            return await self._http.write("/payments/refunds", refund, ProviderPayment, headers)
        if intent.direction is PaymentDirection.CAPTURE:
            del body["method_id"]
            capture = {**body, "hold_reference": intent.payment_id}
            return await self._http.write("/payments/holds/capture", capture, ProviderPayment, headers)
        ordered = {**body, "order_id": intent.order_id}
        path = "/payments/holds" if intent.direction is PaymentDirection.HOLD else "/payments/charges"
        return await self._http.write(path, ordered, ProviderPayment, headers)

    async def renew_hold(self, reference: str, at: datetime) -> datetime:
        """Let an open hold live on, and say when it lapses now. May be repeated."""
        body: dict[str, JsonValue] = {"reference": reference, "at": at.isoformat()}
        return (await self._http.write("/payments/holds/renew", body, _Renewed)).expires_at

    async def release_hold(self, reference: str, at: datetime) -> None:
        """Give a hold back. May be repeated; one that was captured or never made is left alone."""
        body: dict[str, JsonValue] = {"reference": reference, "at": at.isoformat()}
        await self._http.write("/payments/holds/release", body, _Released)


class SandboxPaymentSettings(PaymentSettings):
    """The sandbox needs to know where it is, which is where the other stand-ins are as well."""

    providers_url: str

    def connect(self, clients: HttpClients) -> PaymentProvider:
        """Make the adapter over the connections of the other stand-ins."""
        return SandboxPayment(clients.to(self.providers_url.rstrip("/")))
