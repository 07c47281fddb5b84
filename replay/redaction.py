"""Takes the personal data out of a recorded history, so that the rest still replays.

What commands are checked against on replay stays: the types and ids of activities, timers, children and markers.
Payloads are read by the contract that they were written from (`replay.contracts`, `replay.personal`); what none
describes is blanked. One value has one pseudonym in the whole history.
"""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from typing import Any

from replay.contracts import Contract, WorkflowContract, activity_contracts, workflow_contracts
from replay.pseudonyms import Pseudonyms
from replay.typed_json import TypedJson

History = dict[str, Any]
"""A history as JSON is read: `{"events": [...]}`."""

RECORDED = "recorded"
"""Stands for the process and the machine that did it; a replay does not look at it."""

LOCAL_ACTIVITY = "core_local_activity"

_OUR_ATTRIBUTES = frozenset(
    {
        *("ReturnStage", "ReturnHeader", "ReturnRemedy", "ReturnReasons", "ReturnNeeds", "ReturnNextDeadline"),
        *("ReturnLate", "ReturnBreached", "ReturnBreachedAt", "ReturnCarriers", "ReturnWarehouse"),
        *("ReturnCustomerTier", "ReturnLiableParty", "ReturnRefundMinor", "ReturnCurrency"),
        "TemporalChangeVersion",
    }
)
"""Search attributes that hold codes, amounts and moments; of every other one the value is replaced."""

_IDS_OF_CALLERS = frozenset(
    {
        *("workflowId", "updateId", "protocolInstanceId", "inboundUpdateId"),
        *("acceptedRequestMessageId", "rejectedRequestMessageId"),
    }
)
"""Ids that may hold a personal value: it is replaced in them the same way in all events."""

_WRITTEN_BY_PEOPLE = frozenset({"reason", "cause", "message"})
_DROPPED = frozenset({"encodedAttributes", "links", "completionCallbacks"})
"""What a replay does not look at and callers may have written anything into."""

_OF_CORE = frozenset({"details.data", "details.patch-data"})
"""What the SDK's core keeps in a marker: sequence numbers and the names of activities and patches."""


class Unredactable(Exception):
    """A history whose personal data cannot be taken out; the text says why."""


def redacted(history: History) -> History:
    """A copy of the history without personal data.

    Raises:
        Unredactable: If it is no history, or its payloads are not plain JSON.
    """
    pseudonyms = Pseudonyms()
    try:
        return _redacted(history, pseudonyms)
    except (AttributeError, IndexError, KeyError, TypeError) as error:
        raise Unredactable("it is no history of the form that Temporal writes") from error


def _redacted(history: History, pseudonyms: Pseudonyms) -> History:
    # A value may stand in an id or a sentence before the field that says that it is personal: the first pass
    # collects them, the second one makes the copy.
    _Pass(pseudonyms).over(history)
    copy = _Pass(pseudonyms).over(history)
    if left := pseudonyms.left_in(json.dumps(decoded(copy), ensure_ascii=False)):
        raise Unredactable(
            f"a value that became {left} would stay in it; decide about its field in replay/personal.py"
        )
    return copy


def decoded(history: Any) -> Any:
    """The history with the JSON of its payloads in place of their base64, to look through."""
    if isinstance(history, dict):
        if _is_payload(history):
            return _content(history)
        return {name: decoded(value) for name, value in history.items()}
    return [decoded(each) for each in history] if isinstance(history, list) else history


class _Pass:
    """One pass over the events of a history."""

    def __init__(self, pseudonyms: Pseudonyms) -> None:
        self._pseudonyms = pseudonyms
        self._json = TypedJson(pseudonyms)
        self._own = WorkflowContract()
        self._begun: dict[str, Contract] = {}
        """What the results of activities, children and updates are, by the event that began them."""

    def over(self, history: History) -> History:
        events = history.get("events") if isinstance(history, dict) else None
        if not isinstance(events, list) or not all(isinstance(event, dict) for event in events):
            raise Unredactable("it is no history of a workflow")
        return {"events": [self._event(event) for event in events]}

    def _event(self, event: dict[str, Any]) -> dict[str, Any]:
        copy = {}
        for name, value in event.items():
            if name in _DROPPED:
                continue
            if name.endswith("EventAttributes"):
                types = self._types(name.removesuffix("EventAttributes"), str(event.get("eventId")), value)
                kept = {key: each for key, each in value.items() if key not in _DROPPED}
                copy[name] = {key: self._part(each, key, key, types) for key, each in kept.items()}
            elif name == "userMetadata":
                # Whoever started the workflow wrote what stands at its first event; the others are our own words.
                starter = "workflowExecutionStartedEventAttributes" in event
                copy[name] = self._texts(value, self._replaced if starter else self._pseudonyms.within)
            else:
                copy[name] = self._part(value, name, name, {})
        return copy

    def _types(self, kind: str, number: str, attributes: dict[str, Any]) -> dict[str, Sequence[Any]]:
        """The types of an event's payloads, by where they stand in its attributes."""
        match kind:
            case "workflowExecutionStarted":
                self._own = workflow_contracts().get(_type_name(attributes), WorkflowContract())
                return {"input": self._own.takes, "lastCompletionResult": (self._own.answers,)}
            case "workflowExecutionCompleted":
                return {"result": (self._own.answers,)}
            case "workflowExecutionContinuedAsNew":
                return {"input": self._own.takes}
            case "workflowExecutionSignaled":
                return {"input": self._own.signals.get(attributes.get("signalName", ""), Contract()).takes}
            case "activityTaskScheduled":
                name = attributes.get("activityType", {}).get("name", "")
                return {"input": self._begin(number, activity_contracts().get(name)).takes}
            case "startChildWorkflowExecutionInitiated":
                return {"input": self._begin(number, workflow_contracts().get(_type_name(attributes))).takes}
            case "workflowExecutionUpdateAccepted":
                name = attributes.get("acceptedRequest", {}).get("input", {}).get("name", "")
                return {"acceptedRequest.input.args": self._begin(number, self._own.updates.get(name)).takes}
            case "activityTaskCompleted":
                return {"result": (self._begun_at(attributes, "scheduledEventId").answers,)}
            case "childWorkflowExecutionCompleted":
                return {"result": (self._begun_at(attributes, "initiatedEventId").answers,)}
            case "workflowExecutionUpdateCompleted":
                return {"outcome.success": (self._begun_at(attributes, "acceptedEventId").answers,)}
            case "markerRecorded" if attributes.get("markerName") == LOCAL_ACTIVITY:
                about = _content(attributes["details"]["data"]["payloads"][0])
                contract = activity_contracts().get(about["activity_type"], Contract())
                return {"details.result": (contract.answers,)}
        return {}

    def _begin(self, number: str, contract: Contract | None) -> Contract:
        self._begun[number] = contract or Contract()
        return self._begun[number]

    def _begun_at(self, attributes: dict[str, Any], reference: str) -> Contract:
        return self._begun.get(str(attributes.get(reference)), Contract())

    def _part(self, value: Any, name: str, path: str, types: dict[str, Sequence[Any]]) -> Any:
        if isinstance(value, str):
            return self._string(value, name)
        if isinstance(value, list):
            return [self._part(each, name, path, types) for each in value]
        if not isinstance(value, dict) or path in _OF_CORE:
            return value
        if "payloads" in value:
            kinds = types.get(path, ())
            return {"payloads": [self._payload(each, _at(kinds, n)) for n, each in enumerate(value["payloads"])]}
        if _is_payload(value):
            return self._payload(value, None)
        if name == "indexedFields":
            return {
                key: each if key in _OUR_ATTRIBUTES else self._payload(each, None) for key, each in value.items()
            }
        if name == "taskQueue" and "normalName" in value:
            # A sticky queue is named after a process and its machine.
            value = value | {"name": RECORDED}
        return {
            key: self._part(each, key, f"{path}.{key}", types)
            for key, each in value.items()
            if key not in _DROPPED
        }

    def _string(self, value: str, name: str) -> str:
        if name == "identity":
            return RECORDED
        if name == "stackTrace":
            return ""
        if name in _WRITTEN_BY_PEOPLE and not value.isupper():
            return self._replaced(value)
        return self._pseudonyms.within(value) if name in _IDS_OF_CALLERS else value

    def _replaced(self, text: str) -> str:
        return self._pseudonyms.of(text, "text", sought=False)

    def _payload(self, payload: dict[str, Any], kind: Any) -> dict[str, Any]:
        """A payload by its type; None is for what no contract describes."""
        content = _content(payload)
        return _encoded(payload, self._json.redacted(content, kind)) if payload.get("data") else payload

    def _texts(self, value: Any, change: Callable[[str], str]) -> Any:
        """The texts of a summary and details, each a payload."""
        return {
            name: _encoded(each, change(text))
            if isinstance(text := _content(each), str)
            else self._payload(each, None)
            for name, each in value.items()
        }


def _type_name(attributes: dict[str, Any]) -> str:
    return str(attributes.get("workflowType", {}).get("name", ""))


def _at(kinds: Sequence[Any], place: int) -> Any:
    return kinds[place] if place < len(kinds) else None


def _is_payload(value: dict[str, Any]) -> bool:
    return isinstance(value.get("metadata"), dict) and value.keys() <= {"metadata", "data", "externalPayloads"}


def _content(payload: dict[str, Any]) -> Any:
    try:
        encoding = base64.b64decode(payload.get("metadata", {}).get("encoding", "")).decode()
        if encoding == "binary/null":
            return None
        if encoding == "json/plain":
            return json.loads(base64.b64decode(payload.get("data", "")))
    except (ValueError, binascii.Error) as error:
        raise Unredactable("a payload of it is no JSON, though it says so") from error
    raise Unredactable(
        f"its payloads are encoded ({encoding or 'no encoding named'}), so what is personal in them is not seen; "
        "export where the codec is not used, or decode the history first"
    )


def _encoded(payload: dict[str, Any], content: Any) -> dict[str, Any]:
    data = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    return payload | {"data": base64.b64encode(data).decode()}
