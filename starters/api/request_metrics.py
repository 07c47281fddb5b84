"""Counts and times requests by route and class of status."""

from datetime import timedelta

from temporalio.common import MetricMeter

_METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")


class RequestMetrics:
    """Two metrics with few labels: what a caller sends is in none of them."""

    def __init__(self, meter: MetricMeter) -> None:
        self._requests = meter.create_counter("returnflow_api_requests", "Requests by route and class of status")
        self._latency = meter.create_histogram_timedelta(
            "returnflow_api_request_latency", "How long requests took", "duration"
        )

    def record(self, method: str, route: str, status: int, took: timedelta) -> None:
        """Count a request.

        Args:
            method: Its method; one that HTTP does not know is `other`.
            route: The template of its route; empty where none matched.
            status: What it was answered with; 0 if nothing was sent.
            took: From the request to the end of the answer.
        """
        labels = {"method": method if method in _METHODS else "other", "route": route or "none"}
        self._requests.add(1, {**labels, "status": f"{status // 100}xx"})
        self._latency.record(took, labels)
