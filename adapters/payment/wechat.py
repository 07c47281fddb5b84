"""WeChat Pay, version 3, as the payment provider: refunds of payments that were made there, nothing else so far.

A refund's reference is its `out_refund_no`, under which WeChat pays once; a repeat is answered with the refund
that there is. That it takes a refund says nothing of its end, which is asked for.
"""

import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, NoReturn

import httpx
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    PrivateAttr,
    SecretStr,
    model_validator,
)

from adapters.errors import OutcomeUnknown, ProviderRefused, ProviderUnavailable
from adapters.failures import OURS_TO_MEND, Failure, Meaning, code_or, json_object
from adapters.http import HttpClients, ProviderHttp
from adapters.payment.port import ListedPayment, PaymentPage, PaymentProvider
from adapters.payment.rsa_keys import private_key, public_key
from adapters.payment.settings import PaymentSettings, https_or_local, key_text_of
from adapters.payment.wechat_signature import MerchantSignature, is_from_wechat
from domain.intents import PaymentDirection, PaymentIntent, ProviderPayment, ProviderStatus

_REFUNDS = "/v3/refund/domestic/refunds"
_TRANSACTIONS = "/v3/pay/transactions/id"
_CURRENCY = "CNY"
_NEVER_SEEN = "RESOURCE_NOT_EXISTS"
_TRANSACTION_ID = re.compile(r"\d{20,32}", re.ASCII)

# What is no end is pending, also a status that WeChat may add. ABNORMAL is no end: the money reaches no account of
# the customer's until the merchant says at WeChat where it is to go. A decline would have it paid a second time.
ENDS = {"SUCCESS": ProviderStatus.SUCCEEDED, "CLOSED": ProviderStatus.FAILED}

_FAILURES: tuple[tuple[int | None, str, Meaning], ...] = (
    # Too many calls, too many errors of ours, or another refund of the payment within a minute: not taken.
    (None, "FREQUENCY_LIMITED", Meaning.NOT_DONE),
    # Our balance there does not cover the refund. The customer's means of payment is not at fault.
    (None, "NOT_ENOUGH", Meaning.NOT_DONE),
    # A rule of WeChat's: more than is left, a 51st refund, another amount under the reference, a payment
    # of a year ago. No other means of the customer's would help, so it is for a person and no decline.
    (None, "INVALID_REQUEST", Meaning.NOT_DONE),
    # A mistake of ours, in a call or in the settings.
    (None, "PARAM_ERROR", Meaning.NOT_DONE),
    (None, "MCH_NOT_EXISTS", Meaning.NOT_DONE),
    (None, "SYSTEM_ERROR", Meaning.UNCLEAR),
    # The customer's account is gone or blocked.
    (403, "USER_ACCOUNT_ABNORMAL", Meaning.REFUSED),
    (404, _NEVER_SEEN, Meaning.REFUSED),
    (404, "ORDER_NOT_EXIST", Meaning.REFUSED),
    (429, "", Meaning.NOT_DONE),
    *((status, "", Meaning.NOT_DONE) for status in OURS_TO_MEND),
)
"""What WeChat's errors mean: status, `code`, meaning. The first that fits counts; all others are unclear."""


class _Amount(BaseModel):
    model_config = ConfigDict(frozen=True)

    total: int = Field(gt=0, strict=True)
    currency: str = _CURRENCY


class _RefundAmount(_Amount):
    refund: int = Field(gt=0, strict=True)


class _Transaction(BaseModel):
    transaction_id: str
    amount: _Amount


class _Refund(BaseModel):
    model_config = ConfigDict(frozen=True)

    refund_id: str = Field(min_length=1)
    out_refund_no: str
    transaction_id: str
    status: str
    amount: _RefundAmount

    def listed(self) -> ListedPayment:
        """The refund in our terms."""
        status = ENDS.get(self.status, ProviderStatus.PENDING)
        return ListedPayment(
            direction=PaymentDirection.REFUND,
            reference=self.out_refund_no,
            provider_reference=self.refund_id,
            status=status,
            amount_minor=self.amount.refund,
            currency=self.amount.currency,
            failure=self.status if status is ProviderStatus.FAILED else "",
            payment_id=self.transaction_id,
        )


class WechatPayment(PaymentProvider):
    """The payment ports on WeChat Pay's API, version 3, for a merchant of its own (no service provider).

    Refunds only, in yuan: a charge, a hold or a capture is refused as ``direction_not_offered``. WeChat pays back
    the way that the customer paid, whatever `method_id` an intent names.

    Args:
        client: One that signs, and names `key_id` as the key to answer with.
        mchid: The merchant's number.
        key_id: The id of the key with which WeChat signs.
        wechats_key: The key.
    """

    def __init__(self, client: httpx.AsyncClient, mchid: str, key_id: str, wechats_key: RSAPublicKey) -> None:
        self._mchid = mchid
        self._http = ProviderHttp(client, "payment", _understanding(key_id, wechats_key))

    async def find(self, intent: PaymentIntent) -> ProviderPayment | None:
        """Look a refund up by its key; None if WeChat never saw it.

        A refund of another amount under the key is no end of the intent: that is for a person.
        """
        found = next(iter(await self.under(intent.direction, intent.key, intent.payment_id)), None)
        if found and found.amount_minor != intent.amount_minor:
            raise ProviderUnavailable("payment", "another amount was refunded under the key")
        return found

    async def under(
        self, direction: PaymentDirection, reference: str, payment_id: str
    ) -> tuple[ProviderPayment, ...]:
        """The refund that has a reference; never more than one. It is found without its payment as well."""
        _require_refund(direction)
        try:
            found = await self._http.read(f"{_REFUNDS}/{reference}", _Refund)
        except ProviderRefused as refused:
            if refused.code == _NEVER_SEEN:
                return ()
            raise
        if found.out_refund_no != reference or payment_id not in ("", found.transaction_id):
            raise ProviderUnavailable("payment", "not the promised answer: another refund")
        return (found.listed(),)

    async def changed(self, since: datetime, until: datetime, after: str = "") -> PaymentPage:
        """Nothing: WeChat lists no refunds. So the reconciliation asks for each that the ledger has as paid."""
        return PaymentPage(payments=())

    async def submit(self, intent: PaymentIntent, at: datetime) -> ProviderPayment:
        """Refund. WeChat takes no time of ours. It wants to be told the whole payment, so it is asked for that."""
        _require_refund(intent.direction)
        if intent.currency != _CURRENCY:
            raise ProviderRefused("payment", f"WeChat is asked for {_CURRENCY} only", "currency_not_offered")
        if not _TRANSACTION_ID.fullmatch(intent.payment_id):
            raise ProviderRefused(
                "payment", "the payment is no transaction_id of WeChat's", "payment_not_of_wechat"
            )
        body: dict[str, JsonValue] = {
            "transaction_id": intent.payment_id,
            "out_refund_no": intent.key,
            "amount": {
                "refund": intent.amount_minor,
                "total": await self._total(intent.payment_id),
                "currency": _CURRENCY,
            },
        }
        made = await self._http.write(_REFUNDS, body, _Refund)
        promised = (intent.key, intent.payment_id, intent.amount_minor)
        if (made.out_refund_no, made.transaction_id, made.amount.refund) != promised:
            raise OutcomeUnknown("payment", "not the promised answer: another refund")
        return made.listed()

    async def _total(self, transaction_id: str) -> int:
        """What the customer paid, in fen. An intent carries its own share only."""
        paid = await self._http.read(f"{_TRANSACTIONS}/{transaction_id}", _Transaction, {"mchid": self._mchid})
        if paid.transaction_id != transaction_id:
            raise ProviderUnavailable("payment", "not the promised answer: another payment")
        return paid.amount.total

    async def renew_hold(self, reference: str, at: datetime) -> datetime:
        """Refused: no hold is made here."""
        _not_offered(PaymentDirection.HOLD)

    async def release_hold(self, reference: str, at: datetime) -> None:
        """Nothing to do: no hold is made here, and one that was never made is left alone."""


def _fits(pattern: str, what: str) -> AfterValidator:
    def checked(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(f"must be {what}")
        return text

    return AfterValidator(checked)


KeyId = _fits(r"PUB_KEY_ID_[0-9A-Za-z_]{1,64}", "the id of a key, such as PUB_KEY_ID_0114…")


class WechatSettings(PaymentSettings):
    """What WeChat Pay needs.

    Attributes:
        wechat_mchid: The merchant's number.
        wechat_serial_no: The serial number of the merchant's API certificate.
        wechat_private_key: The private key of that certificate (`apiclient_key.pem`).
        wechat_private_key_file: A file that holds it.
        wechat_public_key_id: The id of WeChat Pay's public key, as the merchant platform shows it.
        wechat_public_key: The public key with which WeChat signs.
        wechat_public_key_file: A file that holds it.
        wechat_url: Where WeChat Pay's API is; another one for a stand-in.
    """

    wechat_mchid: Annotated[str, _fits(r"[0-9]{6,32}", "the merchant's number, digits only")]
    wechat_serial_no: Annotated[
        str, _fits(r"[0-9A-Fa-f]{16,64}", "the serial number of a certificate, hexadecimal")
    ]
    wechat_private_key: SecretStr | None = None
    wechat_private_key_file: Path | None = None
    wechat_public_key_id: Annotated[str, KeyId]
    wechat_public_key: SecretStr | None = None
    wechat_public_key_file: Path | None = None
    wechat_url: Annotated[str, AfterValidator(https_or_local)] = "https://api.mch.weixin.qq.com"

    _own_key: RSAPrivateKey = PrivateAttr()
    _wechats_key: RSAPublicKey = PrivateAttr()

    @model_validator(mode="after")
    def _has_keys(self) -> "WechatSettings":
        own, wechats = "RETURNFLOW_WECHAT_PRIVATE_KEY", "RETURNFLOW_WECHAT_PUBLIC_KEY"
        self._own_key = private_key(*key_text_of(own, self.wechat_private_key, self.wechat_private_key_file))
        self._wechats_key = public_key(*key_text_of(wechats, self.wechat_public_key, self.wechat_public_key_file))
        if self._own_key.public_key() == self._wechats_key:
            raise ValueError(f"{wechats}: is the merchant's own; set WeChat's, which the merchant platform shows")
        return self

    def connect(self, clients: HttpClients) -> PaymentProvider:
        """Make the adapter over connections of its own."""
        auth = MerchantSignature(self.wechat_mchid, self.wechat_serial_no, self._own_key)
        headers = {"Accept": "application/json", "Wechatpay-Serial": self.wechat_public_key_id}
        client = clients.to(self.wechat_url, headers, auth)
        return WechatPayment(client, self.wechat_mchid, self.wechat_public_key_id, self._wechats_key)


def _understanding(key_id: str, wechats_key: RSAPublicKey) -> Callable[[httpx.Response], Failure | None]:
    """How an answer is understood: nothing is read that WeChat has not signed."""

    def understood(response: httpx.Response) -> Failure | None:
        if not is_from_wechat(response.headers, response.content, key_id, wechats_key):
            return Failure(Meaning.UNCLEAR, f"not signed by WeChat: {response.status_code}")
        return None if response.is_success else _understand(response)

    return understood


def _understand(response: httpx.Response) -> Failure:
    status = response.status_code
    code = code_or(json_object(response).get("code"), f"http_{status}")
    detail = f"WeChat says {status} {code}"
    for row_status, row_code, meaning in _FAILURES:
        if row_status in (None, status) and row_code in ("", code):
            return Failure(meaning, detail, code)
    return Failure(Meaning.UNCLEAR, detail, code)


def _require_refund(direction: PaymentDirection) -> None:
    if direction is not PaymentDirection.REFUND:
        _not_offered(direction)


def _not_offered(direction: PaymentDirection) -> NoReturn:
    raise ProviderRefused("payment", f"WeChat is used for refunds, not for a {direction}", "direction_not_offered")
