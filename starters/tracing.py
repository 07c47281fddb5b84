"""Traces, where OpenTelemetry's own variables name somebody who takes them. Without that nothing is traced.

What makes spans needs OpenTelemetry's API only; what sends them is the extra `tracing`.
"""

import importlib
import os
from collections.abc import Mapping
from typing import Protocol, cast

from temporalio.plugin import SimplePlugin

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_SPOKEN = "http/protobuf"


class Tracing(Protocol):
    """Tracing that was started."""

    @property
    def plugin(self) -> SimplePlugin:
        """What Temporal's client is connected with, so that traces go through workflows."""

    def close(self) -> None:
        """Send what is left, and end; it takes a few seconds where nobody takes it."""


def start_tracing(service: str) -> Tracing | None:
    """Begin to send spans by OTLP over HTTP, if the environment says where to.

    Args:
        service: The name of the process, unless `OTEL_SERVICE_NAME` gives another.

    Raises:
        ValueError: If the environment asks for what this installation cannot do.
    """
    if not is_wanted(os.environ):
        return None
    for name in _PROTOCOLS:
        if os.environ.get(name, _SPOKEN) != _SPOKEN:
            raise ValueError(f"{name}: only {_SPOKEN} is spoken")
    try:
        module = importlib.import_module("starters.otlp")
    except ModuleNotFoundError as error:
        raise ValueError(
            f'{_named(os.environ)}: traces need more packages: pip install "returnflow[tracing]"'
        ) from error
    return cast(Tracing, module.OtlpTracing(service))


def is_wanted(environment: Mapping[str, str]) -> bool:
    """Whether the environment names an endpoint and does not turn OpenTelemetry off."""
    return bool(_named(environment)) and environment.get("OTEL_SDK_DISABLED", "").lower() != "true"


def _named(environment: Mapping[str, str]) -> str:
    return next((name for name in _ENDPOINTS if environment.get(name)), "")
