"""The carriers' webhook: verified first, kept next, then passed on."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from sandbox.webhooks import sign
from starters.api.carrier_events import SIGNATURE_HEADER
from starters.errors import ReturnsError, ServiceUnavailable
from tests.unit.test_api_support import SECRET, Api, problem_of, running_api

EVENT = {
    "event_id": "e-1",
    "carrier": "sf",
    "tracking_no": "SF-1",
    "kind": "delivered",
    "occurred_at": "2026-11-22T08:00:00Z",
}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with running_api(tmp_path_factory.mktemp("api")) as api:
        yield api


@pytest.fixture
def api(running: Api) -> Api:
    running.empty()
    return running


def push_raw(api: Api, body: bytes, signature: bytes | None, carrier: str = "sf") -> httpx.Response:
    headers = [(SIGNATURE_HEADER.encode(), signature)] if signature is not None else []
    return api.http.post(f"/v1/carrier-events/{carrier}", content=body, headers=headers)


def push(api: Api, event: Any = EVENT, carrier: str = "sf") -> httpx.Response:
    body = event if isinstance(event, bytes) else json.dumps(event).encode()
    return push_raw(api, body, sign(SECRET, body, int(time.time())).encode(), carrier)


def undelivered(api: Api) -> list[str]:
    return [event.event_id for _, event in api.ledger.undelivered_events()]


def test_a_scan_reaches_its_return(api: Api) -> None:
    api.register_parcel("RMA-1", "SF-1")
    answer = push(api)
    assert (answer.status_code, answer.json()) == (200, {"event_id": "e-1", "state": "delivered"})
    [(rma_id, event)] = api.returns.scanned
    assert (rma_id, event.event_id, event.occurred_at.isoformat()) == ("RMA-1", "e-1", "2026-11-22T08:00:00+00:00")
    assert undelivered(api) == []


def test_a_repeat_is_answered_and_not_passed_on_again(api: Api) -> None:
    api.register_parcel("RMA-1", "SF-1")
    assert [push(api).status_code for _ in range(3)] == [200, 200, 200]
    assert len(api.returns.scanned) == 1


def test_a_scan_of_an_unknown_parcel_is_kept_until_it_is_known(api: Api) -> None:
    answer = push(api)
    assert (answer.status_code, answer.json()) == (202, {"event_id": "e-1", "state": "kept"})
    assert api.returns.scanned == []
    api.register_parcel("RMA-1", "SF-1")
    assert undelivered(api) == ["e-1"]


@pytest.mark.parametrize("error", [ServiceUnavailable("Temporal is down."), ReturnsError("It is not allowed.")])
def test_a_scan_is_kept_while_the_pipeline_does_not_answer(api: Api, error: Exception) -> None:
    api.register_parcel("RMA-1", "SF-1")
    api.returns.fails_with = error
    answer = push(api)
    assert (answer.status_code, answer.json()["state"]) == (202, "kept")
    assert undelivered(api) == ["e-1"]
    api.returns.fails_with = None
    assert push(api).status_code == 200
    assert undelivered(api) == []


def test_a_scan_that_cannot_be_kept_is_not_accepted(tmp_path: Path) -> None:
    with running_api(tmp_path) as api:
        refuses_what_it_cannot_keep(api)


def refuses_what_it_cannot_keep(api: Api) -> None:
    with api.ledger.engine.begin() as connection:
        connection.execute(text("DROP TABLE carrier_events"))
    answer = push(api)
    problem_of(answer, 503, "ledger_unavailable")
    assert answer.headers["retry-after"] == "5"


def test_kinds_and_fields_that_we_do_not_know_are_accepted(api: Api) -> None:
    api.register_parcel("RMA-1", "SF-1")
    assert push(api, {**EVENT, "kind": "x-rayed", "courier": {"name": "Ada"}}).status_code == 200


@pytest.mark.parametrize(
    "signature",
    [
        None,
        b"",
        b"garbage",
        b"t=,v1=",
        b"t=99999999999999999999999,v1=00",
        b"\xff\xfe\x00"[:2],
        "t=1,v1=é".encode(),
    ],
)
def test_a_malformed_signature_is_refused_and_the_scan_not_kept(api: Api, signature: bytes | None) -> None:
    problem_of(push_raw(api, json.dumps(EVENT).encode(), signature), 401, "invalid_signature", SIGNATURE_HEADER)
    api.register_parcel("RMA-1", "SF-1")
    assert undelivered(api) == []


@pytest.mark.parametrize(
    ("secret", "signed", "age"),
    [
        ("another-secret-of-theirs", json.dumps(EVENT).encode(), 0),
        (SECRET, b"another body", 0),
        (SECRET, json.dumps(EVENT).encode(), 3600),
        (SECRET, json.dumps(EVENT).encode(), -3600),
    ],
    ids=["another secret", "another body", "old", "from the future"],
)
def test_a_signature_that_does_not_fit_is_refused(api: Api, secret: str, signed: bytes, age: int) -> None:
    signature = sign(secret, signed, int(time.time()) - age).encode()
    problem_of(push_raw(api, json.dumps(EVENT).encode(), signature), 401, "invalid_signature", SIGNATURE_HEADER)


def test_one_of_several_signatures_is_enough(api: Api) -> None:
    body = json.dumps(EVENT).encode()
    now = int(time.time())
    old, new = (sign(secret, body, now).partition(",")[2] for secret in ("the-secret-before", SECRET))
    assert push_raw(api, body, f"t={now},{old},{new}".encode()).status_code == 202


def test_what_is_not_signed_is_refused_before_it_is_read(api: Api) -> None:
    problem_of(push_raw(api, b"\xff{", b"t=1,v1=0"), 401, "invalid_signature", SIGNATURE_HEADER)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe"])
def test_what_is_signed_but_no_json_is_400(api: Api, body: bytes) -> None:
    problem_of(push(api, body), 400, "malformed_json")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"event_id": None}, "event_id"),
        ({"event_id": ""}, "event_id"),
        ({"event_id": "e\x00"}, "event_id"),
        ({"event_id": "e" * 129}, "event_id"),
        ({"tracking_no": 7}, "tracking_no"),
        ({"occurred_at": "yesterday"}, "occurred_at"),
        ({"occurred_at": "2026-11-22T08:00:00"}, "occurred_at"),
        ({"carrier": "ups"}, "carrier"),
    ],
)
def test_a_wrong_field_is_named(api: Api, change: dict[str, Any], field: str) -> None:
    problem_of(push(api, {**EVENT, **change}), 422, "invalid_request", field)


def test_a_body_that_is_too_large_is_refused(api: Api) -> None:
    problem_of(push(api, b" " * (1024 * 1024 + 1)), 413, "payload_too_large")
