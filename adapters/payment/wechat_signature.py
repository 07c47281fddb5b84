"""WeChat Pay's signatures, version 3: SHA-256 with RSA, in Base64, over lines that end each with a line feed."""

import base64
import secrets
import time
from collections.abc import Generator, Mapping

import httpx
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

SCHEME = "WECHATPAY2-SHA256-RSA2048"
_OLDEST_SECONDS = 300


def lines(*parts: str | bytes) -> bytes:
    """What is signed: each part on a line, the last one ended as well."""
    return b"".join((part.encode() if isinstance(part, str) else part) + b"\n" for part in parts)


def sign(content: bytes, key: RSAPrivateKey) -> str:
    """Sign."""
    return base64.b64encode(key.sign(content, PKCS1v15(), SHA256())).decode()


def is_signed(content: bytes, signature: str, key: RSAPublicKey) -> bool:
    """Whether a signature is one of the content by the key's owner."""
    try:
        key.verify(base64.b64decode(signature, validate=True), content, PKCS1v15(), SHA256())
    except (InvalidSignature, ValueError):
        return False
    return True


class MerchantSignature(httpx.Auth):
    """Signs each call in the merchant's name, over its method, its path with the query, and its body.

    Args:
        mchid: The merchant's number.
        serial_no: The serial number of the merchant's certificate.
        key: Its private key.
    """

    requires_request_body = True

    def __init__(self, mchid: str, serial_no: str, key: RSAPrivateKey) -> None:
        self._mchid = mchid
        self._serial_no = serial_no
        self._key = key

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the header, as of now; one call has one signature."""
        timestamp, nonce = str(int(time.time())), secrets.token_hex(16)
        content = lines(request.method, request.url.raw_path, timestamp, nonce, request.content)
        fields = {
            "mchid": self._mchid,
            "nonce_str": nonce,
            "signature": sign(content, self._key),
            "timestamp": timestamp,
            "serial_no": self._serial_no,
        }
        said = ",".join(f'{name}="{value}"' for name, value in fields.items())
        request.headers["Authorization"] = f"{SCHEME} {said}"
        yield request


def is_from_wechat(headers: Mapping[str, str], body: bytes, key_id: str, key: RSAPublicKey) -> bool:
    """Whether an answer or a notice is signed with the key of this id, as it came, at most 5 minutes off.

    Args:
        headers: By their names in small letters, or however they are written.
        body: As it came.
        key_id: The id that WeChat gave to its key.
        key: The key.
    """
    timestamp, nonce = headers.get("wechatpay-timestamp", ""), headers.get("wechatpay-nonce", "")
    if headers.get("wechatpay-serial") != key_id or not (timestamp.isascii() and timestamp.isdecimal()):
        return False
    if len(timestamp) > 12 or abs(time.time() - int(timestamp)) > _OLDEST_SECONDS:
        return False
    return is_signed(lines(timestamp, nonce, body), headers.get("wechatpay-signature", ""), key)
