"""Keys of a merchant, of Alipay and of WeChat that are made for a run of the tests."""

import base64
from dataclasses import dataclass
from functools import cache

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)


@dataclass(frozen=True)
class KeyPair:
    """A key and the forms in which it is handed around."""

    private: RSAPrivateKey

    @property
    def private_pem(self) -> str:
        """PKCS #8 with its armour."""
        return self.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()

    @property
    def private_base64(self) -> str:
        """PKCS #1 in one line, as Alipay's tool writes it for all languages but Java."""
        der = self.private.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption())
        return base64.b64encode(der).decode()

    @property
    def public_base64(self) -> str:
        """In one line, as Alipay's console shows it."""
        der = self.private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return base64.b64encode(der).decode()

    @property
    def public_pem(self) -> str:
        """With its armour."""
        return self.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def a_key_pair(bits: int = 2048) -> KeyPair:
    """A new pair."""
    return KeyPair(generate_private_key(65537, bits))


@cache
def merchant() -> KeyPair:
    """The pair of the merchant."""
    return a_key_pair()


@cache
def alipay() -> KeyPair:
    """The pair of Alipay."""
    return a_key_pair()


@cache
def wechat() -> KeyPair:
    """The pair of WeChat."""
    return a_key_pair()


@cache
def stranger() -> KeyPair:
    """A pair that nobody knows."""
    return a_key_pair()
