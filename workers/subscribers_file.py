"""The file of the subscribers: who is told of events, where, and with which secrets."""

import base64
import binascii
import re
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from adapters.subscribers.standard_webhooks import Endpoint

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_FIELDS = {"name", "url", "secret", "secret_file", "old_secret", "old_secret_file"}
_THIS_MACHINE = ("127.0.0.1", "localhost", "::1")
_PREFIX = "whsec_"
_KEY_BYTES = range(24, 65)


def load_subscribers(path: Path | None) -> tuple[Endpoint, ...]:
    """Read who is told; nobody without a file.

    Raises:
        ValueError: If the file cannot be used. The text names the subscriber and the field, and no secret.
    """
    if path is None:
        return ()
    try:
        tables = tomllib.loads(path.read_text("utf-8")).get("subscriber", [])
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} cannot be read: {type(error).__name__}") from None
    except tomllib.TOMLDecodeError:
        # Its text could quote a secret.
        raise ValueError(f"{path} is no TOML") from None
    if not isinstance(tables, list) or not tables or not all(isinstance(table, dict) for table in tables):
        raise ValueError(f"{path} has no [[subscriber]]")
    endpoints = tuple(_endpoint(f"subscriber[{number}]", table) for number, table in enumerate(tables))
    names = [endpoint.name for endpoint in endpoints]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"name: {twice[0]} is there twice")
    return endpoints


def _endpoint(where: str, table: dict[str, Any]) -> Endpoint:
    if unknown := sorted(set(table) - _FIELDS):
        raise ValueError(f"{where}.{unknown[0]}: is unknown; there are {', '.join(sorted(_FIELDS))}")
    if wrong := sorted(field for field, value in table.items() if not isinstance(value, str)):
        raise ValueError(f"{where}.{wrong[0]}: must be a text")
    name = table.get("name", "")
    if not _NAME.fullmatch(name):
        raise ValueError(f"{where}.name: must be small letters, digits, - and _, such as shop")
    _require_safe(f"{where}.url", table.get("url", ""))
    keys = [_key(where, table, "secret")]
    if "old_secret" in table or "old_secret_file" in table:
        keys.append(_key(where, table, "old_secret"))
    return Endpoint(name, table["url"], tuple(keys))


def _require_safe(field: str, url: str) -> None:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError(f"{field}: is no URL") from None
    if not host or (parts.scheme != "https" and not (parts.scheme == "http" and host in _THIS_MACHINE)):
        raise ValueError(f"{field}: must start with https:// (http:// only to {', '.join(_THIS_MACHINE)})")


def _key(where: str, table: dict[str, str], field: str) -> bytes:
    """The bytes of a secret, from its field or from the file that another field names."""
    text, file = table.get(field, ""), table.get(f"{field}_file", "")
    if bool(text) == bool(file):
        raise ValueError(f"{where}: needs either {field} or {field}_file")
    if file:
        field = f"{field}_file"
        try:
            text = Path(file).read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ValueError(f"{where}.{field}: {file} cannot be read: {type(error).__name__}") from None
    try:
        key = base64.b64decode(text.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not text.startswith(_PREFIX) or len(key) not in _KEY_BYTES:
        raise ValueError(f"{where}.{field}: must be {_PREFIX} and 24 to 64 bytes in base64")
    return key
