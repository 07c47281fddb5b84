"""A history without its personal data holds none of it anywhere, and replays."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from replay.files import files_in
from replay.redaction import History, Unredactable, decoded, redacted
from replay.replaying import Outcome, Replays
from tests.replay.record import HISTORIES

PLAIN = HISTORIES / "ReturnWorkflow" / "contested@0.2.0.json"

PLANTED = {
    "customer_id": "CUST-4711",
    "order_id": "ORD-0815",
    "name": "Zhang Wei",
    "phone": "+86 139 1234 5678",
    "email": "zhang.wei@example.com",
    "lines": "12 Nanjing Road",
    "city": "Pudong",
    "postal_code": "200120",
    "description": "My neighbour Li tore it",
    "note": "Call Mrs Zhang after six",
    "reference": "s3://photos/zhang-wei.jpg",
    "method_id": "ALIPAY-zhangwei88",
    "failure": "account of Zhang Wei is closed",
    "trace": "/home/zhang/worker.py",
    "memo": "VIP, sister of the boss",
    "identity": "4711@zhangs-laptop",
    "attribute": "zhang-family",
    "unknown": "Zhang's locker 9",
}


@pytest.fixture(scope="module")
def replays() -> Replays:
    return Replays()


def history_of(file: Path) -> History:
    content: History = json.loads(file.read_text("utf-8"))
    return content


RECORDED_AS_THEY_WERE = [file for file in files_in(HISTORIES) if file.stem.endswith(("@0.1.0", "@0.2.0"))]
"""Those of later versions were kept without personal data."""


@pytest.mark.parametrize("file", RECORDED_AS_THEY_WERE, ids=lambda file: f"{file.parent.name}/{file.stem}")
async def test_every_history_replays_without_personal_data(replays: Replays, file: Path) -> None:
    (result,) = await replays.of([(file.stem, json.dumps(redacted(history_of(file))))])
    assert result.outcome is Outcome.OK, f"event {result.event}: {result.told}"


async def test_nothing_personal_is_left_anywhere(replays: Replays) -> None:
    before = planted()
    shown = json.dumps(decoded(before), ensure_ascii=False)
    assert [value for value in PLANTED.values() if value not in shown] == []
    after = redacted(before)
    shown = json.dumps(after, ensure_ascii=False) + json.dumps(decoded(after), ensure_ascii=False)
    assert [value for value in PLANTED.values() if value.lower() in shown.lower()] == []
    assert "zhang" not in shown.lower()
    (result,) = await replays.of([("planted", json.dumps(after))])
    assert result.told == ""


def test_one_value_has_one_pseudonym_and_what_counts_stays() -> None:
    events = decoded(redacted(planted()))["events"]
    application = events[0]["workflowExecutionStartedEventAttributes"]["input"]["payloads"][0]["application"]
    order = events[7]["activityTaskCompletedEventAttributes"]["result"]["payloads"][0]["order"]
    assert (order["customer_id"], order["order_id"]) == (application["customer_id"], application["order_id"])
    assert order["payments"][0]["method_id"] == order["payment_methods"][0]["method_id"] != PLANTED["method_id"]
    attributes = events[0]["workflowExecutionStartedEventAttributes"]["searchAttributes"]["indexedFields"]
    assert attributes["ReturnOrderId"] == application["order_id"]
    assert attributes["ReturnStage"] == "review"
    assert (order["currency"], order["lines"][0]["unit_price_minor"]) == ("CNY", 49_900)
    assert order["lines"][0]["item_id"] == "JACKET-M-GREEN"
    assert application["contact"]["email"] == "email-1"


def test_payloads_that_are_encoded_are_refused() -> None:
    history = history_of(PLAIN)
    payload = history["events"][7]["activityTaskCompletedEventAttributes"]["result"]["payloads"][0]
    payload["metadata"]["encoding"] = base64.b64encode(b"binary/encrypted").decode()
    with pytest.raises(Unredactable, match=r"payloads are encoded \(binary/encrypted\).*codec"):
        redacted(history)


@pytest.mark.parametrize("content", [{}, {"events": 3}, {"events": [3]}], ids=str)
def test_what_is_no_history_is_refused(content: History) -> None:
    with pytest.raises(Unredactable, match="no history"):
        redacted(content)


def planted() -> History:
    """A history with a personal value in every place that can hold one."""
    text = PLAIN.read_text("utf-8")
    content: History = json.loads(text)
    events = content["events"]
    _everywhere(content, {"CN-1014": PLANTED["order_id"], "C-110": PLANTED["customer_id"]})
    _everywhere(content, {"WALLET-110": PLANTED["method_id"]})
    started = events[0]["workflowExecutionStartedEventAttributes"]
    given = started["input"]["payloads"][0]
    application = _read(given)["application"]
    application["contact"] = {name: PLANTED[name] for name in ("name", "phone", "email")}
    address = {name: PLANTED[name] for name in ("city", "postal_code")}
    application["pickup_address"] = address | {"lines": [PLANTED["lines"]], "country": "CN"}
    application["lines"][0]["description"] = PLANTED["description"]
    application["lines"][0]["evidence"] = [{"kind": "image", "reference": PLANTED["reference"]}]
    _write(given, _read(given) | {"application": application, "nickname": PLANTED["unknown"]})
    _write(started["memo"]["fields"]["request_fingerprint"], PLANTED["memo"])
    started["searchAttributes"]["indexedFields"]["Family"] = _payload(PLANTED["attribute"])
    started["identity"] = PLANTED["identity"]
    contest = next(event for event in events if "contest" in _update(event).get("input", {}).get("name", ""))
    asked = _update(contest)["input"]["args"]["payloads"][0]
    _write(asked, _read(asked) | {"note": PLANTED["note"]})
    failed = {"message": PLANTED["failure"], "source": "PythonSDK", "stackTrace": PLANTED["trace"]}
    details = {"details": {"payloads": [_payload({"who": PLANTED["name"]})]}, "type": "ProviderRefused"}
    events[6]["activityTaskStartedEventAttributes"]["lastFailure"] = failed | {
        "cause": failed | {"applicationFailureInfo": details}
    }
    return content


def _update(event: dict[str, Any]) -> dict[str, Any]:
    accepted = event.get("workflowExecutionUpdateAcceptedEventAttributes", {})
    request: dict[str, Any] = accepted.get("acceptedRequest", {})
    return request


def _everywhere(part: Any, values: dict[str, str]) -> None:
    for key, value in part.items() if isinstance(part, dict) else enumerate(part):
        if isinstance(value, dict) and isinstance(value.get("data"), str):
            text = base64.b64decode(value["data"]).decode()
            for old, new in values.items():
                text = text.replace(old, new)
            value["data"] = base64.b64encode(text.encode()).decode()
        elif isinstance(value, dict | list):
            _everywhere(value, values)
        elif isinstance(value, str):
            for old, new in values.items():
                part[key] = part[key].replace(old, new)


def _read(payload: dict[str, Any]) -> Any:
    return json.loads(base64.b64decode(payload["data"]))


def _write(payload: dict[str, Any], content: Any) -> None:
    payload["data"] = base64.b64encode(json.dumps(content, ensure_ascii=False).encode()).decode()


def _payload(content: Any) -> dict[str, Any]:
    payload: dict[str, Any] = {"metadata": {"encoding": base64.b64encode(b"json/plain").decode()}}
    _write(payload, content)
    return payload
