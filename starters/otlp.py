"""Sends spans by OTLP over HTTP. It needs the extra `tracing`: `starters.tracing` imports it if wanted."""

import os

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from temporalio.contrib.opentelemetry import OpenTelemetryPlugin, create_tracer_provider


class OtlpTracing:
    """The tracer provider of the process, with an exporter that the environment configures.

    Workflow code makes no spans of its own: it only hands the context of whoever called on to what it calls. So a
    replay has nothing to do again, and a return that waits for weeks leaves no span open.
    """

    def __init__(self, service: str) -> None:
        attributes = {} if os.environ.get("OTEL_SERVICE_NAME") else {SERVICE_NAME: service}
        self._provider = create_tracer_provider(resource=Resource.create(attributes), shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        trace.set_tracer_provider(self._provider)
        self.plugin = OpenTelemetryPlugin(add_temporal_spans=False)

    def close(self) -> None:
        """Send what is left, and end."""
        self._provider.shutdown()
