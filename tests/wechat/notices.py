"""Notices as WeChat Pay sends them: a refund encrypted for the merchant, in a body that WeChat signs."""

import base64
import json
import time
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from adapters.payment.wechat_signature import SCHEME, lines, sign
from tests.payments.keys import KeyPair, wechat
from tests.wechat.simulator import KEY_ID, MCHID

APIV3_KEY = "of the tests, thirty-two letters"
_NONCE = "0123456789ab"


@dataclass(frozen=True)
class Notice:
    """A body and the headers that came with it."""

    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


def a_notice(
    event_id: str = "EV-1", event: str = "REFUND.SUCCESS", key: str = APIV3_KEY, **changes: Any
) -> Notice:
    """A notice of a refund, signed now."""
    refund = {
        "mchid": MCHID,
        "transaction_id": "4200001234202603010000000001",
        "out_trade_no": "O-1",
        "refund_id": "50000000382019052709732678859",
        "out_refund_no": "RMA-1-refund-1-t0",
        "refund_status": event.removeprefix("REFUND."),
        "success_time": "2026-03-01T13:29:35+08:00",
        "user_received_account": "招商银行信用卡0403",
        "amount": {"total": 1_000, "refund": 400, "payer_total": 1_000, "payer_refund": 400},
    }
    associated = "refund"
    plain = json.dumps(refund | changes).encode()
    sealed = AESGCM(key.encode()).encrypt(_NONCE.encode(), plain, associated.encode())
    body = {
        "id": event_id,
        "create_time": "2026-03-01T13:29:35+08:00",
        "resource_type": "encrypt-resource",
        "event_type": event,
        "summary": "退款成功",
        "resource": {
            "original_type": "refund",
            "algorithm": "AEAD_AES_256_GCM",
            "ciphertext": base64.b64encode(sealed).decode(),
            "associated_data": associated,
            "nonce": _NONCE,
        },
    }
    return signed(json.dumps(body, ensure_ascii=False).encode())


def signed(body: bytes, keys: KeyPair | None = None, seconds_ago: int = 0) -> Notice:
    """A body with the headers that WeChat adds."""
    timestamp, nonce = str(int(time.time()) - seconds_ago), "5K8264ILTKCH16CQ2502SI8ZNMTM67VS"
    headers = {
        "Wechatpay-Serial": KEY_ID,
        "Wechatpay-Timestamp": timestamp,
        "Wechatpay-Nonce": nonce,
        "Wechatpay-Signature": sign(lines(timestamp, nonce, body), (keys or wechat()).private),
        "Wechatpay-Signature-Type": SCHEME,
    }
    return Notice(body, headers)
