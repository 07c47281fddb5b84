"""Stripe as the payment provider: refunds of payments that were made there, and nothing else so far.

Stripe replays the answer of a call under the same idempotency key, and forgets keys after a day at the earliest.
So a refund carries its reference in its metadata as well, and is looked up among the refunds of its payment.
"""

import math
from datetime import datetime
from pathlib import Path
from typing import Annotated, NoReturn

import httpx
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PrivateAttr, SecretStr, model_validator

from adapters.errors import OutcomeUnknown, ProviderRefused
from adapters.failures import OURS_TO_MEND, Failure, Meaning, code_or, json_object
from adapters.http import HttpClients, ProviderHttp
from adapters.payment.port import ListedPayment, PaymentPage, PaymentProvider
from adapters.payment.settings import PaymentSettings, https_or_local, secret_of
from adapters.payment.stripe_amounts import from_stripe, to_stripe
from domain.intents import PaymentDirection, PaymentIntent, ProviderPayment, ProviderStatus

_API_VERSION = "2024-10-28.acacia"
"""Pinned, so that a change of the account's default changes nothing here."""

_PAGE = "100"
_REFERENCE = "returnflow_reference"
_PAYMENT_FIELDS = {"pi_": "payment_intent", "ch_": "charge", "py_": "charge"}

# What is no end is pending, also a status that Stripe may add.
_ENDS = {
    "succeeded": ProviderStatus.SUCCEEDED,
    "failed": ProviderStatus.FAILED,
    "canceled": ProviderStatus.FAILED,
}

_FAILURES: tuple[tuple[int | None, str, Meaning], ...] = (
    # Another call or a process of Stripe holds the payment: this one was not begun.
    (None, "lock_timeout", Meaning.NOT_DONE),
    # Our balance there does not cover the refund. The customer's means of payment is not at fault.
    (None, "balance_insufficient", Meaning.NOT_DONE),
    # An earlier call of ours under this key is still under way, and may move the money.
    (None, "idempotency_key_in_use", Meaning.UNCLEAR),
    # The key stands for another request already. A decline would have the customer paid by other means, although
    # money may have moved under the key: that is for a person, who is told of what stays unknown.
    (None, "idempotency_error", Meaning.UNCLEAR),
    (None, "api_error", Meaning.UNCLEAR),
    (409, "", Meaning.UNCLEAR),
    (424, "", Meaning.UNCLEAR),
    (429, "", Meaning.NOT_DONE),
    *((status, "", Meaning.NOT_DONE) for status in OURS_TO_MEND),
)
"""What Stripe's errors mean: status, `code` or `type` of the error, meaning. The first that fits counts.

Of the others, one of 400 to 499 with an error object is refused: `charge_already_refunded`, `charge_disputed`,
`resource_missing`, an amount beyond the rest of the payment. Everything else is unclear: each 5xx, since Stripe
keeps a 500 under its key whether or not the refund was made, and a page of whoever stands between.
"""


class StripeRefund(BaseModel):
    """A refund as Stripe writes it, in answers and in what it reports."""

    model_config = ConfigDict(frozen=True)

    id: str = Field(min_length=1)
    amount: int = Field(ge=0, strict=True)
    currency: str = Field(min_length=3, max_length=3)
    status: str | None = None
    failure_reason: str | None = None
    payment_intent: str | None = None
    charge: str | None = None
    metadata: dict[str, str] | None = None

    @property
    def reference(self) -> str:
        """Ours; empty for a refund that we did not ask for."""
        return (self.metadata or {}).get(_REFERENCE, "")

    def listed(self) -> ListedPayment:
        """The refund in our terms."""
        status = _ENDS.get(self.status or "", ProviderStatus.PENDING)
        currency = self.currency.upper()
        return ListedPayment(
            direction=PaymentDirection.REFUND,
            reference=self.reference,
            provider_reference=self.id,
            status=status,
            amount_minor=from_stripe(self.amount, currency),
            currency=currency,
            failure=(self.failure_reason or str(self.status)) if status is ProviderStatus.FAILED else "",
            payment_id=self.payment_intent or self.charge or "",
        )


class _Refunds(BaseModel):
    data: tuple[StripeRefund, ...]
    has_more: bool


class StripePayment(PaymentProvider):
    """The payment ports on Stripe's API, version 1.

    Refunds only: a charge, a hold or a capture is refused as ``direction_not_offered``. Stripe pays back to what
    was charged, whatever `method_id` an intent names.
    """

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._http = ProviderHttp(client, "payment", _understand)

    async def find(self, intent: PaymentIntent) -> ProviderPayment | None:
        """Look a refund up by its key, among those of its payment; None if Stripe never saw it."""
        return next(iter(await self.under(intent.direction, intent.key, intent.payment_id)), None)

    async def under(
        self, direction: PaymentDirection, reference: str, payment_id: str
    ) -> tuple[ProviderPayment, ...]:
        """Every refund of a payment that carries a reference, oldest first."""
        _require_refund(direction)
        found: list[StripeRefund] = []
        asked = {**_drawn_from(payment_id), "limit": _PAGE}
        while True:
            page = await self._http.read("/refunds", _Refunds, asked)
            found += [each for each in page.data if each.reference == reference]
            if not page.has_more or not page.data:
                return tuple(each.listed() for each in reversed(found))
            asked["starting_after"] = page.data[-1].id

    async def changed(self, since: datetime, until: datetime, after: str = "") -> PaymentPage:
        """A page of the refunds that were created in a time, as they are now; those of others are left out.

        Stripe lists refunds by when they were created, in whole seconds. It cannot be asked for those that came to
        an end later: a refund that fails days after it was paid is seen only by a run that reaches back to its
        creation. One that was made by hand in the dashboard carries no reference of ours and is not seen at all.
        """
        asked = {
            "created[gte]": str(math.floor(since.timestamp())),
            "created[lt]": str(math.ceil(until.timestamp())),
            "limit": _PAGE,
        }
        if after:
            asked["starting_after"] = after
        page = await self._http.read("/refunds", _Refunds, asked)
        return PaymentPage(
            payments=tuple(each.listed() for each in page.data if each.reference),
            next=page.data[-1].id if page.has_more and page.data else "",
        )

    async def submit(self, intent: PaymentIntent, at: datetime) -> ProviderPayment:
        """Refund. Stripe takes no time of ours, so its own is on the refund."""
        _require_refund(intent.direction)
        amount = to_stripe(intent.amount_minor, intent.currency)
        if amount is None:
            detail = f"{intent.amount_minor} {intent.currency} (minor units) cannot be said to Stripe exactly"
            raise ProviderRefused("payment", detail, "amount_not_offered")
        form = {
            **_drawn_from(intent.payment_id),
            "amount": str(amount),
            f"metadata[{_REFERENCE}]": intent.key,
            "metadata[rma_id]": intent.rma_id,
        }
        made = await self._http.write_form("/refunds", form, StripeRefund, {"Idempotency-Key": intent.key})
        if made.reference != intent.key:
            raise OutcomeUnknown("payment", "not the promised answer: another refund")
        return made.listed()

    async def renew_hold(self, reference: str, at: datetime) -> datetime:
        """Refused: no hold is made here."""
        _not_offered(PaymentDirection.HOLD)

    async def release_hold(self, reference: str, at: datetime) -> None:
        """Nothing to do: no hold is made here, and one that was never made is left alone."""


class StripeSettings(PaymentSettings):
    """What Stripe needs.

    Attributes:
        stripe_api_key: The secret key of the account, or a restricted one that may read and make refunds.
        stripe_api_key_file: A file that holds it.
        stripe_url: Where Stripe's API is; another one for a stand-in.
    """

    stripe_api_key: SecretStr | None = None
    stripe_api_key_file: Path | None = None
    stripe_url: Annotated[str, AfterValidator(https_or_local)] = "https://api.stripe.com"

    _key: SecretStr = PrivateAttr()

    @model_validator(mode="after")
    def _has_a_key(self) -> "StripeSettings":
        self._key = secret_of("RETURNFLOW_STRIPE_API_KEY", self.stripe_api_key, self.stripe_api_key_file)
        return self

    def connect(self, clients: HttpClients) -> PaymentProvider:
        """Make the adapter over connections of its own."""
        headers = {"Authorization": f"Bearer {self._key.get_secret_value()}", "Stripe-Version": _API_VERSION}
        return StripePayment(clients.to(f"{self.stripe_url}/v1", headers))


def _understand(response: httpx.Response) -> Failure | None:
    if response.is_success:
        return None
    status = response.status_code
    error = json_object(response).get("error")
    said = error if isinstance(error, dict) else {}
    words = (said.get("code"), said.get("type"))
    code = next((str(each) for each in words if code_or(each, "")), f"http_{status}")
    detail = f"Stripe says {status} {code}"
    for row_status, row_word, meaning in _FAILURES:
        if row_status in (None, status) and (not row_word or row_word in words):
            return Failure(meaning, detail, code)
    return Failure(Meaning.REFUSED if said and response.is_client_error else Meaning.UNCLEAR, detail, code)


def _drawn_from(payment_id: str) -> dict[str, str]:
    field = _PAYMENT_FIELDS.get(payment_id[:3])
    if field is None:
        raise ProviderRefused("payment", "the payment is no pi_, ch_ or py_ of Stripe's", "payment_not_of_stripe")
    return {field: payment_id}


def _require_refund(direction: PaymentDirection) -> None:
    if direction is not PaymentDirection.REFUND:
        _not_offered(direction)


def _not_offered(direction: PaymentDirection) -> NoReturn:
    raise ProviderRefused("payment", f"Stripe is used for refunds, not for a {direction}", "direction_not_offered")
