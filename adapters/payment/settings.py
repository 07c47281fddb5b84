"""What a payment provider needs to know of its installation, from the environment."""

import re
from abc import ABC, abstractmethod
from pathlib import Path

import httpx
from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from adapters.http import HttpClients
from adapters.payment.port import PaymentProvider

_PRINTABLE = re.compile(r"[!-~]+")


class PaymentSettings(BaseSettings, ABC):
    """Settings of one provider, each an environment variable with the prefix ``RETURNFLOW_``.

    They are read when the worker starts, which does not start on what is missing or contradictory.
    """

    model_config = SettingsConfigDict(env_prefix="RETURNFLOW_", env_ignore_empty=True, frozen=True)

    @abstractmethod
    def connect(self, clients: HttpClients) -> PaymentProvider:
        """Make the adapter, over clients that the process closes. Nothing is called yet."""


def https_or_local(url: str) -> str:
    """A provider's URL, kept from sending secrets in clear text: only what runs on this machine is without TLS."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        raise ValueError("must be a URL that starts with https://") from None
    is_local = parsed.scheme == "http" and parsed.host in ("localhost", "127.0.0.1", "::1")
    if not parsed.host or (parsed.scheme != "https" and not is_local):
        raise ValueError("must start with https://, or with http:// for a peer on this machine")
    return url.rstrip("/")


def secret_of(name: str, value: SecretStr | None, file: Path | None) -> SecretStr:
    """A secret from its setting, or from the file that another one names, as secrets are mounted in containers.

    Args:
        name: Of the setting that would hold the secret; the one of the file ends with ``_FILE``.
        value: What the first holds.
        file: What the second holds.

    Raises:
        ValueError: If there is none, there are two, or it cannot be one. The text names settings only.
    """
    where, text = _given(name, value, file)
    if not _PRINTABLE.fullmatch(text):
        raise ValueError(f"{where}: must be one word of printable ASCII")
    return SecretStr(text)


def key_text_of(name: str, value: SecretStr | None, file: Path | None) -> tuple[str, SecretStr]:
    """The text of a key like `secret_of`, of several lines as PEM has, and the setting that it comes from.

    Raises:
        ValueError: If there is none, or there are two. The text names settings only.
    """
    where, text = _given(name, value, file)
    return where, SecretStr(text)


def _given(name: str, value: SecretStr | None, file: Path | None) -> tuple[str, str]:
    """The setting that holds something, and what it holds."""
    if value is not None and file is not None:
        raise ValueError(f"{name}, {name}_FILE: both are set; keep one of them")
    where, text = name, value.get_secret_value() if value else ""
    if file is not None:
        where = f"{name}_FILE"
        try:
            text = file.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ValueError(f"{where}: {file} cannot be read: {type(error).__name__}") from None
    text = text.strip()
    if not text:
        raise ValueError(f"{where}: is missing; set {name}, or {name}_FILE to a file that holds it")
    return where, text
