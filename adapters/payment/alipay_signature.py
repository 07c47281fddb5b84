"""Alipay's signatures, which it calls RSA2: SHA-256 with RSA, in Base64.

A request is signed over its fields, an answer over the very text of the node that answers the method. So that text
is taken out of the body as it stands: written anew it could differ in a space.
"""

import base64
import json
import re
from collections.abc import Mapping

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from pydantic import JsonValue

_SPACE = re.compile(r"[ \t\r\n]*")
_decode = json.JSONDecoder().raw_decode


class NotSigned(Exception):
    """An answer does not carry Alipay's signature over the node that it should; nothing of it is believed."""


def text_to_sign(fields: Mapping[str, str]) -> str:
    """The text of a request that is signed: its fields by name, but for the signature and those that are empty."""
    return "&".join(f"{name}={value}" for name, value in sorted(fields.items()) if value and name != "sign")


def sign(text: str, key: RSAPrivateKey) -> str:
    """Sign a text."""
    return base64.b64encode(key.sign(text.encode(), PKCS1v15(), SHA256())).decode()


def is_signed(text: str, signature: str, key: RSAPublicKey) -> bool:
    """Whether a signature is one of the text by the key's owner."""
    try:
        key.verify(base64.b64decode(signature, validate=True), text.encode(), PKCS1v15(), SHA256())
    except (InvalidSignature, ValueError):
        return False
    return True


def signed_node(body: bytes, name: str, key: RSAPublicKey) -> dict[str, JsonValue]:
    """What an answer says in its node of this name, after the signature over it was verified.

    Raises:
        NotSigned: If there is no such node, or its signature is missing or not one of the key's owner.
    """
    try:
        members = _members(body.decode("utf-8"))
        text, signature = members[name], json.loads(members["sign"])
        node = json.loads(text)
    except (ValueError, KeyError, RecursionError):
        raise NotSigned from None
    if not isinstance(signature, str) or not isinstance(node, dict) or not is_signed(text, signature, key):
        raise NotSigned
    return node


def _members(text: str) -> dict[str, str]:
    """The text of each member of a JSON object, as it stands there.

    Raises:
        ValueError: If the text is no JSON object, or has two members of one name.
    """
    members: dict[str, str] = {}
    at = _after(text, 0, "{")
    while True:
        name, at = _decode(text, at)
        begin = _after(text, at, ":")
        _, end = _decode(text, begin)
        if not isinstance(name, str) or name in members:
            raise ValueError
        members[name] = text[begin:end]
        at = _past_space(text, end)
        if text[at : at + 1] != ",":
            break
        at = _after(text, at, ",")
    if text[at:].strip(" \t\r\n") != "}":
        raise ValueError
    return members


def _after(text: str, at: int, mark: str) -> int:
    """Where the text goes on behind a mark and the spaces around it."""
    at = _past_space(text, at)
    if text[at : at + 1] != mark:
        raise ValueError
    return _past_space(text, at + 1)


def _past_space(text: str, at: int) -> int:
    space = _SPACE.match(text, at)
    return space.end() if space else at
