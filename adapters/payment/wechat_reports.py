"""What WeChat Pay reports of refunds: notices that it signs, the refund in them encrypted for the merchant."""

import base64
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import BaseModel, PrivateAttr, SecretStr, ValidationError, model_validator

from adapters.payment.reports import PaymentReports, ReportSettings, UnreadableReport
from adapters.payment.rsa_keys import public_key
from adapters.payment.settings import key_text_of, secret_of
from adapters.payment.wechat import ENDS, KeyId
from adapters.payment.wechat_signature import is_from_wechat
from adapters.signatures import InvalidSignature
from domain.intents import PaymentDirection, ProviderStatus
from domain.keys import rma_id_of_payment
from domain.payment_news import PaymentNews

_OF_REFUNDS = "REFUND."
_KEY_BYTES = 32


class _Resource(BaseModel):
    algorithm: Literal["AEAD_AES_256_GCM"]
    ciphertext: str
    nonce: str
    associated_data: str = ""


class _Notice(BaseModel):
    id: str
    event_type: str
    resource: _Resource


class _Refund(BaseModel):
    out_refund_no: str
    refund_id: str
    refund_status: str


class WechatReports(PaymentReports):
    """Reads WeChat's notices. Those of other things, and of refunds that we did not ask for, tell nothing.

    Args:
        key_id: The id of the key with which WeChat signs.
        wechats_key: The key.
        apiv3_key: The merchant's own, 32 bytes, with which WeChat encrypts.
    """

    def __init__(self, key_id: str, wechats_key: RSAPublicKey, apiv3_key: bytes) -> None:
        self._key_id = key_id
        self._wechats_key = wechats_key
        self._cipher = AESGCM(apiv3_key)

    def read(self, headers: Mapping[str, str], body: bytes, now: datetime) -> PaymentNews | None:
        """What a notice tells of a refund of ours."""
        if not is_from_wechat(headers, body, self._key_id, self._wechats_key):
            raise InvalidSignature("The Wechatpay- headers are missing, do not fit, or are too old.")
        try:
            notice = _Notice.model_validate_json(body)
            if not notice.event_type.startswith(_OF_REFUNDS):
                return None
            refund = _Refund.model_validate_json(self._decrypted(notice.resource))
            return _news(notice, refund) if rma_id_of_payment(refund.out_refund_no) else None
        except ValidationError as error:
            fields = sorted({".".join(map(str, each["loc"])) for each in error.errors(include_input=False)})
            raise UnreadableReport(f"not a notice of a refund as WeChat documents it, at {fields[:5]}") from None

    def _decrypted(self, resource: _Resource) -> bytes:
        try:
            ciphertext = base64.b64decode(resource.ciphertext, validate=True)
            return self._cipher.decrypt(resource.nonce.encode(), ciphertext, resource.associated_data.encode())
        except (InvalidTag, ValueError, UnicodeEncodeError):
            detail = (
                "resource cannot be decrypted: is RETURNFLOW_WECHAT_APIV3_KEY the one of the merchant platform?"
            )
            raise UnreadableReport(detail) from None


class WechatReportSettings(ReportSettings):
    """What it takes to trust and to read WeChat's notices.

    Attributes:
        wechat_apiv3_key: The merchant's key of version 3 of the API, 32 characters.
        wechat_apiv3_key_file: A file that holds it.
        wechat_public_key_id: As of `WechatSettings`.
        wechat_public_key: As of `WechatSettings`.
        wechat_public_key_file: As of `WechatSettings`.
    """

    wechat_apiv3_key: SecretStr | None = None
    wechat_apiv3_key_file: Path | None = None
    wechat_public_key_id: Annotated[str, KeyId] | None = None
    wechat_public_key: SecretStr | None = None
    wechat_public_key_file: Path | None = None

    _reports: WechatReports | None = PrivateAttr(None)

    @model_validator(mode="after")
    def _is_whole(self) -> "WechatReportSettings":
        if self.wechat_apiv3_key is None and self.wechat_apiv3_key_file is None:
            return self
        name = "RETURNFLOW_WECHAT_APIV3_KEY"
        key = secret_of(name, self.wechat_apiv3_key, self.wechat_apiv3_key_file).get_secret_value().encode()
        if len(key) != _KEY_BYTES:
            raise ValueError(f"{name}: must have {_KEY_BYTES} characters")
        if not self.wechat_public_key_id:
            raise ValueError("RETURNFLOW_WECHAT_PUBLIC_KEY_ID: is missing; it is shown beside WeChat's public key")
        own = "RETURNFLOW_WECHAT_PUBLIC_KEY"
        wechats_key = public_key(*key_text_of(own, self.wechat_public_key, self.wechat_public_key_file))
        self._reports = WechatReports(self.wechat_public_key_id, wechats_key, key)
        return self

    def reports(self) -> PaymentReports | None:
        """Make the reader; None if there is no key to read with."""
        return self._reports


def _news(notice: _Notice, refund: _Refund) -> PaymentNews:
    return PaymentNews(
        provider="wechat",
        event_id=notice.id,
        direction=PaymentDirection.REFUND,
        reference=refund.out_refund_no,
        provider_reference=refund.refund_id,
        status=ENDS.get(refund.refund_status, ProviderStatus.PENDING),
    )
