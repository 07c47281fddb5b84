"""One trace from the caller's request to the provider's answer, with no personal data in it."""

import base64
import json
from typing import Any

import httpx
import pytest
from opentelemetry import trace
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags

from starters.tracing import start_tracing
from tests.observe.conftest import Told
from tests.observe.play import CALLER, PLANTED, TRACE_ID
from workers.spans import TracedHttp


def hexadecimal(encoded: str) -> str:
    return base64.b64decode(encoded).hex()


@pytest.fixture(scope="module")
def of_the_request(told: Told) -> dict[str, dict[str, Any]]:
    """The spans of the caller's trace, by their id."""
    return {span["spanId"]: span for span in told.spans if hexadecimal(span["traceId"]) == TRACE_ID}


def test_a_request_and_the_payment_that_it_leads_to_are_one_trace(
    told: Told, of_the_request: dict[str, dict[str, Any]]
) -> None:
    [payment] = [span for span in of_the_request.values() if span["name"] == "POST payments"]
    [request] = [
        span
        for span in of_the_request.values()
        if span["scope"] == "returnflow" and span["name"] == "POST /v1/returns"
    ]
    assert hexadecimal(request["parentSpanId"]) == CALLER.split("-")[2]
    way = []
    span: dict[str, Any] | None = payment
    while span is not None:
        way.append(span["name"])
        span = of_the_request.get(span["parentSpanId"])
    assert way == ["POST payments", "payment.move_money", "POST /v1/returns"]


def test_the_provider_goes_on_with_the_trace(of_the_request: dict[str, dict[str, Any]]) -> None:
    [payment] = [span for span in of_the_request.values() if span["name"] == "POST payments"]
    [taken] = [span for span in of_the_request.values() if span["name"] == "POST /payments/refunds"]
    assert taken["parentSpanId"] == payment["spanId"]


def test_spans_have_no_personal_data(told: Told) -> None:
    assert PLANTED not in json.dumps(told.ours())
    allowed = {
        *("http.request.method", "http.route", "http.response.status_code", "server.address"),
        *("returnflow.provider", "workflow_id", "rma_id", "activity", "attempt", "error.type"),
    }
    assert {attribute["key"] for span in told.ours() for attribute in span["attributes"]} <= allowed
    assert not any(span.get("events") for span in told.ours())


def test_the_web_framework_adds_no_spans_of_its_own(told: Told) -> None:
    assert [span for span in told.spans if span["scope"] == "fastapi" and "/v1/" in span["name"]] == []


def test_a_failed_attempt_is_an_error_by_its_type(told: Told) -> None:
    [failed] = [span for span in told.ours() if span.get("status") and span["name"] == "payment.move_money"]
    assert {"key": "error.type", "value": {"stringValue": "OutcomeUnknown"}} in failed["attributes"]


def test_traces_change_no_history(told: Told) -> None:
    traced, recorded = told.replayed[:2], told.replayed[2:]
    assert {rma_id[:4] for rma_id in traced} == {"RMA-"}
    assert "late_inspection@0.2.0" in recorded


def test_without_an_endpoint_nothing_is_traced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_ENDPOINT", raising=False)
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", raising=False)
    assert start_tracing("returnflow-test") is None
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    assert start_tracing("returnflow-test") is None


def test_a_protocol_that_is_not_spoken_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
    with pytest.raises(ValueError, match="OTEL_EXPORTER_OTLP_PROTOCOL: only http/protobuf"):
        start_tracing("returnflow-test")


async def test_a_call_carries_the_context_on() -> None:
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["traceparent"])
        return httpx.Response(200)

    caller = NonRecordingSpan(SpanContext(int(TRACE_ID, 16), 1, is_remote=True, trace_flags=TraceFlags(1)))
    async with TracedHttp(base_url="http://shop", transport=httpx.MockTransport(answer)) as http:
        with trace.use_span(caller):
            await http.get("/payments/1")
    assert seen[0].startswith(f"00-{TRACE_ID}-")
