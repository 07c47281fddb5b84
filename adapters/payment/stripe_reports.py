"""What Stripe reports of refunds: events signed with the secret of a webhook endpoint."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, PrivateAttr, SecretStr, ValidationError, model_validator

from adapters.payment.reports import PaymentReports, ReportSettings, UnreadableReport
from adapters.payment.settings import secret_of
from adapters.payment.stripe import StripeRefund
from adapters.signatures import verify_timed
from domain.payment_news import PaymentNews

_HEADER = "Stripe-Signature"
_OF_REFUNDS = frozenset({"refund.created", "refund.updated", "refund.failed", "charge.refund.updated"})
"""The last one is what accounts with an older version of the API get."""


class _Data(BaseModel):
    object: dict[str, Any]


class _Event(BaseModel):
    id: str
    type: str
    data: _Data


class StripeReports(PaymentReports):
    """Reads Stripe's events. Those of other things, and of refunds that we did not ask for, tell nothing."""

    def __init__(self, secret: SecretStr) -> None:
        self._secret = secret

    def read(self, headers: Mapping[str, str], body: bytes, now: datetime) -> PaymentNews | None:
        """What an event tells of a refund of ours."""
        signature = headers.get(_HEADER.lower(), "")
        verify_timed(_HEADER, self._secret.get_secret_value(), signature, body, now)
        try:
            event = _Event.model_validate_json(body)
            if event.type not in _OF_REFUNDS:
                return None
            refund = StripeRefund.model_validate(event.data.object)
            return _news(event, refund) if refund.reference else None
        except ValidationError as error:
            fields = sorted({".".join(map(str, each["loc"])) for each in error.errors(include_input=False)})
            raise UnreadableReport(f"not an event of a refund as Stripe documents it, at {fields[:5]}") from None


class StripeReportSettings(ReportSettings):
    """What it takes to trust Stripe's events.

    Attributes:
        stripe_webhook_secret: The signing secret of the endpoint that Stripe was told of, ``whsec_…``.
        stripe_webhook_secret_file: A file that holds it.
    """

    stripe_webhook_secret: SecretStr | None = None
    stripe_webhook_secret_file: Path | None = None

    _secret: SecretStr | None = PrivateAttr(None)

    @model_validator(mode="after")
    def _is_whole(self) -> "StripeReportSettings":
        if self.stripe_webhook_secret is not None or self.stripe_webhook_secret_file is not None:
            name = "RETURNFLOW_STRIPE_WEBHOOK_SECRET"
            self._secret = secret_of(name, self.stripe_webhook_secret, self.stripe_webhook_secret_file)
        return self

    def reports(self) -> PaymentReports | None:
        """Make the reader; None if there is no secret."""
        return StripeReports(self._secret) if self._secret else None


def _news(event: _Event, refund: StripeRefund) -> PaymentNews:
    payment = refund.listed()
    return PaymentNews(
        provider="stripe",
        event_id=event.id,
        direction=payment.direction,
        reference=payment.reference,
        provider_reference=payment.provider_reference,
        status=payment.status,
    )
