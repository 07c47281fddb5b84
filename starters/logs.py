"""Structured logs: one JSON object a line on stderr, those of the standard library and of Temporal included.

No line has personal data: of an exception its type and its frames are logged, never its text, which may quote
what was sent; and of what Temporal's SDK adds only the keys that are named here are kept.
"""

import logging
import sys
import traceback

import structlog
from opentelemetry import trace
from structlog.types import EventDict, WrappedLogger
from temporalio import activity, workflow
from temporalio.exceptions import ApplicationError

from workflows.ids import rma_id_in

_WORKFLOW_KEYS = {"workflow_id": "workflow_id", "run_id": "run_id", "workflow_type": "workflow_type"}
_ACTIVITY_KEYS = {
    "workflow_id": "workflow_id",
    "workflow_run_id": "run_id",
    "workflow_type": "workflow_type",
    "activity_type": "activity",
    "attempt": "attempt",
}
_CORE_KEYS = ("run_id", "workflow_id")
_MOST_FRAMES = 20


def configure_logs() -> None:
    """Send structlog and the standard library's logs through one JSON renderer."""
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_trace,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder(), _name_the_workflow, _of_core, _one_line],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _describe_exception,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    # What they say of the workflow is in keys of its own.
    workflow.logger.workflow_info_on_message = False
    activity.logger.activity_info_on_message = False
    # At INFO they tell how they start, which is nobody's business here.
    for name in ("uvicorn", "alembic", "httpx"):
        logging.getLogger(name).setLevel(logging.WARNING)


def context_of_activity(info: activity.Info) -> dict[str, str | int]:
    """What a line of an activity says of it: its workflow, its return, its type and which attempt it is."""
    return {
        "workflow_id": info.workflow_id or "",
        "rma_id": rma_id_in(info.workflow_id or ""),
        "activity": info.activity_type,
        "attempt": info.attempt,
    }


def kind_of(error: BaseException) -> str:
    """What an error is, without its text."""
    if isinstance(error, ApplicationError) and error.type:
        return error.type
    return type(error).__qualname__


def _add_trace(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    span = trace.get_current_span().get_span_context()
    if span.is_valid:
        event["trace_id"] = trace.format_trace_id(span.trace_id)
    return event


def _name_the_workflow(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Take what the SDK knows of the workflow or the activity into keys that are the same everywhere."""
    for source, keys in (("temporal_workflow", _WORKFLOW_KEYS), ("temporal_activity", _ACTIVITY_KEYS)):
        for name, value in (event.pop(source, None) or {}).items():
            if name in keys and value is not None:
                event.setdefault(keys[name], value)
    if rma_id := rma_id_in(str(event.get("workflow_id", ""))):
        event.setdefault("rma_id", rma_id)
    return {name: value for name, value in event.items() if not name.startswith("__temporal")}


def _of_core(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Keep of a line of Temporal's core whom it is about; why only where the core itself says so."""
    entry = event.pop("temporal_log", None)
    if entry is None:
        return event
    fields = entry.fields
    event["target"] = entry.target
    event.update({name: str(fields[name]) for name in _CORE_KEYS if name in fields})
    why = next((str(fields[name]) for name in ("failure", "error") if "TMPRL" in str(fields.get(name, ""))), "")
    if why:
        event["failure"] = why[why.index("TMPRL") :].partition('"')[0].rstrip("\\")
    return event


def _one_line(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Of a message that goes on for lines, such as asyncio's, which quotes a whole task, keep the first."""
    event["event"] = str(event["event"]).partition("\n")[0]
    return event


def _describe_exception(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    error = _error_of(event.pop("exc_info", None))
    if error is None:
        return event
    event["error_type"] = kind_of(error)
    causes: list[str] = []
    cause = error.__cause__ or error.__context__
    while cause is not None and len(causes) < _MOST_FRAMES:
        causes.append(kind_of(cause))
        cause = cause.__cause__ or cause.__context__
    if causes:
        event["caused_by"] = causes
    if isinstance(error, workflow.NondeterminismError):
        event["failure"] = str(error)
    event["frames"] = [
        f"{frame.filename}:{frame.lineno} {frame.name}"
        for frame in traceback.extract_tb(error.__traceback__)[-_MOST_FRAMES:]
    ]
    return event


def _error_of(exc_info: object) -> BaseException | None:
    if isinstance(exc_info, BaseException):
        return exc_info
    if isinstance(exc_info, tuple):
        return exc_info[1] if isinstance(exc_info[1], BaseException) else None
    return sys.exc_info()[1] if exc_info else None
