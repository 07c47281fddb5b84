"""The payment provider of the sandbox."""

from datetime import datetime

import httpx
from pydantic import JsonValue

from adapters.http import ProviderHttp
from adapters.payment.port import PaymentPort
from domain.intents import PaymentDirection, PaymentIntent, ProviderPayment
from domain.record import Record


class _Refunds(Record):
    refunds: tuple[ProviderPayment, ...]


class _Charges(Record):
    charges: tuple[ProviderPayment, ...]


class SandboxPayment(PaymentPort):
    """The payment port on the sandbox. The intent's key is the reference and the idempotency key."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._http = ProviderHttp(client, "payment")

    async def find(self, direction: PaymentDirection, reference: str) -> ProviderPayment | None:
        """Look up a refund or charge by our reference; None if the provider never saw it."""
        asked = {"reference": reference}
        if direction is PaymentDirection.REFUND:
            refunds = await self._http.read("/payments/refunds", _Refunds, asked)
            return next(iter(refunds.refunds), None)
        charges = await self._http.read("/payments/charges", _Charges, asked)
        return next(iter(charges.charges), None)

    async def submit(self, intent: PaymentIntent, at: datetime) -> ProviderPayment:
        """Ask for the money of an intent to move.

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
        charge = {**body, "order_id": intent.order_id}
        return await self._http.write("/payments/charges", charge, ProviderPayment, headers)
