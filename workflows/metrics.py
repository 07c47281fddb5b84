"""What workflow code counts and logs: what only the workflow knows, and not again while it is replayed.

The SDK's meter and logger do nothing during a replay and add nothing to the history. A workflow task that was
not reported, because its worker died, is counted by the next worker as well.
"""

from datetime import timedelta

from temporalio import workflow

from domain.application import Remedy
from domain.clocks import ClockName
from domain.status import Header, Stage


def return_opened(remedy: Remedy) -> None:
    """Count an application; it may still be refused."""
    _count("returnflow_returns_opened", "Returns that were applied for", {"remedy": remedy.value})


def stage_shown(before: Stage | None, stage: Stage, header: Header) -> None:
    """Count and log that a return is in another stage than before; the last one is its end."""
    if stage is before:
        return
    _count("returnflow_stage_reached", "Returns that came into a stage", {"stage": stage.value})
    if stage is Stage.CLOSED:
        _count("returnflow_returns_closed", "Returns that ended, by their last header", {"header": header.value})
    workflow.logger.info("stage_reached", extra={"stage": stage.value, "header": header.value})


def inspection_breached() -> None:
    """Count a parcel that was not inspected in time."""
    _count("returnflow_inspection_breaches", "Parcels whose inspection was late")


def clock_acted_on(clock: ClockName, late: timedelta) -> None:
    """Measure how long after its moment a timer of a promise was acted on: by our delay, never by others'."""
    workflow.metric_meter().create_histogram_timedelta(
        "returnflow_clock_lateness", "How late a clock that ran out was acted on", "duration"
    ).record(max(late, timedelta(0)), {"clock": clock.value})


def _count(name: str, meaning: str, labels: dict[str, str] | None = None) -> None:
    workflow.metric_meter().create_counter(name, meaning).add(1, dict(labels or {}))
