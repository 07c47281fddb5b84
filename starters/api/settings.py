"""What the API needs to know, from the environment; it refuses to start on what is missing or contradictory."""

import ipaddress
import re
import sys
from collections.abc import Sequence
from typing import Annotated, Any, NoReturn

from pydantic import (
    AfterValidator,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from adapters.payment.providers import PAYMENT_REPORTS
from adapters.payment.reports import PaymentReports
from starters.telemetry import listening_address
from workflows import ids

_PREFIX = "RETURNFLOW_"
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")


class ApiSettings(BaseSettings):
    """Settings of the API, each an environment variable with the prefix ``RETURNFLOW_``; a blank one is unset.

    The connection to Temporal is Temporal's own: ``TEMPORAL_ADDRESS``, ``TEMPORAL_NAMESPACE``, profiles.

    Attributes:
        ledger_url: SQLAlchemy URL of the ledger; it may hold a password.
        carrier_webhook_secret: What the carriers sign their scans with, at least 16 characters.
        api_token: What the shop's own systems send as bearer token; without one there is no check.
        api_host: The address to listen on; any other than loopback needs a token.
        api_port: The port to listen on; 0 picks a free one.
        task_queue: The queue that returns are started on.
        api_metrics_address: Where `/metrics` is served for Prometheus, `ip:port`; empty serves none. It is never
            on the API's own port, which others can reach.
    """

    model_config = SettingsConfigDict(env_prefix=_PREFIX, frozen=True)

    ledger_url: SecretStr
    carrier_webhook_secret: SecretStr = Field(min_length=16)
    api_token: SecretStr | None = None
    api_host: str = "127.0.0.1"
    api_port: int = Field(default=8000, ge=0, le=65535)
    task_queue: str = ids.DEFAULT_TASK_QUEUE
    api_metrics_address: Annotated[str, AfterValidator(listening_address)] = ""

    @model_validator(mode="before")
    @classmethod
    def _blank_is_unset(cls, values: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in values.items() if not isinstance(value, str) or value.strip() != ""}

    @field_validator("api_token")
    @classmethod
    def _can_be_sent(cls, token: SecretStr | None) -> SecretStr | None:
        if token and not _TOKEN.fullmatch(token.get_secret_value()):
            raise ValueError("only letters, digits and ._~+/- can be sent as a bearer token")
        return token

    @field_validator("api_host")
    @classmethod
    def _is_guarded(cls, host: str, info: ValidationInfo) -> str:
        if "api_token" in info.data and info.data["api_token"] is None and not is_loopback(host):
            raise ValueError(
                f"{host} can be reached from other machines: set {_PREFIX}API_TOKEN as well, "
                "or listen on 127.0.0.1"
            )
        return host


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def load_settings() -> ApiSettings:
    """Read the settings, or end the process with a line for each that is missing or wrong."""
    try:
        return ApiSettings()
    except ValidationError as error:
        refuse_to_start([_explain(each["loc"], each["type"], each["msg"]) for each in error.errors()])


def load_reports() -> dict[str, PaymentReports]:
    """Read which payment providers' webhooks can be trusted, or end the process with a line for what is wrong."""
    reports: dict[str, PaymentReports] = {}
    reasons: list[str] = []
    for name, settings in PAYMENT_REPORTS.items():
        try:
            reader = settings().reports()
        except ValidationError as error:
            reasons += [_explain(each["loc"], each["type"], each["msg"]) for each in error.errors()]
            continue
        if reader is not None:
            reports[name] = reader
    if reasons:
        refuse_to_start(reasons)
    return reports


def refuse_to_start(reasons: Sequence[str]) -> NoReturn:
    """End the process with code 2, saying what to mend."""
    sys.stderr.write("The API does not start:\n" + "".join(f"  {reason}\n" for reason in reasons))
    raise SystemExit(2)


def _explain(location: Sequence[int | str], kind: str, message: str) -> str:
    if not location:
        # What is said of several settings together names them itself.
        return message.removeprefix("Value error, ")
    name = _PREFIX + str(location[0]).upper()
    if kind == "missing":
        return f"{name}: is not set"
    return f"{name}: {message.removeprefix('Value error, ')}"
