"""What happened in a history, in a few words for the name of its file; read from the redacted history itself."""

import re
from collections.abc import Iterator
from typing import Any

from domain.actions import Action
from replay.redaction import History, decoded
from workflows import ids
from workflows.search_attributes import BREACHED

_HAPPENED = {
    Action.APPEAL: "appealed",
    Action.MAKE_OFFER: "offered",
    Action.CHANGE_REMEDY: "remedy_changed",
    Action.CONTEST: "contested",
    Action.COMPLAIN: "complained",
    Action.RECORD_ARBITRATION: "arbitrated",
    Action.REPORT_CHARGEBACK: "charged_back",
    Action.PAUSE_CLOCKS: "paused",
}
_ENDS = {
    "workflowExecutionFailed": "failed",
    "workflowExecutionTimedOut": "timed_out",
    "workflowExecutionCanceled": "cancelled",
    "workflowExecutionTerminated": "terminated",
    "workflowExecutionContinuedAsNew": "continued",
}
_RMA = re.compile(r"RMA-([0-9A-Z-]+)")
_DIGEST = re.compile(r"[0-9a-f]{32}")
"""What the SDK makes up for a worker that names no build: it tells nobody which code that was."""

_SUFFIX_LENGTH = 8
UNKNOWN_VERSION = "unknown"


def scenario_of(history: History) -> str:
    """A name that tells what happened; its end comes from the return or the run, and tells returns apart."""
    plain = decoded(history)
    events = plain["events"]
    started = _attributes(events[0], "workflowExecutionStarted")
    given = _first(started.get("input"))
    words = [*_subject(given), _end(events), *_happened(events), _suffix(started)]
    return "_".join(word for word in words if word)


def version_of(history: History) -> str:
    """The version of the code that wrote the last workflow task that names one; `unknown` if none does."""
    version = UNKNOWN_VERSION
    for event in history["events"]:
        task = _attributes(event, "workflowTaskCompleted")
        deployment = task.get("deploymentVersion", {}).get("buildId", "")
        build = deployment or task.get("workerVersion", {}).get("buildId", "")
        if build and not _DIGEST.fullmatch(build):
            version = build
    return version


def type_of(history: History) -> str:
    """The workflow type of a history."""
    started = _attributes(history["events"][0], "workflowExecutionStarted")
    return str(started.get("workflowType", {}).get("name", ""))


def _subject(given: dict[str, Any]) -> Iterator[str]:
    """What the workflow was started for: a remedy, a kind of follow-up, the party of a claim."""
    application = given.get("application") or {}
    yield str(application.get("desired_resolution", ""))
    yield str(given.get("kind", ""))
    yield str((given.get("grounds") or given).get("party", ""))
    if given.get("follows"):
        yield "follow_up"


def _end(events: list[dict[str, Any]]) -> str:
    for name, end in _ENDS.items():
        if _attributes(events[-1], name):
            return end
    completed = _attributes(events[-1], "workflowExecutionCompleted")
    if not completed:
        return "open"
    result = _first(completed.get("result"))
    refusal = (result.get("refusal") or {}).get("code")
    return str(refusal or result.get("header") or result.get("state") or "completed").lower()


def _happened(events: list[dict[str, Any]]) -> Iterator[str]:
    asked = {
        _attributes(event, "workflowExecutionUpdateAccepted")
        .get("acceptedRequest", {})
        .get("input", {})
        .get("name")
        for event in events
    }
    yield from (word for action, word in _HAPPENED.items() if action.value in asked)
    upserts = (_attributes(event, "upsertWorkflowSearchAttributes") for event in events)
    if any(each.get("searchAttributes", {}).get("indexedFields", {}).get(BREACHED.name) for each in upserts):
        yield "breached"


def _suffix(started: dict[str, Any]) -> str:
    of_return = _RMA.search(started.get("workflowId", ""))
    # Several follow-ups may have been asked for of one return.
    own = started.get("workflowType", {}).get("name") != ids.FOLLOW_UP_WORKFLOW
    source = of_return[1] if of_return and own else str(started.get("originalExecutionRunId", ""))
    return source[-_SUFFIX_LENGTH:].strip("-").lower()


def _attributes(event: dict[str, Any], name: str) -> dict[str, Any]:
    found = event.get(f"{name}EventAttributes", {})
    return found if isinstance(found, dict) else {}


def _first(payloads: Any) -> dict[str, Any]:
    content = payloads["payloads"][0] if payloads and payloads.get("payloads") else {}
    return content if isinstance(content, dict) else {}
