"""Alipay as the payment provider: refunds of payments that were made there, and nothing else so far.

A refund's reference is its `out_request_no`, under which Alipay pays once for each payment. A repeat is answered
as a success that changed nothing, and so is what was not done yet: then the query is asked, and it counts.
"""

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Annotated, NoReturn

import httpx
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PrivateAttr,
    SecretStr,
    model_validator,
)

from adapters.errors import OutcomeUnknown, ProviderError, ProviderRefused, ProviderUnavailable
from adapters.failures import Failure
from adapters.http import HttpClients, ProviderHttp
from adapters.payment.alipay_amounts import from_yuan, to_yuan
from adapters.payment.alipay_errors import UNSIGNED, understand
from adapters.payment.alipay_signature import NotSigned, sign, signed_node, text_to_sign
from adapters.payment.port import ListedPayment, PaymentPage, PaymentProvider
from adapters.payment.rsa_keys import private_key, public_key
from adapters.payment.settings import PaymentSettings, https_or_local, key_text_of
from domain.intents import PaymentDirection, PaymentIntent, ProviderPayment, ProviderStatus

_GATEWAY = "/gateway.do"
_REFUND, _QUERY = "alipay.trade.refund", "alipay.trade.fastpay.refund.query"
_CURRENCY = "CNY"
_TRADE_NO = re.compile(r"\d{16,64}", re.ASCII)
_APP_ID = re.compile(r"\d{8,32}", re.ASCII)
_WALL_CLOCK = timezone(timedelta(hours=8))
"""Alipay's times are China's, which knows no summer time."""

_Fen = Annotated[int, BeforeValidator(from_yuan)]


class _Taken(BaseModel):
    """The answer to a refund. Its `refund_fee` is not read: it is what was refunded of the payment so far."""

    model_config = ConfigDict(frozen=True)

    trade_no: str
    fund_change: str = ""


class _TakenAnswer(BaseModel):
    alipay_trade_refund_response: _Taken


class _Known(BaseModel):
    """The answer to a query. Without data of a refund there is none, or none that worked."""

    model_config = ConfigDict(frozen=True)

    trade_no: str = ""
    out_request_no: str = ""
    refund_amount: _Fen = 0
    refund_status: str = ""


class _KnownAnswer(BaseModel):
    alipay_trade_fastpay_refund_query_response: _Known


class AlipayPayment(PaymentProvider):
    """The payment ports on Alipay's gateway.

    Refunds only, in yuan: a charge, a hold or a capture is refused as ``direction_not_offered``. Alipay pays back
    the way that the customer paid, whatever `method_id` an intent names.
    """

    def __init__(
        self, client: httpx.AsyncClient, app_id: str, own_key: RSAPrivateKey, alipays_key: RSAPublicKey
    ) -> None:
        self._app_id = app_id
        self._own_key = own_key
        self._refunds = ProviderHttp(client, "payment", _understanding(_REFUND, alipays_key))
        self._queries = ProviderHttp(client, "payment", _understanding(_QUERY, alipays_key))

    async def find(self, intent: PaymentIntent) -> ProviderPayment | None:
        """Look a refund up by its key, under its payment; None if Alipay never saw it, or could not do it.

        Alipay wants ten seconds between a refund and the query. One that is looked up sooner may not be found
        although it is under way. Whoever repeats it then, with the same key and amount, gets no second refund.

        A refund of another amount under the key is no end of the intent: that is for a person.
        """
        found = next(iter(await self.under(intent.direction, intent.key, intent.payment_id)), None)
        if found and found.status is ProviderStatus.SUCCEEDED and found.amount_minor != intent.amount_minor:
            raise ProviderUnavailable("payment", "another amount was refunded under the key")
        return found

    async def under(
        self, direction: PaymentDirection, reference: str, payment_id: str
    ) -> tuple[ProviderPayment, ...]:
        """The refund of a payment that has a reference; never more than one."""
        _require_refund(direction)
        content = {"trade_no": _trade_no(payment_id), "out_request_no": reference}
        answer = await self._queries.read_form(_GATEWAY, self._request(_QUERY, content), _KnownAnswer)
        known = answer.alipay_trade_fastpay_refund_query_response
        if not known.refund_status and not known.refund_amount:
            return ()
        if (known.trade_no, known.out_request_no) != (payment_id, reference):
            raise ProviderUnavailable("payment", "not the promised answer: another refund")
        # Alipay knows no refund that failed: it says nothing of it, and takes the repeat.
        succeeded = known.refund_status == "REFUND_SUCCESS"
        status = ProviderStatus.SUCCEEDED if succeeded else ProviderStatus.PENDING
        return (_payment(payment_id, reference, known.refund_amount, status),)

    async def changed(self, since: datetime, until: datetime, after: str = "") -> PaymentPage:
        """Nothing: Alipay lists no refunds. So the reconciliation asks for each that the ledger has as paid."""
        return PaymentPage(payments=())

    async def submit(self, intent: PaymentIntent, at: datetime) -> ProviderPayment:
        """Refund. Alipay takes no time of ours, so its own is on the refund."""
        _require_refund(intent.direction)
        if intent.currency != _CURRENCY:
            raise ProviderRefused("payment", f"Alipay is asked for {_CURRENCY} only", "currency_not_offered")
        yuan = to_yuan(intent.amount_minor)
        if yuan is None:
            detail = f"{intent.amount_minor} {intent.currency} (minor units) is not taken by Alipay in one refund"
            raise ProviderRefused("payment", detail, "amount_not_offered")
        content = {
            "trade_no": _trade_no(intent.payment_id),
            "out_request_no": intent.key,
            "refund_amount": yuan,
        }
        answer = await self._refunds.write_form(_GATEWAY, self._request(_REFUND, content), _TakenAnswer)
        taken = answer.alipay_trade_refund_response
        if taken.trade_no != intent.payment_id:
            raise OutcomeUnknown("payment", "not the promised answer: another payment")
        if taken.fund_change == "Y":
            return _payment(intent.payment_id, intent.key, intent.amount_minor, ProviderStatus.SUCCEEDED)
        return await self._proven(intent)

    async def _proven(self, intent: PaymentIntent) -> ProviderPayment:
        """What the query says of a refund that was taken and changed nothing: done before, or not done yet."""
        try:
            found = await self.find(intent)
        except ProviderError as error:
            raise OutcomeUnknown("payment", "no funds changed, and the query was not answered") from error
        if found is None:
            raise OutcomeUnknown("payment", "no funds changed, and the query knows no refund")
        return found

    async def renew_hold(self, reference: str, at: datetime) -> datetime:
        """Refused: no hold is made here."""
        _not_offered(PaymentDirection.HOLD)

    async def release_hold(self, reference: str, at: datetime) -> None:
        """Nothing to do: no hold is made here, and one that was never made is left alone."""

    def _request(self, method: str, content: Mapping[str, str]) -> dict[str, str]:
        """The fields of a call, signed now."""
        fields = {
            "app_id": self._app_id,
            "method": method,
            "format": "JSON",
            "charset": "utf-8",
            "sign_type": "RSA2",
            "timestamp": datetime.now(UTC).astimezone(_WALL_CLOCK).strftime("%Y-%m-%d %H:%M:%S"),
            "version": "1.0",
            "biz_content": json.dumps(content),
        }
        return fields | {"sign": sign(text_to_sign(fields), self._own_key)}


def _digits(app_id: str) -> str:
    if not _APP_ID.fullmatch(app_id):
        raise ValueError("must be the number of the app at Alipay, digits only")
    return app_id


class AlipaySettings(PaymentSettings):
    """What Alipay needs. Its keys are Base64 in a line, or PEM.

    Attributes:
        alipay_app_id: The number of the merchant's app.
        alipay_private_key: The app's private key.
        alipay_private_key_file: A file that holds it.
        alipay_public_key: The key with which Alipay signs; its console shows it beside the app's own.
        alipay_public_key_file: A file that holds it.
        alipay_url: Where Alipay's gateway is; another one for its sandbox or a stand-in.
    """

    alipay_app_id: Annotated[str, AfterValidator(_digits)]
    alipay_private_key: SecretStr | None = None
    alipay_private_key_file: Path | None = None
    alipay_public_key: SecretStr | None = None
    alipay_public_key_file: Path | None = None
    alipay_url: Annotated[str, AfterValidator(https_or_local)] = "https://openapi.alipay.com"

    _own_key: RSAPrivateKey = PrivateAttr()
    _alipays_key: RSAPublicKey = PrivateAttr()

    @model_validator(mode="after")
    def _has_keys(self) -> "AlipaySettings":
        own, alipays = "RETURNFLOW_ALIPAY_PRIVATE_KEY", "RETURNFLOW_ALIPAY_PUBLIC_KEY"
        self._own_key = private_key(*key_text_of(own, self.alipay_private_key, self.alipay_private_key_file))
        self._alipays_key = public_key(*key_text_of(alipays, self.alipay_public_key, self.alipay_public_key_file))
        if self._own_key.public_key() == self._alipays_key:
            raise ValueError(f"{alipays}: is the app's own; set the one that Alipay's console calls Alipay's")
        return self

    def connect(self, clients: HttpClients) -> PaymentProvider:
        """Make the adapter over connections that it shares with nobody who calls another URL."""
        return AlipayPayment(clients.to(self.alipay_url), self.alipay_app_id, self._own_key, self._alipays_key)


def _understanding(method: str, alipays_key: RSAPublicKey) -> Callable[[httpx.Response], Failure | None]:
    """How an answer to a method is understood: nothing is read that Alipay has not signed."""
    node = f"{method.replace('.', '_')}_response"

    def understood(response: httpx.Response) -> Failure | None:
        try:
            said = signed_node(response.content, node, alipays_key)
        except NotSigned:
            return UNSIGNED
        return understand(said)

    return understood


def _payment(trade_no: str, reference: str, fen: int, status: ProviderStatus) -> ListedPayment:
    """A refund in our terms. Alipay gives it no number: it is known by its payment and our reference."""
    return ListedPayment(
        direction=PaymentDirection.REFUND,
        reference=reference,
        provider_reference=f"{trade_no}/{reference}",
        status=status,
        amount_minor=fen,
        currency=_CURRENCY,
        payment_id=trade_no,
    )


def _trade_no(payment_id: str) -> str:
    if not _TRADE_NO.fullmatch(payment_id):
        raise ProviderRefused("payment", "the payment is no trade_no of Alipay's", "payment_not_of_alipay")
    return payment_id


def _require_refund(direction: PaymentDirection) -> None:
    if direction is not PaymentDirection.REFUND:
        _not_offered(direction)


def _not_offered(direction: PaymentDirection) -> NoReturn:
    raise ProviderRefused("payment", f"Alipay is used for refunds, not for a {direction}", "direction_not_offered")
