"""RSA keys of merchants and of those who pay for them, as they are handed out: PEM, or its Base64 in a line."""

import base64

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import (
    load_der_private_key,
    load_der_public_key,
    load_pem_private_key,
    load_pem_public_key,
)
from pydantic import SecretStr

_ARMOUR = "-----BEGIN "
_LEAST_BITS = 2048
"""What RSA2 asks for."""

_UNREADABLE = (ValueError, TypeError, UnsupportedAlgorithm)


def private_key(name: str, text: SecretStr) -> RSAPrivateKey:
    """Read a private key: PKCS #1 or PKCS #8, without a password.

    Args:
        name: The setting that holds it.
        text: The key.

    Raises:
        ValueError: If it is no such key. The text names the setting only.
    """
    content = text.get_secret_value()
    try:
        if content.startswith(_ARMOUR):
            key = load_pem_private_key(content.encode(), None)
        else:
            key = load_der_private_key(base64.b64decode(content, validate=True), None)
    except _UNREADABLE:
        key = None
    if not isinstance(key, RSAPrivateKey) or key.key_size < _LEAST_BITS:
        raise ValueError(f"{name}: is no RSA private key of at least {_LEAST_BITS} bits, as PEM or as its Base64")
    return key


def public_key(name: str, text: SecretStr) -> RSAPublicKey:
    """Read a public key.

    Args:
        name: The setting that holds it.
        text: The key.

    Raises:
        ValueError: If it is no such key. The text names the setting only.
    """
    content = text.get_secret_value()
    try:
        if content.startswith(_ARMOUR):
            key = load_pem_public_key(content.encode())
        else:
            key = load_der_public_key(base64.b64decode(content, validate=True))
    except _UNREADABLE:
        key = None
    if not isinstance(key, RSAPublicKey) or key.key_size < _LEAST_BITS:
        raise ValueError(f"{name}: is no RSA public key of at least {_LEAST_BITS} bits, as PEM or as its Base64")
    return key
