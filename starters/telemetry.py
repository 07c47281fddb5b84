"""What a process tells of itself besides its own logs: metrics on a port, and what Temporal's core has to log.

Temporal's metrics and ours come from one runtime, so that one port has all of them under Prometheus' names.
"""

import ipaddress
import logging

from temporalio.runtime import (
    LogForwardingConfig,
    LoggingConfig,
    PrometheusConfig,
    Runtime,
    TelemetryConfig,
    TelemetryFilter,
)

_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86400.0
_BUCKETS = {
    "returnflow_clock_lateness": (1, 5, 30, _MINUTE, 5 * _MINUTE, 15 * _MINUTE, _HOUR, 4 * _HOUR, _DAY),
    "returnflow_api_request_latency": (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
}
"""Upper bounds in seconds."""


def make_runtime(metrics_address: str) -> Runtime:
    """Make the runtime of a process; there is one, and every client of the process runs on it.

    Args:
        metrics_address: Where `/metrics` is served, `ip:port`; empty serves none.

    Raises:
        ValueError: If nothing can listen there.
    """
    return Runtime(
        telemetry=TelemetryConfig(
            logging=LoggingConfig(
                filter=TelemetryFilter(core_level="WARN", other_level="ERROR"),
                forwarding=LogForwardingConfig(
                    logger=logging.getLogger("temporalio.core"),
                    append_target_to_name=False,
                    prepend_target_on_message=False,
                    append_log_fields_to_message=False,
                ),
            ),
            metrics=_prometheus(metrics_address) if metrics_address else None,
            attach_service_name=False,
        )
    )


def listening_address(value: str) -> str:
    """Check the address of a metrics endpoint; an empty one is none.

    Raises:
        ValueError: If it is not an IP address with a port.
    """
    if not value:
        return ""
    host, _, port = value.rpartition(":")
    try:
        ipaddress.ip_address(host.removeprefix("[").removesuffix("]"))
        is_port = 1 <= int(port) <= 65535
    except ValueError:
        is_port = False
    if not is_port:
        raise ValueError("must be an IP address and a port, such as 127.0.0.1:9464 or 0.0.0.0:9464")
    return value


def _prometheus(address: str) -> PrometheusConfig:
    return PrometheusConfig(
        bind_address=address,
        counters_total_suffix=True,
        unit_suffix=True,
        durations_as_seconds=True,
        histogram_bucket_overrides=_BUCKETS,
    )
